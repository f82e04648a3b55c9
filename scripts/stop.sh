#!/usr/bin/env bash
# make stop: ends what make run has started, wherever it was started from.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/machine.sh"
source "$here/bench.sh"

stop_all_services
