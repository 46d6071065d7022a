# The repository: the engine of FAIR AI-model projects, a template for them, and a reference project made with both.
# Settings: make reference PROFILE=smoke (any reference_hbb_in/config/<profile>.toml).

PROFILE ?= quick
TAG ?=
VENV ?= .venv

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON := $(abspath $(VENV))/bin/python
READY := $(VENV)/ready-repository
BAKE := build/fair-model
IN_REFERENCE := $(MAKE) --no-print-directory -C reference_hbb_in VENV=$(abspath $(VENV)) PROFILE=$(PROFILE)

.PHONY: help setup reference new test test-slow lint docs links reference-sync reference-check dist engine-dist wheel fair publish-dry-run publish-draft publish stamp-doi lock clean

help: ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[A-Za-z0-9_-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make the environment in .venv: one for engine, template and reference (a minute, 2 GB)

$(READY): requirements.txt constraints.txt fairmodel/pyproject.toml reference_hbb_in/pyproject.toml
	python3 reference_hbb_in/tools/install.py --venv $(VENV) --constraints constraints.txt \
	    --editable './reference_hbb_in[all]' --requirements requirements.txt --stamp $@
	@touch $(VENV)/ready-reference_hbb_in

reference: $(READY) ## the reference end to end: simulate, train, evaluate, export, report (quick: 8 minutes, 150 MB)
	$(IN_REFERENCE) all

new: $(READY) ## make a project of your own with the template, in the folder above this one (a minute)
	$(VENV)/bin/cookiecutter $(CURDIR) --output-dir ..

test: $(READY) ## the tests of template, engine and reference (5 minutes)
	$(PYTHON) -m pytest -n auto --dist loadfile -m "not slow and not container"
	cd fairmodel && $(PYTHON) -m pytest -n auto --dist loadfile -m "not slow"
	$(IN_REFERENCE) test

test-slow: $(READY) ## the slow tests: kill loops, generated projects, both installers (half an hour)
	$(PYTHON) -m pytest -m "slow and not container"
	cd fairmodel && $(PYTHON) -m pytest -m slow
	$(IN_REFERENCE) test-slow

lint: $(READY) ## style and types of the repository, the engine, the reference and a new project (2 minutes)
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	# the engine's folder is copied into every new project: no cache in it
	cd fairmodel && $(PYTHON) -m mypy --cache-dir ../.mypy_cache
	$(IN_REFERENCE) lint
	rm -rf $(BAKE)
	$(VENV)/bin/cookiecutter $(CURDIR) --no-input --output-dir $(dir $(BAKE)) >/dev/null
	cd $(BAKE) && $(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . && $(PYTHON) -m mypy

docs: $(READY) ## build the documentation of the repository, with those of engine and reference in it (2 minutes)
	$(PYTHON) -m sphinx -W -n -q -A home=cookiecutter-fair-model fairmodel/docs docs/_build/fairmodel
	$(PYTHON) -m sphinx -W -n -q -A home=cookiecutter-fair-model reference_hbb_in/docs docs/_build/reference_hbb_in
	$(PYTHON) -m sphinx -W -n -q docs docs/_build

links: docs ## look whether every address in the documentation still answers (minutes, needs the network)
	$(PYTHON) -m sphinx -b linkcheck -q fairmodel/docs docs/_build/links-fairmodel
	$(PYTHON) -m sphinx -b linkcheck -q reference_hbb_in/docs docs/_build/links-reference_hbb_in
	$(PYTHON) -m sphinx -b linkcheck -q docs docs/_build/links

reference-sync: $(READY) ## render the template over its instances (seconds)
	$(PYTHON) tools/reference_sync.py

reference-check: $(READY) ## say where the reference is no instance of the template any more (seconds)
	$(PYTHON) tools/reference_sync.py --check

dist: ## pack the template as it is committed into dist/ (a second)
	mkdir -p dist
	git archive --format=tar.gz --prefix=cookiecutter-fair-model/ --output=dist/cookiecutter-fair-model.tar.gz HEAD

fair: $(READY) ## check the reference against each FAIR principle (10 s)
	$(IN_REFERENCE) fair

publish-dry-run: $(READY) ## make the archive of the reference that would be published, and send nothing (10 s)
	$(IN_REFERENCE) publish-dry-run

publish-draft: $(READY) ## leave a draft of the reference on Zenodo, SANDBOX=yes to try (a minute)
	$(IN_REFERENCE) publish-draft

publish: $(READY) ## publish the reference, which nothing takes back, SANDBOX=yes to try (a minute)
	$(IN_REFERENCE) publish

stamp-doi: $(READY) ## write the DOI of the reference into its metadata (a second)
	$(IN_REFERENCE) stamp-doi

lock: $(READY) ## compile the requirements into the constraints.txt of repository, reference and template (a minute)
	$(PYTHON) reference_hbb_in/tools/lock.py reference_hbb_in/pyproject.toml requirements.txt
	cd reference_hbb_in && $(PYTHON) tools/lock.py --constraints ../constraints.txt
	$(PYTHON) reference_hbb_in/tools/lock.py fairmodel/pyproject.toml --constraints constraints.txt \
	    --output '{{cookiecutter.repo_name}}/constraints.txt'

engine-dist: $(READY) ## build wheel and source distribution of the engine in dist/, as its release publishes them (seconds)
	$(PYTHON) tools/engine_release.py --tag "$(TAG)"

wheel: ## pack the engine into dist/, as it travels in projects (a second)
	mkdir -p dist
	python3 fairmodel/tools/pack.py dist

clean: ## remove what the reference's steps made, data included; keeps .venv (a second)
	$(IN_REFERENCE) clean
	rm -rf build docs/_build
