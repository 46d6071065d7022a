# What this project adds to the DAG. All of it optional; the Makefile reads this file before its own rules.

DATA_DEPS := $(wildcard src/hbb_in/data/simulation/*.py src/hbb_in/data/cms/*.py)
