# Carrel. `make help` lists the commands; `make up` and `make test` are the two that matter.
# Every command runs on the Node that package-lock.json pins, whatever Node the machine has.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SYSTEM_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/node/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export LAB_NAME ?= dev

DEPS := node_modules/.carrel-installed

.PHONY: help up test check unit preview status down clean kubeconfig format bench

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'
	@echo
	@echo "  LAB_NAME=dev      the lab to act on; another name is a second lab beside the first"
	@echo "  LAB_PARTS=        parts to install, with commas, in a lab other than dev; empty for admission alone"
	@echo "  LAB_CLUSTER=      built, kind or kubeconfig; without it the first that works"
	@echo "  ENGINE=           pulumi or lab; without it Pulumi's CLI when it is on PATH"

# npm warns that this machine's own Node is older than the packages ask for; they never run on it.
$(DEPS): package.json package-lock.json policies/package.json $(wildcard services/*/package.json)
	@echo "install: npm packages (package-lock.json is newer than node_modules)"
	@PATH="$(SYSTEM_PATH)"; command -v npm >/dev/null || { echo "install: npm is missing: install Node.js 20 or later with npm"; exit 1; }; npm ci --loglevel=error
	@touch $@

up: $(DEPS) ## a real Kubernetes on this machine with the platform on it
	@node lab/platform/main.ts up

preview: $(DEPS) ## what `make up` would change, field by field, with the policy packs
	@node lab/platform/main.ts preview

status: $(DEPS) ## what runs, and what is wrong with it
	@node lab/platform/main.ts status

kubeconfig: $(DEPS) ## the path of the lab's kubeconfig
	@node lab/main.ts kubeconfig

down: $(DEPS) ## stop the lab and remove all it made; built binaries stay cached
	@node lab/main.ts down

clean: $(DEPS) ## down, and the cache too
	@node lab/main.ts clean

check: $(DEPS) ## format, lint, types, unit tests: offline, two minutes
	@node tests/run.ts check

test: $(DEPS) ## check, then everything against a real lab of the test run
	@node tests/run.ts all

format: $(DEPS) ## write the house format
	@biome check --write .

bench: $(DEPS) ## record how long `make up` takes: cold, warm and unchanged
	@node bench/lab-times.ts
