#!/usr/bin/env bash
# make try: no server at all. Rates the receivables of a CSV file and writes an HTML report.
# try.sh [FILE]
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
source "$here/lib.sh"
source "$here/venv.sh"

file=${1:-$CHECKOUT/cims/trust/sample/receivables.csv}
report=out/trust-report.html

[[ -f $file ]] || die "there is no file $file"
make_venv ""
mkdir -p "${report%/*}"
"$VENV/bin/python" -m cims.trust rate "$file" --html "$report"
