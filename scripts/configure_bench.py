"""Choose ports that nobody uses, the present ones if they are free, and write the settings of a bench.

configure_bench.py BENCH, while the bench's services are down.
"""

import json
import socket
import sys
from pathlib import Path

MARIADB = """\
[mariadbd]
datadir = {bench}/mariadb/data
socket = {bench}/mariadb/mariadb.sock
pid-file = {bench}/mariadb/mariadb.pid
# One that starts clears away what it finds of temporary tables, whoever's they are.
tmpdir = {bench}/mariadb/tmp
port = {port}
bind-address = 127.0.0.1
skip-name-resolve
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_ci
character-set-client-handshake = FALSE
local-infile = 1
max-allowed-packet = 256M
innodb-buffer-pool-size = 512M
# Safe against a crash of MariaDB though not of the machine, and several times faster.
innodb-flush-log-at-trx-commit = 2
"""


def free_port(start: int, taken: set[int]) -> int:
	"""The first port from `start` on that nobody listens on, at any address."""
	for port in range(start, start + 1000):
		with socket.socket() as probe:
			try:
				probe.bind(("", port))
			except OSError:
				continue
		if port not in taken:
			taken.add(port)
			return port
	raise SystemExit(f"no free port from {start} on")


def port_in(value: int | str) -> int:
	return int(str(value).rpartition(":")[2])


def main() -> None:
	bench = Path(sys.argv[1])
	path = bench / "sites/common_site_config.json"
	config = json.loads(path.read_text())
	taken: set[int] = set()
	config.update(
		db_host="127.0.0.1",
		db_port=free_port(config.get("db_port", 13306), taken),
		redis_cache=f"redis://127.0.0.1:{free_port(port_in(config['redis_cache']), taken)}",
		redis_queue=f"redis://127.0.0.1:{free_port(port_in(config['redis_queue']), taken)}",
		socketio_port=free_port(config["socketio_port"], taken),
		default_site="cims.localhost",
		developer_mode=0,
		live_reload=False,
		local_infile=1,  # imports load their rows with LOAD DATA LOCAL
	)
	config["redis_socketio"] = config["redis_cache"]
	path.write_text(json.dumps(config, indent=1, sort_keys=True))
	(bench / "mariadb/tmp").mkdir(parents=True, exist_ok=True)
	(bench / "config/mariadb.cnf").write_text(MARIADB.format(bench=bench, port=config["db_port"]))


if __name__ == "__main__":
	main()
