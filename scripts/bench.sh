# The bench: its tools, Frappe, services, the app and sites. Sourced after lib.sh and machine.sh.
# shellcheck shell=bash

export GIT_TERMINAL_PROMPT=0
export PATH=$TOOLS/venv/bin:$TOOLS/node_modules/.bin:$PATH:/usr/sbin:/sbin

own_pids=() # services that this very script has started
# A service doesn't get the terminal's Ctrl-C, and ends when this script does, even by kill -9.
detached=(setsid setpriv --pdeathsig TERM)

refuse_foreign_bench() {
	[[ -d $STATE || -z $(ls -A "$CIMS_BENCH" 2>/dev/null) ]] ||
		die "$CIMS_BENCH is there and was not made by these scripts; set CIMS_BENCH to another place"
}

claim_bench() {
	refuse_foreign_bench
	mkdir -p "$STATE/logs" || die "$(id -un) can't write to $CIMS_BENCH; set CIMS_BENCH to another place"
	# The kernel takes no longer address of a socket.
	[[ ${#CIMS_BENCH} -le 80 ]] || die "the path $CIMS_BENCH is too long for MariaDB's socket; set CIMS_BENCH to a shorter one"
}

# One preparation at a time. Children inherit the lock: after a kill -9 the next run waits until what
# is still running has ended, rather than build in the same place at the same time.
lock_bench() {
	exec 9>"$STATE/lock"
	flock -n 9 && return
	say "Waiting for another run that is preparing $CIMS_BENCH"
	flock 9
}

unlock_bench() { exec 9>&-; }

# --- tools -----------------------------------------------------------------------------------------

node_is_new_enough() { node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null; }

make_tools() {
	local wanted npm_packages=(yarn@1)
	wanted=$("$PYTHON" -c 'import sys; print(sys.executable, sys.version)')
	stamped "$TOOLS/made" "$wanted" && return
	say "Installing bench and yarn"
	rm -rf "$TOOLS"
	mkdir -p "$TOOLS"
	logged tools-venv "$PYTHON" -m venv "$TOOLS/venv"
	logged tools-bench "$TOOLS/venv/bin/pip" install frappe-bench
	node_is_new_enough || npm_packages+=(node@20) # Ubuntu 22.04 still has 12
	logged tools-npm npm install --no-audit --no-fund --prefix "$TOOLS" "${npm_packages[@]}"
	hash -r
	node_is_new_enough || die "Frappe 15 needs Node 18 or newer, and npm's package node@20 does not run here; install Node 20"
	stamp "$TOOLS/made" "$wanted"
}

# --- Frappe ----------------------------------------------------------------------------------------

bench_is_made() { [[ -f $CIMS_BENCH/env/.made ]]; }

frappe_is_reachable() { timeout 60 git ls-remote --exit-code --heads "$FRAPPE_REPO" "$FRAPPE_BRANCH" >/dev/null 2>&1; }

frappe_unreachable() { echo "can't reach the branch $FRAPPE_BRANCH of Frappe at $FRAPPE_REPO; set FRAPPE_REPO to a mirror that can be reached"; }

make_bench() {
	bench_is_made && return
	say "Making a bench with Frappe $FRAPPE_BRANCH in $CIMS_BENCH (a few minutes)"
	[[ ! -d $CIMS_BENCH/mariadb/data ]] || die "$CIMS_BENCH has a database but no finished env; remove the folder to start anew"
	# What an interrupted run left can't be trusted, and no site can be in it yet.
	find "$CIMS_BENCH" -mindepth 1 -maxdepth 1 -not -name .cims -exec rm -rf {} +
	offer_air_datepicker
	# pip rather than uv, so that a company's settings for pip (mirror, certificates) hold.
	logged bench-init env BENCH_DISABLE_UV=1 bench init --ignore-exist --no-backups --skip-assets \
		--python "$PYTHON" --frappe-path "$FRAPPE_REPO" --frappe-branch "$FRAPPE_BRANCH" "$CIMS_BENCH"
	rm -rf "$STATE/yarn"
	unset YARN_YARN_OFFLINE_MIRROR
	# From 81 on setuptools is without pkg_resources, which Frappe 15 imports.
	logged setuptools "$CIMS_BENCH/env/bin/pip" install 'setuptools<81'
	logged configure configure_bench
	stamp "$CIMS_BENCH/env/.made" "$FRAPPE_REPO $FRAPPE_BRANCH"
}

# One package of Frappe's pages comes from GitHub, and not from npm. Where only a mirror of Frappe can be
# reached, yarn is offered npm's copy of it, in a folder where it looks first, under the name it looks for.
offer_air_datepicker() {
	local folder=$STATE/yarn commit
	timeout 30 git ls-remote https://github.com/frappe/air-datepicker HEAD >/dev/null 2>&1 && return
	rm -rf "$folder"
	mkdir -p "$folder"
	logged yarn-lock git clone --quiet --depth 1 --no-checkout --branch "$FRAPPE_BRANCH" "$FRAPPE_REPO" "$folder/frappe"
	commit=$(git -C "$folder/frappe" show HEAD:yarn.lock | sed -n 's|.*/frappe/air-datepicker/tar.gz/\([0-9a-f]*\).*|\1|p')
	rm -rf "$folder/frappe"
	[[ $commit ]] || return 0
	logged air-datepicker npm pack --pack-destination "$folder" air-datepicker@2.2.3
	mv "$folder/air-datepicker-2.2.3.tgz" "$folder/$commit"
	export YARN_YARN_OFFLINE_MIRROR=$folder
}

configure_bench() {
	"$PYTHON" "$CHECKOUT/scripts/configure_bench.py" "$CIMS_BENCH" && (cd "$CIMS_BENCH" && bench setup redis)
}

# Since the ports were chosen another program may have taken one.
avoid_taken_ports() {
	local key
	service_pid mariadb >/dev/null && return
	for key in db_port redis_cache redis_queue socketio_port; do
		! port_answers "$(port_of "$key")" || {
			logged configure configure_bench
			return
		}
	done
}

conf() { "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$CIMS_BENCH/sites/common_site_config.json" "$1"; }

port_of() { conf "$1" | grep -o '[0-9]*$'; }

# --- services --------------------------------------------------------------------------------------

# Its administrator is the bench's own user, known by the socket: no password to know or to keep.
make_database() {
	local data=$CIMS_BENCH/mariadb/data
	[[ -d $data ]] && return
	rm -rf "$data.new"
	mkdir -p "$CIMS_BENCH/mariadb"
	logged mariadb-install-db mariadb-install-db --no-defaults --datadir="$data.new" --skip-test-db \
		--auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)"
	mv "$data.new" "$data"
}

sql() { mariadb --no-defaults --socket="$CIMS_BENCH/mariadb/mariadb.sock" --batch --skip-column-names -e "$1"; }

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_for_port() { # PORT SECONDS
	local tries=$(($2 * 5))
	until port_answers "$1"; do
		((tries-- > 0)) || return 1
		sleep 0.2
	done
}

# The number of a running process of this bench, not of some other that has got its number since.
service_pid() {
	local pid
	pid=$(cat "$CIMS_BENCH/config/pids/$1.service" 2>/dev/null) || return 1
	[[ $(readlink "/proc/$pid/cwd" 2>/dev/null)/ == "$CIMS_BENCH"/* ]] && echo "$pid"
}

# start_service NAME PORT COMMAND...: unless it is up already, for a run beside this one.
start_service() {
	local name=$1 port=$2
	shift 2
	service_pid "$name" >/dev/null && return
	port_answers "$port" && die "port $port, which $CIMS_BENCH uses for $name, is taken by another program"
	(
		cd "$CIMS_BENCH" || exit
		exec "${detached[@]}" bash "$CHECKOUT/scripts/service.sh" "$name" "$@" </dev/null 9>&-
	) &
	own_pids+=($!)
	wait_for_port "$port" 60 || {
		tail -n 20 "$CIMS_BENCH/logs/$name.log" >&2
		die "$name does not start  (all of its output: $CIMS_BENCH/logs/$name.log)"
	}
}

start_services() {
	make_database
	start_service mariadb "$(port_of db_port)" mariadbd --defaults-file=config/mariadb.cnf
	start_service redis_cache "$(port_of redis_cache)" redis-server config/redis_cache.conf
	start_service redis_queue "$(port_of redis_queue)" redis-server config/redis_queue.conf
}

# So that a worker of make run beside this one doesn't take the jobs of tests and benchmarks.
start_own_redis() {
	local kind port
	for kind in cache queue; do
		port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
		start_service "own_redis_$kind" "$port" redis-server --bind 127.0.0.1 --port "$port" --save '' --dir config/pids
		export "FRAPPE_REDIS_${kind^^}=redis://127.0.0.1:$port"
	done
}

stop_own_services() {
	[[ ${#own_pids[@]} -gt 0 ]] || return 0
	stop_processes "${own_pids[@]}"
	own_pids=()
}

stop_processes() { # PID...: asks, waits up to 15 s, then insists
	local tries=75
	kill "$@" 2>/dev/null || true
	while kill -0 "$@" 2>/dev/null && ((tries-- > 0)); do sleep 0.2; done
	kill -9 "$@" 2>/dev/null || true
}

# What a killed run has left behind; and make stop.
stop_all_services() {
	local file pid pids=()
	for file in "$CIMS_BENCH"/config/pids/*.service; do
		pid=$(service_pid "$(basename "$file" .service)") && pids+=("$pid")
	done
	[[ ${#pids[@]} -eq 0 ]] || stop_processes "${pids[@]}"
}

# --- the app ---------------------------------------------------------------------------------------

install_app() { # EXTRAS: "" or "[test]"
	local app=$CIMS_BENCH/apps/cims extras=$1 wanted
	[[ $(readlink "$app") == "$CHECKOUT" ]] || ln -sfn "$CHECKOUT" "$app"

	wanted="$CHECKOUT $(content_hash "$CHECKOUT/pyproject.toml" "$CHECKOUT/setup.py")"
	if ! stamped "$CIMS_BENCH/env/.cims$extras" "$wanted"; then
		say "Installing the app into the bench"
		logged pip-install "$CIMS_BENCH/env/bin/pip" install -e "$app$extras" 'setuptools<81'
		list_apps
		stamp "$CIMS_BENCH/env/.cims" "$wanted"
		stamp "$CIMS_BENCH/env/.cims$extras" "$wanted"
	fi

	wanted=$(content_hash "$CHECKOUT/package.json" "$CHECKOUT/yarn.lock")
	if [[ -f $CHECKOUT/package.json ]] && ! stamped "$CHECKOUT/node_modules/.made" "$wanted"; then
		say "Installing what the app's pages need"
		logged yarn-install yarn --cwd "$CHECKOUT" install --frozen-lockfile --check-files
		stamp "$CHECKOUT/node_modules/.made" "$wanted"
	fi
}

# --- ERPNext ---------------------------------------------------------------------------------------

# Once it is on the bench it stays there; the sites without it don't notice.
erpnext_is_there() { [[ -f $CIMS_BENCH/env/.erpnext ]]; }

erpnext_is_reachable() { timeout 60 git ls-remote --exit-code --heads "$ERPNEXT_REPO" "$ERPNEXT_BRANCH" >/dev/null 2>&1; }

get_erpnext() {
	local app=$CIMS_BENCH/apps/erpnext
	[[ $ERPNEXT ]] || return 0
	! erpnext_is_there || return 0
	erpnext_is_reachable || die "can't reach the branch $ERPNEXT_BRANCH of ERPNext at $ERPNEXT_REPO; set ERPNEXT_REPO to a mirror that can be reached"
	say "Getting ERPNext $ERPNEXT_BRANCH (a minute or two)"
	rm -rf "$app"
	logged get-erpnext git clone --quiet --depth 1 --branch "$ERPNEXT_BRANCH" "$ERPNEXT_REPO" "$app"
	logged pip-erpnext "$CIMS_BENCH/env/bin/pip" install -e "$app" 'setuptools<81'
	[[ ! -f $app/package.json ]] || logged yarn-erpnext yarn --cwd "$app" install --frozen-lockfile
	stamp "$CIMS_BENCH/env/.erpnext" "$ERPNEXT_REPO $ERPNEXT_BRANCH"
	list_apps
}

list_apps() {
	local apps=(frappe cims)
	! erpnext_is_there || apps=(frappe erpnext cims)
	printf '%s\n' "${apps[@]}" >"$CIMS_BENCH/sites/apps.txt"
}

build_erpnext() {
	local wanted built=$CIMS_BENCH/sites/assets/.built-erpnext
	[[ $ERPNEXT ]] || return 0
	wanted=$(git -C "$CIMS_BENCH/apps/erpnext" rev-parse HEAD)
	! stamped "$built" "$wanted" || return 0
	say "Building ERPNext's pages"
	logged build-erpnext bench build --app erpnext
	stamp "$built" "$wanted"
}

# --- pages -----------------------------------------------------------------------------------------

build_assets() {
	local frappe public built=$CIMS_BENCH/sites/assets/.built
	frappe=$(git -C "$CIMS_BENCH/apps/frappe" rev-parse HEAD)
	public=$(cd "$CHECKOUT" && content_hash cims/public cims/translations cims/locale package.json yarn.lock)
	stamped "$built" "$frappe $public" && return
	if [[ -f $built && $(<"$built") == "$frappe "* ]]; then
		say "Building the app's pages"
		logged build bench build --app cims
	else
		say "Building all pages (a minute or so)"
		logged build bench build
	fi
	stamp "$built" "$frappe $public"
}

# prepare_bench EXTRAS: everything up to the sites.
prepare_bench() {
	make_tools
	make_bench
	get_erpnext
	install_app "$1"
	build_assets
	build_erpnext
}

# --- sites -----------------------------------------------------------------------------------------

database_of() { echo "${1//[.-]/_}"; }

drop_site() {
	local database
	database=$(database_of "$1")
	sql "DROP DATABASE IF EXISTS \`$database\`; DROP USER IF EXISTS \`$database\`@'127.0.0.1'"
	rm -rf "$CIMS_BENCH/sites/$1"
}

# A fresh site with the app, past the questions that Frappe asks at the first log-in; with ERPNEXT beside ERPNext
# and a company of its own, whose documents are there before the app comes.
make_site() {
	make_bare_site "$1"
	if [[ $ERPNEXT ]]; then
		logged "install-erpnext-$1" bench --site "$1" install-app erpnext
		answer_setup "$1"
		logged "install-app-$1" bench --site "$1" install-app cims
	else
		logged "install-app-$1" bench --site "$1" install-app cims
		answer_setup "$1"
	fi
}

make_bare_site() {
	local site=$1 database password
	database=$(database_of "$site")
	password=$(head -c 18 /dev/urandom | base64 | tr '+/' '__')
	drop_site "$site"
	sql "CREATE DATABASE \`$database\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
		CREATE USER \`$database\`@'127.0.0.1' IDENTIFIED BY '$password';
		GRANT ALL ON \`$database\`.* TO \`$database\`@'127.0.0.1'"
	logged "new-site-$site" bench new-site "$site" --no-setup-db --db-name "$database" --db-password "$password" \
		--admin-password "$ADMIN_PASSWORD"
}

# What the wizard asks at the first log-in; ERPNext asks for a company, too.
answer_setup() {
	local language=English company='' year
	[[ ${LC_ALL:-${LANG:-}} != zh_CN* ]] || language=简体中文
	year=$(date +%Y)
	[[ ! $ERPNEXT ]] || company="'company_name': 'CIMS Trading', 'company_abbr': 'CT', 'chart_of_accounts': 'Standard',
		'fy_start_date': '$year-01-01', 'fy_end_date': '$year-12-31',"
	logged "setup-$1" bench --site "$1" execute frappe.desk.page.setup_wizard.setup_wizard.setup_complete --kwargs \
		"{'args': {$company 'language': '$language', 'country': 'China', 'timezone': 'Asia/Shanghai', 'currency': 'CNY'}}"
}

# What a site's tables and fixtures are made from.
schema_hash() { (cd "$CHECKOUT" && find cims -name public -prune -o -name tests -prune -o -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16); }
