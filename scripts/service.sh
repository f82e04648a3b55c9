#!/usr/bin/env bash
# One service of the bench, in the bench's folder: service.sh NAME COMMAND...   Its output: logs/NAME.log
# Notes its process number, so that what a killed run leaves behind is found and stopped; and lets the
# programs wait for the database and the two Redis that they need.
set -euo pipefail

name=$1
shift
echo $$ >"config/pids/$name.service"

wait_for_stores() {
	local port tries=300
	sed -n 's/^port[ =]*//p' config/mariadb.cnf config/redis_cache.conf config/redis_queue.conf | while read -r port; do
		until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || ((tries-- <= 0)); do sleep 0.2; done
	done
}

case $name in
mariadb | *redis*) ;;
*) wait_for_stores ;;
esac

exec "$@" >>"logs/$name.log" 2>&1
