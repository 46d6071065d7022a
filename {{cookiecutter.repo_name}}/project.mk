# What this project adds to the DAG. All of it optional; the Makefile reads this file before its own rules.
#   DATA_DEPS       more files that the data set depends on
#   REPORT_DEPS     files that the report needs
#   PROJECT_STEPS   targets of your own, appended to `make all`; write their rules below
#   PROJECT_CHECKS  commands of your own, run by `make test`
