# DeltaEdit Kit: what `make` can do.   make edit | check | test | lab | app | course | lint | fix | figures | site | setup
#
# The first target that needs it builds .venv (Python >= 3.11, nothing else); a stamp file per
# set of packages says that it is done, so every later run starts at once. uv is used where it is
# installed, as it is many times faster than pip; neither is asked for anything but package names.

PYTHON ?=
VENV   := .venv
RUN    := $(VENV)/bin/python
CORE   := $(VENV)/.core-installed
DEV    := $(VENV)/.dev-installed
# A process a core, a file or a notebook each; conftest.py sorts them by cost.
PYTEST := $(RUN) -m pytest -n auto --dist loadfile --no-loadscope-reorder

# TEXT="any sentence" reaches the program through the environment, never through a shell command:
# quotes, $, ` and ; in it are just letters. $(value ...) keeps make from expanding it either.
override TEXT := $(value TEXT)
export TEXT

.DEFAULT_GOAL := help
.PHONY: help edit check test lab app lint format types fast-tests fix figures course site setup clean-env

help:
	@sed -n 's/^## //p' Makefile

## make edit                     edit four toy portraits with six sentences -> figures/first_edit.png
## make edit TEXT="a sentence"   the same with a sentence of yours
edit: $(CORE)
	@if [ -n "$$TEXT" ]; then \
	  $(RUN) -m deltaedit_kit edit --out figures/your_edit.png -- "$$TEXT"; \
	else \
	  $(RUN) -m deltaedit_kit edit --out figures/first_edit.png; \
	fi

## make check                    format, lint, rooms, types and the fast tests: two minutes, for every commit
check: $(DEV) format
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target types fast-tests

fast-tests: $(DEV)
	@$(PYTEST) -q -m "not slow and not browser" tests

## make test                     all tests, notebooks and browser last; at the end what was skipped
## make test TESTS=tests/mapper  those of one room
test: $(DEV)
	@$(PYTEST) $(TESTS)

## make lab                      JupyterLab on notebooks/
lab: $(DEV)
	@$(RUN) -m jupyterlab notebooks

## make app                      the editing studio as a page of its own, in the browser
app: $(DEV)
	@$(RUN) -m deltaedit_kit.labs.app

## make course                   the lessons for students, solved, and for nbgrader -> build/course
course: $(DEV)
	@$(RUN) -m deltaedit_kit.labs.course.build

## make lint                     format, lint and types, as CI checks them
lint: format types

format: $(DEV)
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m ruff check --quiet .
	@PYTHONPATH=. $(VENV)/bin/lint-imports --no-cache

types: $(DEV)
	@$(RUN) -m pyright

## make fix                      let ruff put right what it can
fix: $(DEV)
	@$(RUN) -m ruff format .
	@$(RUN) -m ruff check --fix .

## make figures                  draw all pictures of figures/ again
figures: $(DEV)
	@$(RUN) -m deltaedit_kit edit --out figures/first_edit.png
	@$(RUN) -m recipes.figures

## make site                     the course as static pages -> build/site, offline, nothing executed
site: $(DEV)
	@$(RUN) -m recipes.site

## make setup                    only build .venv, with everything that the other targets need
setup: $(DEV)

## make clean-env                remove .venv
clean-env:
	rm -rf $(VENV)

$(CORE): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" sh .ci/install.sh $(VENV) .
	@touch $@

$(DEV): $(CORE)
	@PYTHON="$(PYTHON)" sh .ci/install.sh $(VENV) ".[lab,test,site]"
	@touch $@
