# Every target stands in make.py; this file only hands on. Options: make test ARGS="-k gateway", make book ARGS=--no-serve
PYTHON ?= python3
TARGETS := book test lab bench help setup serve lint requirements pages links dist diagrams slides exercises expected clean facts minutes

.DEFAULT_GOAL := help
.PHONY: $(TARGETS)

$(TARGETS):
	@$(PYTHON) make.py $@ $(ARGS)
