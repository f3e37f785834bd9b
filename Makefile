# Run `make` or `make help` to see what there is.
.DEFAULT_GOAL := help
.PHONY: help run servers secrets rolling-restart demo demo-intake demo-compose token top parked backup rotate-keys import rebuild-timeline reindex retention restore test check test-unit test-integration test-compose test-deep simulate bench bench-gate bench-intake bench-wishes train-suggestions chaos docs lock clean-data clean \
        lint types imports docs-check coverage
SERVICES := intake routing procurement notify
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.installed
PEERS := .venv-peers
PEERS_READY := $(PEERS)/.installed
LEARNING := .venv-learning
LEARNING_READY := $(LEARNING)/.installed
PYTEST := $(PY) -m pytest
SIMULATED := tests/simulation/test_every_call.py tests/simulation/test_mutants.py
WHOLE := services/*/model.py,services/*/model/*.py,services/*/rules.py,services/*/rules/*.py,services/*/rules/*/*.py
# What needs more than this machine's own servers, or long, is asked for by name.
APART := --ignore=tests/compose --ignore=tests/deep $(SIMULATED:%=--ignore=%)

help:  ## shows this list
	@grep -hE '^[a-z%<>-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([^:]+):.*## /\1\t/; s/^([a-z-]*)%/\1<service>/' \
	  | awk -F'\t' '{ printf "  make %-22s %s\n", $$1, $$2 }'

run: $(READY)  ## starts Kafka, MongoDB, a mail tray and the four services; Ctrl-C stops all
	@exec $(PY) -m stack run

servers: $(READY)  ## the servers alone, without services: what make restore needs
	@exec $(PY) -m stack servers

run-%: $(READY)  ## the servers and one service alone
	@exec $(PY) -m stack run-one $*

demo: $(READY)  ## tells the story against what make run started; CASES=path feeds a file of real cases
	@$(PY) -m stack env $(PY) -m stack.demo $(if $(CASES),--cases "$(CASES)")

demo-intake: $(READY)  ## each door of intake, each knocked at twice, against what make run started: four contacts
	@$(PY) -m stack env $(PY) -m stack.demo_intake

secrets:  ## writes .env for docker compose, once; adds what a release or a new publisher needs besides
	@python3 -m stack.env_file

rolling-restart:  ## gives each instance under docker compose a successor, one at a time; SERVICE=routing for one service
	@python3 -m stack.rolling_restart $(SERVICE)

demo-compose: $(READY)  ## the same story against what docker compose started
	@set -a; . ./.env; DEMO_TOKEN_COMMAND="docker compose run --rm --no-TTY token" \
	  $(PY) -m stack.demo $(if $(CASES),--cases "$(CASES)")

token: $(READY)  ## a token for development: ROLE=receptionist; ID=e-services says whom it speaks of
	@$(PY) -m stack env $(PY) -m shared.platform.token $(if $(ROLE),"$(ROLE)") $(if $(ID),--id "$(ID)")

top: $(READY)  ## how each instance of each service fares, live; q leaves
	@$(PY) -m stack env $(PY) -m shared.platform.top

parked: $(READY)  ## what SERVICE=intake could not act on; DO="replay ID --because corrected" answers it
	@[ -n "$(SERVICE)" ] || { echo "Say of which service: make parked SERVICE=intake" >&2; exit 2; }
	@$(PY) -m stack env $(PY) -m shared.platform.cli --service "$(SERVICE)" \
	  --municipality "$(or $(MUNICIPALITY),1460)" parked $(or $(DO),list)

backup: $(READY)  ## dumps what each service keeps (of make run) into the folder backups
	@mkdir -p -m 700 backups && at=$$(date -u +%Y%m%dT%H%M%SZ) && for service in $(SERVICES); do \
	  $(PY) -m stack env $(PY) -m shared.platform.backup dump --service $$service --to backups/$$service-$$at.tar.gz || exit; done

rotate-keys: $(READY)  ## wraps the keys of personal data by the master key that is set now (of make run)
	@for service in intake notify; do $(PY) -m stack env $(PY) -m shared.platform.keys rotate --service $$service || exit; done

import: $(READY)  ## takes in companies from FILE=companies.csv (of make run)
	@[ -n "$(FILE)" ] || { echo "Say what: make import FILE=companies.csv" >&2; exit 2; }
	@$(PY) -m stack env $(PY) -m services.intake.commands.import_companies "$(FILE)" --municipality "$(or $(MUNICIPALITY),1460)"

rebuild-timeline: $(READY)  ## makes companies' timelines anew from all events (of make run)
	@$(PY) -m stack env $(PY) -m services.intake.commands.rebuild_timeline

reindex: $(READY)  ## makes every company be found by what is known of it now (of make run)
	@$(PY) -m stack env $(PY) -m services.intake.commands.reindex

retention: $(READY)  ## what intake's retention plan takes, leaves and why; ON=2027-01-31; RUN=1 carries out today's run
	@$(PY) -m stack env $(PY) -m services.intake.commands.retention $(if $(RUN),run,preview --municipality "$(or $(MUNICIPALITY),1460)" $(if $(ON),--on "$(ON)"))

restore: $(READY)  ## puts SERVICE=intake back as FILE=... has it; REPLACE=1 loses what is there
	@[ -n "$(SERVICE)" ] && [ -n "$(FILE)" ] || \
	  { echo "Say what: make restore SERVICE=intake FILE=backups/intake-....tar.gz" >&2; exit 2; }
	@$(PY) -m stack env $(PY) -m shared.platform.backup restore --service "$(SERVICE)" --from "$(FILE)" $(if $(REPLACE),--replace)

bench-wishes: $(READY)  ## how well the rules of suggestion know labelled wishes: recall, precision, confusion
	@$(PY) -m tests.intake.wishes

train-suggestions: $(LEARNING_READY)  ## learns the weights of suggestion anew from the labelled wishes, a few minutes
	@$(LEARNING)/bin/python -m tests.intake.wishes.train

test: check test-unit simulate test-integration bench-gate  ## everything: check, the tests without and with real servers, the bench's gate

check: $(READY)  ## lint, types, imports, and the generated pages in step
	@$(MAKE) --no-print-directory -j2 --output-sync=target types lint imports docs-check

lint: $(READY)
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check

types: $(READY)
	@$(VENV)/bin/mypy

imports: $(READY)
	@$(VENV)/bin/lint-imports

docs-check: $(READY)
	@$(PY) -m shared.platform.docs --check

test-unit: $(READY)  ## the tests without servers, with coverage; model and rules must be whole
	@$(PYTEST) tests -m "not servers" -n 2 $(APART) --cov=shared --cov=services --cov-branch --cov-report=
	@$(PY) -m coverage report --skip-covered --sort=cover | tail -25
	@$(PY) -m coverage report --include='$(WHOLE)' --show-missing --fail-under=100

simulate: $(READY)  ## the pipeline on fakes that fail: 10,000 seeds, and every call in turn; SEED=7 shows one
	@PYTHONHASHSEED=0 $(PY) -m tests.simulation $(if $(SEED),--seed "$(SEED)",--seeds "$(or $(SEEDS),10000)")
	@$(if $(SEED)$(SEEDS),,$(PYTEST) $(SIMULATED) -n 2)

test-integration: $(READY)  ## the tests on real Kafka and MongoDB, and the story from end to end
	@$(PYTEST) tests -m servers $(APART)

test-compose: $(READY)  ## the story under docker compose, when there is a Docker engine
	@if docker info >/dev/null 2>&1; then $(PYTEST) tests/compose; \
	elif [ -n "$$CI" ]; then echo "There is no Docker engine here, and in CI nothing is skipped." >&2; exit 2; \
	else echo "There is no Docker engine here: the story under compose was not tried."; fi

test-deep: $(READY)  ## the long runs: kills, poison and duplicates, with a referee
	@$(PYTEST) tests/deep

chaos: $(READY)  ## everything is killed, stopped and torn while a referee counts; SEED, EVENTS, KILLS, INSTANCES, FORM=short
	@$(PY) -m tests.chaos

test-%: $(READY)  ## one service alone, without servers
	@$(PYTEST) tests/$* -m "not servers"

bench: $(READY) $(PEERS_READY)  ## what the promises cost, all parts, three quarters of an hour; PART="door story" some; QUICK=1 in small
	@$(PY) -m bench $(PART) $(if $(QUICK),--quick)

bench-gate: $(READY)  ## what of the bench every change must hold: counts, ratios and memory, three minutes
	@$(PY) -m bench --gate

bench-intake: $(READY)  ## registering for five minutes, and the first page of a million contacts; QUICK=1 in small
	@$(PY) -m bench register pages $(if $(QUICK),--quick)

docs: $(READY)  ## writes the generated pages anew
	@$(PY) -m shared.platform.docs

lock: $(READY)  ## pins all dependencies anew; UPGRADE=1 takes the newest
	@[ -x $(VENV)/bin/uv ] || $(PY) -m pip install --quiet uv
	@pin="$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"; \
	pin="$$pin $(if $(UPGRADE),--upgrade)"; \
	$$pin pyproject.toml -o requirements.lock && \
	$$pin pyproject.toml --extra dev --constraint requirements.lock -o requirements-dev.lock && \
	echo confluent-kafka | $$pin - --constraint requirements-dev.lock -o requirements-setup.lock
	@for group in peers learning; do \
	  $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  $(if $(UPGRADE),--upgrade) --group $$group -o requirements-$$group.lock || exit; done
	@$(PY) -m stack lock

clean-data: $(READY)  ## forgets everything that make run has kept
	@$(PY) -m stack clean-data

clean:  ## forgets also what was downloaded and installed
	@[ ! -e $(READY) ] || $(PY) -m stack clean-data
	@rm -rf .data .stack $(VENV) $(PEERS) $(LEARNING) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage

# Other frameworks, to compare with. Without them the bench says so, and measures the rest.
$(PEERS_READY): requirements-peers.lock $(READY)
	@$(PY) -m venv --clear $(PEERS) && \
	  $(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $< \
	  && touch $@ || rm -rf $(PEERS)

$(LEARNING_READY): requirements-learning.lock $(READY)
	@$(PY) -m venv --clear $(LEARNING) && \
	  $(LEARNING)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	@touch $@

$(READY): requirements-dev.lock
	@python=; for name in python3 python3.13 python3.12 python3.11; do \
	  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; done; \
	[ -n "$$python" ] || { echo "Kommunkontakt needs Python 3.11 or newer: install it, or put it on PATH." >&2; exit 2; }; \
	echo "Installing the Python packages into $(VENV) (half a minute, once) ..." >&2; \
	$$python -m venv --clear $(VENV) >/dev/null || \
	  { echo "Python has no venv module: install it (Debian and Ubuntu: apt install python3-venv)." >&2; exit 2; }; \
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.lock
	@touch $@
