# The machine: system packages, and the user who runs the bench. Sourced after lib.sh.
# shellcheck shell=bash

as_root() {
	if [[ $EUID -eq 0 ]]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root, and sudo is not here. As root, run: $*"
	fi
}

has_package() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

is_debian() { (. /etc/os-release && [[ $ID == debian ]]) 2>/dev/null; }

# MariaDB's programs without the system's own service: the bench starts its own.
# Ubuntu 22.04 has them only under a name with the version.
mariadb_packages() {
	if apt-cache show mariadb-server-core >/dev/null 2>&1; then
		echo mariadb-server-core mariadb-client
	else
		echo mariadb-server-core-10.6 mariadb-client
	fi
}

missing_packages() {
	local package
	for package in build-essential fonts-noto-cjk git python3-dev python3-venv rsync; do
		has_package "$package" || echo "$package"
	done
	command -v redis-server >/dev/null || echo redis-server
	command -v wkhtmltopdf >/dev/null || echo wkhtmltopdf
	command -v npm >/dev/null || echo nodejs npm
	[[ -x /usr/sbin/mariadbd && -x /usr/bin/mariadb-install-db && -x /usr/bin/mariadb ]] || mariadb_packages
	! wants_browser || ! is_debian || echo chromium
}

# Any Chromium that a test can drive. Ubuntu has it as a snap only, which it can't: there Playwright
# brings its own, and needs the libraries from here.
browser() { command -v chromium google-chrome | grep -v /snap/ | head -n 1; }

wants_browser() { [[ ${WITH_CHROMIUM:-} && -z $(browser) ]]; }

install_browser_libraries() {
	local venv
	! is_debian && wants_browser && ! has_package libnss3 || return 0
	say "Installing the libraries of Playwright's Chromium"
	venv=$(mktemp -d)
	"$PYTHON" -m venv "$venv"
	"$venv/bin/pip" install --quiet playwright
	as_root "$venv/bin/playwright" install-deps chromium >/dev/null
	rm -rf "$venv"
}

install_system_packages() {
	local missing
	command -v dpkg-query >/dev/null || die "these scripts know Debian and Ubuntu; elsewhere use an existing bench, as the README says"
	read -ra missing <<<"$(missing_packages | tr '\n' ' ')"
	[[ ${#missing[@]} -eq 0 ]] || install_packages "${missing[@]}"
	install_browser_libraries
}

install_packages() {
	local missing=("$@") redis_was_here
	say "Installing ${missing[*]}"
	redis_was_here=$(command -v redis-server || true)
	as_root apt-get update -qq
	read -ra missing <<<"$(missing_packages | tr '\n' ' ')" # some names only the fresh index tells
	# --no-remove: never push out a database that is already here.
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove "${missing[@]}" \
		>/dev/null || die "apt-get could not install ${missing[*]}"
	# The package starts a Redis of the system's, which nobody asked for.
	[[ $redis_was_here || ! -d /run/systemd/system ]] || as_root systemctl disable --now -q redis-server
}

check_python() {
	"$PYTHON" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null ||
		die "Frappe 15 needs Python 3.10 to 3.12, which $PYTHON is not; set PYTHON to one that is"
}

# --- the user --------------------------------------------------------------------------------------

# become_bench_user SCRIPT ARGUMENT...: bench refuses root, and root's checkout is often closed to
# others; so root hands over to the user `cims` and to a copy of the checkout inside the bench. A user
# who can't write to the checkout gets such a copy too: installing the app writes into its folder.
become_bench_user() {
	local script=$1 copy=$STATE/checkout
	shift
	if [[ $EUID -eq 0 ]]; then
		id "$BENCH_USER" >/dev/null 2>&1 || useradd --create-home --shell /bin/bash "$BENCH_USER"
		refuse_foreign_bench
		install -d -o "$BENCH_USER" -g "$BENCH_USER" "$CIMS_BENCH" "$STATE"
		copy_checkout "$copy" --chown="$BENCH_USER:$BENCH_USER"
		cd /
		exec_as_bench_user bash "$copy/scripts/$script" "$@"
	elif [[ ! -w $CHECKOUT ]]; then
		claim_bench
		copy_checkout "$copy"
		exec bash "$copy/scripts/$script" "$@"
	fi
}

copy_checkout() { # TO RSYNC-OPTION...: what git would take, and without what is gone
	local to=$1
	shift
	rsync -a --delete --filter=':- .gitignore' --exclude=/.git --exclude='*.egg-info' "$@" "$CHECKOUT/" "$to/"
}

# The environment goes along (proxies, certificates, mirrors), but for what points into root's own home.
exec_as_bench_user() {
	local name home keep=()
	home=$(getent passwd "$BENCH_USER" | cut -d: -f6)
	while IFS= read -r name; do
		[[ ${!name} == "$HOME"/* ]] || keep+=("$name=${!name}")
	done < <(compgen -e | grep -vxE 'HOME|USER|LOGNAME|PATH|XDG_RUNTIME_DIR')
	exec env -i "${keep[@]}" HOME="$home" USER="$BENCH_USER" LOGNAME="$BENCH_USER" CIMS_BENCH="$CIMS_BENCH" \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		setpriv --reuid="$BENCH_USER" --regid="$BENCH_USER" --init-groups "$@"
}
