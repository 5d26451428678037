# Fleetgrid. `make` alone shows what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

INSTALLED := node_modules/.installed

$(INSTALLED): package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-29s %s\n", $$1, $$2 }'

.PHONY: install
install: $(INSTALLED) ## Install what package-lock.json names

.PHONY: dev
dev: $(INSTALLED) ## Start everything on this machine: service, embedded engines, a driving fleet
	node scripts/dev.ts

.PHONY: start
start: $(INSTALLED) ## Start the service alone, configured by the environment
	node --max-semi-space-size=8 src/main.ts

.PHONY: up
up: ## Start the service and its production engines in Docker; ends when all is ready
	docker compose up --detach --build --wait --wait-timeout 900
	@cat docker/ready.txt

.PHONY: down
down: ## Stop what `make up` started; the data stays
	docker compose down

.PHONY: up-local
up-local: $(INSTALLED) ## The same without Docker: engines from Maven, Debian and npm; Ctrl-C stops it
	node scripts/up.ts

.PHONY: simulate
simulate: $(INSTALLED) ## Drive vehicles against a running service (VEHICLES=200 SPEEDUP=10 BROKER=mqtt://…)
	node simulators/vehicles/main.ts --vehicles $(or $(VEHICLES),200) --speedup $(or $(SPEEDUP),10) --broker $(or $(BROKER),mqtt://127.0.0.1:1883)

.PHONY: run-charging-point-simulator
run-charging-point-simulator: $(INSTALLED) ## Charge cars against an OCPP server (COUNT=50 SPEED=60 PROTOCOL=mixed ID_TAG=… BACKEND_HOSTNAME=…)
	node simulators/charge-points/simulate.ts --count $(or $(COUNT),50) --speed $(or $(SPEED),60) --protocol $(or $(PROTOCOL),mixed) $(if $(ID_TAG),--id-tag $(ID_TAG))

.PHONY: token
token: $(INSTALLED) ## Print a token for the API (ROLE=viewer|operator|admin|device, SUBJECT=name)
	@node scripts/token.ts --role $(or $(ROLE),viewer) $(if $(SUBJECT),--subject $(SUBJECT))

.PHONY: test
test: $(INSTALLED) ## Check types, style and all tests; needs npm only
	tsc -p .
	biome check .
	tap

.PHONY: test-live
test-live: $(INSTALLED) ## Start real engines and test on them (FILE=test/live/one.test.ts)
	node scripts/test-live.ts $(FILE)

.PHONY: test-faults
test-faults: $(INSTALLED) ## Kill and fill things while messages flow, and count
	tap --timeout=900 test/faults/*.test.ts

.PHONY: format
format: $(INSTALLED) ## Format and fix what can be fixed
	biome check --write .

.PHONY: docs
docs: $(INSTALLED) ## Make the generated documents anew
	node scripts/docs.ts

.PHONY: docs-check
docs-check: $(INSTALLED) ## Fail if a generated document is stale
	node scripts/docs.ts --check

.PHONY: bench-ingest
bench-ingest: $(INSTALLED) ## Measure MQTT publish → PUBACK → queryable (ENGINE=embedded|opensearch)
	node bench/ingest$(if $(filter-out embedded,$(ENGINE)),-$(ENGINE)).ts

.PHONY: bench-query
bench-query: $(INSTALLED) ## Measure /vehicles/aggregate beside the bare index (ENGINE=embedded|opensearch)
	ENGINE=$(or $(ENGINE),embedded) node bench/query.ts

.PHONY: bench-charging
bench-charging: $(INSTALLED) ## Measure charge points beside a bare ws server (OPTIONS="--quick|--full --postgres --profile")
	node bench/charging.ts $(OPTIONS)

.PHONY: bench-submissions
bench-submissions: $(INSTALLED) ## Measure queue → events beside a bare wave publisher, with and without faults
	node bench/submissions.ts $(OPTIONS)

.PHONY: clean
clean: ## Remove what was installed or built; data stays
	rm -rf node_modules .tap
