#!/usr/bin/env bash
# make upstream: ERPNext's own tests of what CIMS listens to, on a scratch site without CIMS and again with it. Fails where
# a test that passes without CIMS doesn't with it.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/machine.sh"
source "$here/bench.sh"

ERPNEXT=1
SITE=upstream.cims.localhost
DOCTYPES=("Customer" "Sales Order" "Sales Invoice" "Payment Entry")
# ERPNext's test records need it, and so does its own CI.
PAYMENTS_REPO=${PAYMENTS_REPO:-https://github.com/frappe/payments}
RESULTS=$STATE/upstream

main() {
	install_system_packages
	become_bench_user upstream.sh
	check_python
	claim_bench
	cd "$CIMS_BENCH"
	lock_bench
	trap stop_own_services EXIT
	trap 'exit 130' INT TERM HUP
	prepare_bench "[test]"
	get_what_their_tests_need
	avoid_taken_ports
	start_services
	start_own_redis
	rm -rf "$RESULTS"
	mkdir -p "$RESULTS"/{without,with}
	say "Making the scratch site $SITE with ERPNext alone"
	make_bare_site "$SITE"
	logged install-erpnext bench --site "$SITE" install-app erpnext
	logged install-payments bench --site "$SITE" install-app payments
	bench --site "$SITE" set-config allow_tests true
	keep_site without
	run_theirs without
	put_back without
	logged install-app bench --site "$SITE" install-app cims
	keep_site with
	run_theirs with
	list_apps
	drop_site "$SITE"
	"$PYTHON" "$CHECKOUT/scripts/compare_results.py" "$RESULTS/without" "$RESULTS/with"
}

get_what_their_tests_need() {
	local app=$CIMS_BENCH/apps/payments
	if [[ ! -f $CIMS_BENCH/env/.payments ]]; then
		rm -rf "$app"
		logged get-payments git clone --quiet --depth 1 --branch "$ERPNEXT_BRANCH" "$PAYMENTS_REPO" "$app"
		logged pip-payments "$CIMS_BENCH/env/bin/pip" install -e "$app" unittest-xml-reporting responses freezegun 'setuptools<81'
		stamp "$CIMS_BENCH/env/.payments" "$PAYMENTS_REPO"
	fi
	printf 'frappe\nerpnext\npayments\ncims\n' >sites/apps.txt
}

# Their tests leave behind what makes others of them fail, so each DocType's begin with the same database.
keep_site() { # without|with
	mariadb-dump --no-defaults --socket="$CIMS_BENCH/mariadb/mariadb.sock" --single-transaction "$(database_of "$SITE")" >"$RESULTS/$1.sql"
}

put_back() { # without|with
	local database
	database=$(database_of "$SITE")
	sql "DROP DATABASE \`$database\`; CREATE DATABASE \`$database\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
	mariadb --no-defaults --socket="$CIMS_BENCH/mariadb/mariadb.sock" "$database" <"$RESULTS/$1.sql"
	rm -f "sites/$SITE/.test_log" # which test records there are
	logged clear-cache bench --site "$SITE" clear-cache
}

run_theirs() { # without|with: one file of results for each DocType
	local doctype
	for doctype in "${DOCTYPES[@]}"; do
		put_back "$1"
		say "ERPNext's tests of $doctype, $1 CIMS"
		bench --site "$SITE" run-tests --doctype "$doctype" --junit-xml-output "$RESULTS/$1/$doctype.xml" \
			>"$STATE/logs/upstream-$1-$doctype.log" 2>&1 </dev/null || true # what fails is in the results
	done
}

main "$@"
