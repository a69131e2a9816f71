# Each target sets up what it needs in .venv (built once) and uses the network for nothing else.
# Paths are relative, so that the folder's own path may hold spaces and accents.
PYTHON ?= python3
LEARN_LANG ?= fr
SETUP = $(PYTHON) tools/setup_venv.py
BIN = .venv/bin
TYPED = autograder datasets/health_datasets
LINTED = $(TYPED) benchmarks tests tools
# axe-core, for the browser tests
AXE = tests/browser/node_modules/.package-lock.json

# what these point at does not belong to .venv
unexport PYTHONHOME PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help python setup demo test check bench lab site hub test-hub clean

help:  ## cette aide · this help
	@sed -n 's/^\([a-z-]*\):.*##/  make \1	/p' Makefile
	@echo
	@echo "  LEARN_LANG=en : cours en anglais · course in English"
	@echo "  PYTHON=python3.13 : un autre Python · another Python (then: rm -rf .venv)"

python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "$(PYTHON) est introuvable · not found: https://www.python.org/downloads/" >&2; exit 1; }

setup: python  ## préparer .venv pour le cours · prepare .venv for the course
	@$(SETUP) course

demo: python  ## noter une classe de 24 · grade a class of 24
	@$(SETUP)
	$(BIN)/ecole demo

lab: python  ## suivre le cours dans JupyterLab · take the course in JupyterLab
	@$(SETUP) course
	$(BIN)/ecole learn --lang $(LEARN_LANG)

site: python  ## construire le site dans build/site · build the site in build/site
	@$(SETUP) course site
	$(BIN)/ecole site

hub: python  ## démarrer un JupyterHub d'essai · start a trial JupyterHub
	@$(SETUP) course hub
	$(BIN)/ecole hub --lang $(LEARN_LANG)

check: python  ## vérifier leçons, devoirs et tests · check lessons, assignments, their tests
	@$(SETUP) course dev
	$(BIN)/ecole check
	$(BIN)/ecole mutate

bench: python  ## mesurer le coût de la notation · measure what grading costs
	@$(SETUP) course
	$(BIN)/python -m benchmarks

test: python $(AXE)  ## tout vérifier · run every check
	@$(SETUP) course cluster dev hub site
	$(BIN)/python -m ruff format --check $(LINTED)
	$(BIN)/python -m ruff check $(LINTED)
	$(BIN)/python -m mypy $(TYPED)
	$(BIN)/python -m pytest -n logical --maxprocesses 2 --dist loadgroup

test-hub: python  ## la classe dans JupyterHub, par un vrai navigateur · the class in JupyterHub, in a real browser
	@$(SETUP) course cluster dev hub site
	ECOLE_HUB_CLASS=24 $(BIN)/python -m pytest -v -rs tests/browser/test_hub*.py tests/test_hub*.py

$(AXE): tests/browser/package-lock.json
	@npm ci --prefix tests/browser --no-audit --no-fund --silent || echo \
	  "npm (Node.js) or the network lacks: no page will be judged by axe-core" >&2

clean:  ## retirer les caches (garde .venv) · remove caches (keeps .venv)
	rm -rf .mypy_cache .pytest_cache .ruff_cache build
	find . \( -name .git -o -name .venv \) -prune -o -name __pycache__ -type d -prune \
	  -exec rm -rf {} +
