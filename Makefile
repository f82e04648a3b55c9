# CIMS: everything here is a thin name for a script in scripts/, where the work is described.
# Settings: PORT HOST CIMS_BENCH FRAPPE_REPO FRAPPE_BRANCH PYTHON ADMIN_PASSWORD, as in: make run PORT=8080
# Settings with ERPNext: make run ERPNEXT=1, make test ERPNEXT=1; ERPNEXT_REPO ERPNEXT_BRANCH say which one

.DEFAULT_GOAL := help
.PHONY: help run test try lint bench upstream stop

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 14
	@echo
	@sed -n 's/^# \(Settings.*\)/\1/p' $(MAKEFILE_LIST)

run: ## install what is missing, make a bench and a site with sample data, serve the desk
	@bash scripts/run.sh

test: ## run every test on a scratch site; pick some: make test ARGS="-k policy"
	@bash scripts/test.sh $(ARGS)

try: ## no server: rate the receivables of a CSV file; your own: make try FILE=receivables.csv
	@bash scripts/try.sh $(FILE)

lint: ## check the style of all files
	@bash scripts/lint.sh

bench: ## measure speed and memory; smaller: make bench SIZE=small
	@bash scripts/benchmark.sh $(SIZE)

upstream: ## ERPNext's own tests of customers, orders, invoices and payments, without CIMS and with it
	@bash scripts/upstream.sh

stop: ## end what make run has started
	@bash scripts/stop.sh
