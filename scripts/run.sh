#!/usr/bin/env bash
# make run: prepares whatever is missing, then serves the desk until Ctrl-C.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/machine.sh"
source "$here/bench.sh"

SITE=${ERPNEXT:+erpnext.}cims.localhost
PORT=${PORT:-8000}
HOST=${HOST:-127.0.0.1}
SECONDS_TO_START=120

main() {
	install_system_packages
	become_bench_user run.sh
	check_python
	claim_bench
	cd "$CIMS_BENCH"
	lock_bench
	if service_pid run >/dev/null && answers; then
		announce "CIMS is up already; make stop ends it."
		return
	fi
	bench_is_made || frappe_is_reachable || die "$(frappe_unreachable)"
	! bench_is_made || stop_all_services # what a killed run has left
	! port_answers "$PORT" || die "port $PORT is taken by another program; choose another: make run PORT=8080"
	trap stop_own_services EXIT
	trap 'exit 130' INT TERM HUP
	prepare_bench ""
	avoid_taken_ports
	prepare_site
	serve
}

prepare_site() {
	local site=$CIMS_BENCH/sites/$SITE schema
	schema=$(schema_hash)
	stamped "$site/.schema" "$schema" && [[ -f $site/.sample ]] && return
	start_services
	if [[ ! -f $site/.schema ]]; then
		say "Making the site $SITE (a minute or so)"
		make_site "$SITE"
	elif ! stamped "$site/.schema" "$schema"; then
		say "Bringing the site $SITE up to date"
		logged migrate bench --site "$SITE" migrate
	fi
	stamp "$site/.schema" "$schema"
	if [[ ! -f $site/.sample && $ERPNEXT ]]; then
		say "Making ERPNext's demo company, whose customers are rated"
		logged sample-data bench --site "$SITE" execute erpnext.setup.demo.setup_demo_data
		stamp "$site/.sample" ""
	elif [[ ! -f $site/.sample ]] && bench --site "$SITE" cims-sample-data --help >/dev/null 2>&1; then
		say "Making sample data (a few minutes)"
		logged sample-data bench --site "$SITE" cims-sample-data
		# It prints whom to log in as.
		stamp "$site/.sample" "$(tr '\r' '\n' <"$STATE/logs/sample-data.log" | grep @ || true)"
	fi
	stop_own_services
}

write_procfile() {
	local service="exec bash $CHECKOUT/scripts/service.sh"
	cat >Procfile <<-END
		mariadb: $service mariadb mariadbd --defaults-file=config/mariadb.cnf
		redis_cache: $service redis_cache redis-server config/redis_cache.conf
		redis_queue: $service redis_queue redis-server config/redis_queue.conf
		web: $service web env SITE=$SITE HOST=$HOST PORT=$PORT env/bin/gunicorn -c $CHECKOUT/scripts/gunicorn.conf.py
		socketio: $service socketio node apps/frappe/socketio.js
		schedule: $service schedule bench schedule
		worker: $service worker bench worker --queue short,default,long
	END
}

serve() {
	local honcho
	[[ $(conf webserver_port) == "$PORT" ]] || bench set-config -g -p webserver_port "$PORT" >/dev/null
	write_procfile
	echo $$ >config/pids/run.service
	unlock_bench
	announce_when_up &
	"${detached[@]}" bench start &
	honcho=$!
	trap 'stop_serving "$honcho"' EXIT
	wait "$honcho"
}

stop_serving() { # HONCHO: it stops its services; then whatever it could not
	trap '' INT TERM HUP
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
	rm -f "$CIMS_BENCH/config/pids/run.service" # or this script would stop itself
	stop_all_services
}

answers() {
	"$PYTHON" -c "import urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:$PORT/api/method/ping', timeout=10)" 2>/dev/null
}

announce_when_up() {
	until answers; do
		((SECONDS_TO_START-- > 0)) || return
		sleep 1
	done
	announce "CIMS is up; Ctrl-C stops it."
}

announce() {
	printf '\n'
	say "$1"
	printf '    http://localhost:%s\n    Administrator  %s\n' "$PORT" "$ADMIN_PASSWORD"
	sed 's/^ */    /' "$CIMS_BENCH/sites/$SITE/.sample" 2>/dev/null || true
	printf '    What the services say: %s/logs\n\n' "$CIMS_BENCH"
}

main "$@"
