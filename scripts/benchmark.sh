#!/usr/bin/env bash
# make bench: speed and memory of the engine, by benchmarks/run.py. Arguments go there.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/venv.sh"

make_venv ""
cd "$CHECKOUT"
exec "$VENV/bin/python" benchmarks/run.py "$@"
