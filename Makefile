# The commands of hotroute. `make demo` and `make test` install what they need: Node 24 comes with the packages,
# nginx from apt where that is possible.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help demo smoke test nightly check types lint format golden bench bench-quick bench-tools build images install nginx podman clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

demo: build nginx ## the whole Pod on this machine, until Ctrl-C; KUBECONFIG=… takes a real cluster's API
	@KUBECONFIG=$(DEMO_KUBECONFIG) exec node dist/demo.cjs

smoke: build nginx ## the demo unattended: change a Service, wait for nginx to answer by it, stop
	@KUBECONFIG=$(DEMO_KUBECONFIG) exec node dist/demo.cjs --smoke

test: install nginx podman ## every test that can run here; says aloud what is skipped, and why
	@node scripts/test.ts

nightly: install nginx podman ## the tests with many more cases
	@HOTROUTE_SECURITY_CASES=100000 HOTROUTE_DIFFERENTIAL_REQUESTS=3000 HOTROUTE_LOAD_RELOADS=200 \
	  HOTROUTE_API_SERVERS=all HOTROUTE_IMAGES=all HOTROUTE_SOAK_SECONDS=600 node scripts/test.ts

check: lint types test ## the whole gate

types: install
	@tsc --noEmit

lint: install
	@biome ci --colors=off --error-on-warnings .
	@node scripts/precompile-template.ts --check
	@node scripts/keys-table.ts --check

format: install ## formats and mends what the linter can
	@biome check --write .

golden: install ## writes the golden files anew: look at the difference before it is committed
	@npm run --silent golden

bench: build nginx bench-tools ## measures everything beside what else does the work; writes bench/RESULTS.md (15 minutes)
	@node bench/run.ts

bench-quick: build nginx bench-tools ## a small part of each measurement, printed (2 minutes)
	@node bench/run.ts --quick

bench-tools:
	@bench/ensure-tools

build: install ## bundles the programs into dist/
	@node scripts/build.ts

images: ## builds both container images; PREFIX=registry.example.com/team/ names them
	@PREFIX='$(PREFIX)' scripts/build-images

install: node_modules/.hotroute-installed

node_modules/.hotroute-installed: package.json package-lock.json
	@command -v npm >/dev/null || { echo 'hotroute: npm is missing: install Node.js 20 or later (https://nodejs.org, or: apt-get install nodejs npm)' >&2; exit 1; }
	@echo 'hotroute: fetching the npm packages, once'
	@npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >/dev/null
	@node scripts/assert-node.mjs
	@touch $@

nginx:
	@scripts/ensure-nginx

podman: install
	@scripts/ensure-podman

clean: ## removes what was built
	@rm -rf dist

# Only a KUBECONFIG given on the command line counts: one in the environment is a cluster that nobody meant.
ifeq ($(origin KUBECONFIG),command line)
DEMO_KUBECONFIG := '$(subst ','\'',$(KUBECONFIG))'
endif
