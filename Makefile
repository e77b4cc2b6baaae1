# A fresh clone needs make, Java 17, Maven and Python 3.12 or newer (or uv, or any pip).
SHELL := bash
BIN := .venv/bin
READY := .venv/.ready
TESTS := $(BIN)/pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder # each has servers of its own
COMPILE := "$$(bash requirements/install.sh uv)" pip compile pyproject.toml --universal --python-version 3.12 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url

.PHONY: help setup demo test check bench docs lock image image-proof standins clean

help:  ## what there is
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST)

setup: $(READY)  ## Python, its packages and the project, in .venv

$(READY): requirements/dev.txt requirements/install.sh
	bash requirements/install.sh
	touch $@

demo: setup  ## one region through the real commands, its numbers, and their proof
	$(BIN)/metodika demo

test: setup  ## every test; METODIKA_REQUIRE_INFRA=1 makes a missing server a failure
	$(TESTS)

check: setup  ## the gate: format, rules, types, contracts, tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(TESTS)

bench: setup  ## measured ratios, into docs/benchmarks.md
	$(BIN)/python -m tests.bench

docs: setup  ## the documents that are generated
	$(BIN)/python -m metodika.documents

lock: setup  ## pin all packages by hash, without addresses
	$(COMPILE) --output-file requirements/runtime.txt
	$(COMPILE) --extra dev --output-file requirements/dev.txt

image:  ## the image of the five services, metodika:dev
	docker build --tag metodika:dev .

image-proof: setup  ## build it, start docker-compose.yml, and prove what docs/cluster.md says
	METODIKA_TEST_IMAGE=1 $(BIN)/pytest tests/deploy/test_image.py -v

standins: setup  ## where Docker Hub is out of reach: its images from Debian, Maven, npm and Go
	bash tests/deploy/standins/make.sh

clean:  ## forget what was installed and collected
	rm -rf .venv .infra
