#!/usr/bin/env bash
# make bench: speed and memory of the engine and of a site, by benchmarks/. Sizes: full, small.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/machine.sh"
source "$here/bench.sh"
source "$here/venv.sh"

SIZE=${1:-full}
# Customers of each site that is measured, the smallest first: it stays up as the others' peer.
declare -A SIZES=([full]="10000 100000 1000000" [small]="2000 10000")
# Customers of the site with ERPNext, which is all that is measured with ERPNEXT=1.
declare -A ON_ERPNEXT=([full]=100000 [small]=2000)
RESULTS=(results.json RESULTS.md cost.svg)

main() {
	[[ ${SIZES[$SIZE]:-} ]] || die "there is no size $SIZE; make bench knows: ${!SIZES[*]}"
	install_system_packages
	if [[ $EUID -eq 0 ]]; then
		local result=0
		(become_bench_user benchmark.sh "$SIZE") || result=$?
		bring_results_back
		return "$result"
	fi
	become_bench_user benchmark.sh "$SIZE"
	local result=0
	[[ $ERPNEXT ]] || measure_engine || result=$? # a goal that is missed keeps nothing else from being measured
	measure_sites
	return "$result"
}

# Root measured a copy of the checkout.
bring_results_back() {
	local file
	for file in "${RESULTS[@]}"; do
		[[ ! -f $STATE/checkout/benchmarks/$file ]] || cat "$STATE/checkout/benchmarks/$file" >"$CHECKOUT/benchmarks/$file"
	done
}

measure_engine() {
	make_venv "" || return
	(cd "$CHECKOUT" && "$VENV/bin/python" benchmarks/engine.py "$SIZE")
}

measure_sites() {
	local customers smallest='' sizes=${SIZES[$SIZE]}
	[[ ! $ERPNEXT ]] || sizes=${ON_ERPNEXT[$SIZE]}
	check_python
	claim_bench
	cd "$CIMS_BENCH"
	lock_bench
	trap stop_own_services EXIT
	trap 'exit 130' INT TERM HUP
	prepare_bench "[bench]"
	avoid_taken_ports
	start_services
	start_own_redis
	give_memory
	for customers in $sizes; do
		say "Measuring $customers customers"
		make_site "benchmark-$customers.cims.localhost"
		(cd sites && "$CIMS_BENCH/env/bin/python" "$CHECKOUT/benchmarks/sites.py" "benchmark-$customers.cims.localhost" \
			--customers "$customers" --size "$SIZE" ${smallest:+--beside "$smallest"} </dev/null)
		if [[ $smallest ]]; then
			drop_site "benchmark-$customers.cims.localhost"
		else
			smallest=benchmark-$customers.cims.localhost
		fi
	done
	drop_site "$smallest"
}

# What a server with this much memory would be given; the bench's own settings are those of a laptop.
give_memory() {
	local quarter
	quarter=$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 4 / 1024))
	sql "SET GLOBAL innodb_buffer_pool_size = $((quarter > 512 ? quarter : 512)) * 1048576"
	sql "SET GLOBAL innodb_log_file_size = 1073741824" 2>/dev/null || true # MariaDB 10.6 can't while it runs
}

main "$@"
