# make demo      set up, then check LeNet-5, train it on real digits, evaluate it, ask it about a picture, and draw it
# make test      set up, then lint, types, import contracts and the suite, with and without torch
# make test-all  the same with the long tests, and those that need a browser or TeX
# make test-gpu  the tests that need a CUDA device
# make gallery   write docs/gallery.md and the pictures of the zoo beside it
# make docs      write docs/layers.md, docs/codes.md, docs/recipe.md, the tables of docs/zoo.md and docs/lectures.md,
#                and the words in grammars/cnn.tmLanguage.json, from the declarations, specs/index.csv and specs
#
# PYTHON=python3.12 chooses the interpreter; CONSTRAINTS=/dev/null takes whatever torch pip finds.

PYTHON ?= python3
CONSTRAINTS ?= constraints.txt

VENV := .venv
BARE := .venv-bare
RUN := $(VENV)/bin/python -m
PROJECT := pyproject.toml $(wildcard $(CONSTRAINTS)) Makefile

.PHONY: setup demo test test-all test-gpu lint suite bare docs gallery format clean
.DELETE_ON_ERROR:

setup: $(VENV)/installed

# Bytecode is compiled here for those whose Python is told to write none.
$(VENV)/installed: $(PROJECT)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[test,train,data,pdf,rivals,chart]'
	$(RUN) compileall -q cnndsl
	touch $@

# The same without torch, which most commands never need.
$(BARE)/installed: $(PROJECT)
	$(PYTHON) -m venv $(BARE)
	$(BARE)/bin/pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[test]'
	touch $@

DEMO := runs/demo

demo: setup
	rm -rf $(DEMO)
	$(VENV)/bin/cnndsl check zoo:lenet5
	$(VENV)/bin/cnndsl train zoo:lenet5 --data digits --out $(DEMO)
	$(VENV)/bin/cnndsl eval $(DEMO)
	$(VENV)/bin/cnndsl predict $(DEMO) examples/seven.png
	$(VENV)/bin/cnndsl render zoo:lenet5 -o $(DEMO)/lenet5.svg
	@echo "the picture of the network is $(DEMO)/lenet5.svg; the walks in examples/ go on from here"

LONG := slow or browser or tex or gpu

test: setup lint suite bare

lint: setup
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(VENV)/bin/lint-imports --no-logo

suite: setup
	$(RUN) pytest -n 2 -m "(torch or not core) and not ($(LONG))"

bare: $(BARE)/installed
	$(BARE)/bin/python -m pytest -n 2 -m "not torch and not ($(LONG))"

test-all: setup lint bare
	$(RUN) pytest -n 2 -m "(torch or slow or not core) and not gpu"

# pytest's status 5 says that there are no such tests, which is so until something runs on a GPU.
test-gpu: setup
	$(RUN) pytest -m gpu || [ $$? -eq 5 ]

gallery: setup
	$(RUN) cnndsl.reference.gallery docs/gallery.md docs/gallery

docs: setup
	$(RUN) cnndsl.reference docs/layers.md docs/codes.md docs/zoo.md grammars/cnn.tmLanguage.json
	$(RUN) cnndsl.training.recipe docs/recipe.md
	$(VENV)/bin/python tests/lectures.py docs/lectures.md

format: setup
	$(RUN) ruff check --fix .
	$(RUN) ruff format .

clean:
	rm -rf $(VENV) $(BARE) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
