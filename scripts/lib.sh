# Settings and helpers that every script here shares. Sourced, never run.
# shellcheck shell=bash disable=SC2034 # the settings are used by the scripts that source this file

FRAPPE_REPO=${FRAPPE_REPO:-https://github.com/frappe/frappe}
FRAPPE_BRANCH=${FRAPPE_BRANCH:-version-15}
ERPNEXT=${ERPNEXT:-} # anything: the site has ERPNext, too
ERPNEXT_REPO=${ERPNEXT_REPO:-https://github.com/frappe/erpnext}
ERPNEXT_BRANCH=${ERPNEXT_BRANCH:-version-15}
PYTHON=${PYTHON:-/usr/bin/python3}
ADMIN_PASSWORD=${ADMIN_PASSWORD:-admin}

BENCH_USER=cims # who runs the bench when root started the script
bench_home=$HOME
if [[ $EUID -eq 0 ]]; then
	bench_home=$(getent passwd "$BENCH_USER" | cut -d: -f6 || true)
	bench_home=${bench_home:-/home/$BENCH_USER}
fi
CIMS_BENCH=$(realpath -m "${CIMS_BENCH:-$bench_home/cims-bench}")

CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
STATE=$CIMS_BENCH/.cims # what these scripts keep for themselves: tools, logs, the lock
TOOLS=$STATE/tools

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# logged NAME COMMAND...: the output goes to a log; its tail is shown only if the command fails.
logged() {
	local log=$STATE/logs/$1.log
	shift
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tr '\r' '\n' <"$log" | tail -n 40 >&2
		die "this failed: $*  (all of its output: $log)"
	fi
}

# stamped FILE VALUE: whether the step that wrote FILE finished, and did so for the same VALUE.
stamped() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# stamp FILE VALUE: only ever called after a step has succeeded; a rename can't be half done.
stamp() {
	printf '%s\n' "$2" >"$1.new"
	mv -f "$1.new" "$1"
}

# content_hash PATH...: one hash over all the files there are, whatever their dates.
content_hash() {
	{ find "$@" -type f -not -name '*.pyc' -not -path '*/public/dist/*' -print0 2>/dev/null || true; } | sort -z | xargs -0r sha256sum | sha256sum | cut -c1-16
}
