#!/usr/bin/env bash
# make lint: .pre-commit-config.yaml over all files. It mends what it can; then look at it and commit it.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/venv.sh"

lint=$VENV/lint
if ! stamped "$lint/.made" pre-commit; then
	"$(newest_python)" -m venv "$lint"
	"$lint/bin/pip" install --quiet pre-commit
	stamp "$lint/.made" pre-commit
fi
cd "$CHECKOUT"
"$lint/bin/pre-commit" run --all-files "$@"
