# Every target stands in make.py; this file only hands on. Options: make test ARGS="-k gateway", make book ARGS=--no-serve
PYTHON ?= python3
<<<<<<< HEAD
TARGETS := book test lab bench help setup serve lint requirements diagrams slides exercises expected clean
=======
TARGETS := book test lab bench help setup serve lint requirements pages links dist diagrams exercises expected clean
>>>>>>> c981491 (Keeping it alive: workflows, page contract, CONTRIBUTING, template, pre-commit, devcontainer, a small Binder image, Colab and Binder played step by step)

.DEFAULT_GOAL := help
.PHONY: $(TARGETS)

$(TARGETS):
	@$(PYTHON) make.py $@ $(ARGS)
