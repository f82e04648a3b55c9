"""The tables that keep curves, beside the DocTypes since rows of bytes are no documents.

`__cims_curve`       one row for each customer: a number that stays with it, its points as `curve_format` packs them, and
                     whether they have changed since they last went into the months.
`__cims_curve_month` the same points the other way round, by month and for thousands of customers at once: see `standings`.

Who changes a curve holds the lock of the customer's row, taken before the transaction read anything, or has seen under that
lock that the customer was not rated since. So it is with everything that is worked out for a customer; curves need no lock
of their own then, and looking for one that isn't there yet doesn't lock the gap in which others put theirs.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import frappe

from cims.ratings import curve_format, sql
from cims.ratings.curve_format import Points

CURVES, MONTHS = "__cims_curve", "__cims_curve_month"
# What the name of a curve that is to go begins with, as no customer's does.
GONE = "\n"
# Names in one list of a statement; bytes and rows in one INSERT.
NAMES_AT_ONCE, BYTES_AT_ONCE, ROWS_AT_ONCE = 5000, 2_000_000, 1000


def create() -> None:
	"""Make the tables where they aren't there."""
	frappe.db.sql_ddl(
		f"""CREATE TABLE IF NOT EXISTS `{CURVES}` (
			`id` INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
			`customer` VARCHAR(140) NOT NULL,
			`changed` TINYINT NOT NULL DEFAULT 1,
			`points` MEDIUMBLOB NOT NULL,
			UNIQUE KEY `customer` (`customer`),
			KEY `changed` (`changed`)
		) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"""
	)
	frappe.db.sql_ddl(
		f"""CREATE TABLE IF NOT EXISTS `{MONTHS}` (
			`month` DATE NOT NULL,
			`block` INT UNSIGNED NOT NULL,
			`month_ends` INT UNSIGNED NOT NULL,
			`points` MEDIUMBLOB NOT NULL,
			PRIMARY KEY (`month`, `block`),
			KEY `block` (`block`)
		) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"""
	)


def drop() -> None:
	"""Take the tables away with everything in them; for uninstalling."""
	for table in (CURVES, MONTHS):
		frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `{table}`")


@dataclass(frozen=True)
class Kept:
	"""The curves of some customers: number and bytes of those who have one, and all their points by place in `customers`."""

	customers: Sequence[str]
	numbers: dict[int, int]
	packed: dict[int, bytes]

	@property
	def points(self) -> Points:
		return curve_format.unpack(sorted(self.packed.items()))


def read(customers: Sequence[str]) -> Kept:
	"""The curves of customers."""
	place = {name: at for at, name in enumerate(customers)}
	numbers, packed = {}, {}
	for part in sql.chunks(customers, NAMES_AT_ONCE):
		rows = frappe.db.sql(f"SELECT customer, id, points FROM `{CURVES}` WHERE customer IN %s", (part,))
		for name, number, points in rows:
			if (at := place.get(name)) is not None:
				numbers[at], packed[at] = number, points
	return Kept(customers, numbers, packed)


def store(kept: Kept, curves: Mapping[int, bytes]) -> int:
	"""Keep these as the curves of customers, given by place. Returns how many of them differed from what there was.

	kept: what there is. Only what differs is written. A customer without points has an empty curve, and so a number.
	"""
	old = [at for at, packed in curves.items() if at in kept.packed and packed != kept.packed[at]]
	new = [at for at in curves if at not in kept.packed]
	for part in _parcels(old, curves):
		rows = [(kept.numbers[at], kept.customers[at], 1, curves[at]) for at in part]
		frappe.db.sql(
			f"INSERT INTO `{CURVES}` (id, customer, changed, points) VALUES {', '.join(['%s'] * len(rows))}"
			" ON DUPLICATE KEY UPDATE changed = 1, points = VALUES(points)",
			rows,
		)
	for part in _parcels(new, curves):
		rows = [(kept.customers[at], curves[at]) for at in part]
		frappe.db.sql(
			f"INSERT INTO `{CURVES}` (customer, points) VALUES {', '.join(['%s'] * len(rows))}", rows
		)
	return len(old) + len(new)


def _parcels(places: Sequence[int], curves: Mapping[int, bytes]) -> Iterator[list[int]]:
	"""The places in parcels that one statement can carry."""
	parcel, size = [], 0
	for at in places:
		if parcel and (size + len(curves[at]) > BYTES_AT_ONCE or len(parcel) == ROWS_AT_ONCE):
			yield parcel
			parcel, size = [], 0
		parcel.append(at)
		size += len(curves[at])
	if parcel:
		yield parcel


def forget(customers: Collection[str]) -> None:
	"""Take the curves of customers away: they lose their name and points, and the row goes once the months know."""
	for part in sql.chunks(customers, NAMES_AT_ONCE):
		frappe.db.sql(
			f"UPDATE `{CURVES}` SET customer = CONCAT(%s, id), changed = 1, points = '' WHERE customer IN %s",
			(GONE, part),
		)


def rename(old: str, new: str) -> None:
	"""The customer is called otherwise: the curve goes along."""
	frappe.db.sql(f"UPDATE `{CURVES}` SET customer = %s WHERE customer = %s", (new, old))
