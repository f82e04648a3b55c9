# A virtual environment in the checkout with the engine alone: no bench, no site. Sourced after machine.sh.
# shellcheck shell=bash

VENV=$CHECKOUT/.venv

make_venv() { # EXTRAS: "" or "[test]"
	local python wanted
	python=$(newest_python)
	wanted="$CHECKOUT $("$python" -V) $(content_hash "$CHECKOUT/pyproject.toml")"
	stamped "$VENV/.made$1" "$wanted" && return
	say "Installing the trust engine into $VENV"
	[[ -x $VENV/bin/pip ]] || rm -rf "$VENV"
	"$python" -m venv "$VENV"
	"$VENV/bin/pip" install --quiet --editable "$CHECKOUT$1"
	stamp "$VENV/.made$1" "$wanted"
}

newest_python() { # python3 if it will do, and what the distribution has otherwise
	local python
	for python in python3 /usr/bin/python3; do
		"$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo "$python" && return
	done
	die "this needs Python 3.10 or newer with venv; on Debian and Ubuntu: apt-get install python3-venv"
}
