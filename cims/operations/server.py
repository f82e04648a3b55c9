"""The database server as its administrator: scratch databases come and go, and two databases are compared.

Who that is: the one named on the command line; else `root_login` and `root_password` of the bench's configuration, which
Frappe uses as well; else the operating system's user over the server's socket, if the server knows that user.
"""

import getpass
import shutil
from collections.abc import Sequence
from pathlib import Path

import pymysql

import frappe
from frappe import _

# Only databases that are called so are ever dropped.
PREFIX = "_drill_"


class ServerError(frappe.ValidationError):
	"""The server doesn't let us in as its administrator; the message says what to do."""


class Server:
	"""A connection to the site's database server with the right to make databases and users."""

	def __init__(self, connection: pymysql.Connection):
		self.connection = connection

	@classmethod
	def connect(cls, login: str | None = None, password: str | None = None) -> "Server":
		login = login or frappe.conf.get("root_login")
		password = password or frappe.conf.get("root_password")
		if password:
			where = {"host": frappe.conf.db_host, "port": int(frappe.conf.db_port or 3306)}
			who = {"user": login or "root", "password": password}
		else:
			where = {"unix_socket": frappe.db.sql("SELECT @@socket")[0][0]}
			who = {"user": login or getpass.getuser()}
		try:
			return cls(pymysql.connect(**where, **who, charset="utf8mb4", autocommit=True))
		except pymysql.MySQLError as error:
			raise _refused(who["user"], error)

	def sql(self, query: str, values: Sequence = ()) -> Sequence[tuple]:
		with self.connection.cursor() as cursor:
			cursor.execute(query, values or None)
			return cursor.fetchall()

	def close(self) -> None:
		self.connection.close()

	# --- scratch databases

	def create(self, database: str, password: str) -> None:
		"""An empty database with a user of the same name, from where the site itself comes."""
		host = frappe.db.sql("SELECT CURRENT_USER()")[0][0].rpartition("@")[2]
		try:
			self.sql(f"CREATE DATABASE {quoted(database)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
			self.sql("CREATE USER %s@%s IDENTIFIED BY %s", (database, host, password))
			self.sql(f"GRANT ALL ON {quoted(database)}.* TO %s@%s", (database, host))
		except pymysql.MySQLError as error:
			raise _refused(self.connection.user.decode(), error)

	def drop(self, database: str) -> bool:
		"""Remove a scratch database and its user, also while something still writes to it. Returns whether there was any."""
		if not database.startswith(PREFIX):
			raise ValueError(f"{database} is no scratch database")
		hosts = [host for (host,) in self.sql("SELECT Host FROM mysql.user WHERE User = %s", (database,))]
		# First nobody can log in again, then whoever is there is thrown out, then nobody writes any more.
		for host in hosts:
			self.sql("DROP USER IF EXISTS %s@%s", (database, host))
		for (number,) in self.sql(
			"SELECT ID FROM information_schema.PROCESSLIST WHERE USER = %s", (database,)
		):
			self._kill(number)
		there = self.sql("SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", (database,))
		self.sql(f"DROP DATABASE IF EXISTS {quoted(database)}")
		return bool(hosts or there)

	def _kill(self, number: int) -> None:
		try:
			self.sql(f"KILL {int(number)}")
		except pymysql.MySQLError as error:
			if error.args[0] != pymysql.constants.ER.NO_SUCH_THREAD:
				raise


def _refused(user: str, error: pymysql.MySQLError) -> ServerError:
	return ServerError(
		_(
			"A scratch database needs the database's administrator, and {0} was refused ({1}). Give --db-root-username and --db-root-password, or set root_login and root_password in common_site_config.json."
		).format(user, error.args[-1])
	)


def free_space() -> int | None:
	"""Bytes free where the server keeps its data; None where that is another machine's or not for us to see."""
	folder = Path(frappe.db.sql("SELECT @@datadir")[0][0])
	try:
		return shutil.disk_usage(folder).free
	except OSError:
		return None


def size() -> int:
	"""Bytes of the site's tables with their indexes, as the server estimates them."""
	return int(
		frappe.db.sql(
			"""SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES
			WHERE TABLE_SCHEMA = DATABASE()"""
		)[0][0]
	)


def quoted(database: str) -> str:
	return "`" + database.replace("`", "``") + "`"
