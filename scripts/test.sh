#!/usr/bin/env bash
# make test: the preparation of make run, a scratch site, then every test in one run of pytest.
# Arguments go to pytest.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/machine.sh"
source "$here/bench.sh"
source "$here/venv.sh"

SITE=test.cims.localhost

main() {
	WITH_CHROMIUM=1 install_system_packages
	become_bench_user test.sh "$@"
	check_python
	claim_bench
	cd "$CIMS_BENCH"
	lock_bench
	if ! bench_is_made && ! frappe_is_reachable; then
		test_without_site "$@"
		return
	fi
	trap stop_own_services EXIT
	trap 'exit 130' INT TERM HUP
	prepare_bench "[test]"
	[[ $(browser) ]] || logged playwright env/bin/playwright install chromium
	avoid_taken_ports
	start_services
	start_own_redis
	say "Making the scratch site $SITE"
	make_site "$SITE"
	bench --site "$SITE" set-config allow_tests true
	say "Running the tests"
	cd "$CHECKOUT"
	export CIMS_BENCH CIMS_TEST_SITE=$SITE
	"$CIMS_BENCH/env/bin/python" -m pytest "$@" </dev/null
}

test_without_site() {
	local result=0
	frappe_unreachable >&2
	make_venv "[test]"
	cd "$CHECKOUT"
	CI='' "$VENV/bin/python" -m pytest "$@" </dev/null || result=$?
	echo "Not run: every test that needs a site (site, REST, browser), because Frappe could not be reached."
	[[ -z ${CI:-} ]] || result=1
	return "$result"
}

main "$@"
