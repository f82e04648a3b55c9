"""Whom the rows of a file are about: their keys, compared with each other and with the customers that are there, set-based
and by the database's own notion of what is equal."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from cims.customers.status import ARCHIVED
from cims.imports import bulk

CUSTOMER = "CIMS Customer"
# Tables of this connection: the keys of these rows, and those of the whole file with the first row of each.
HERE, SEEN = "cims_import_here", "cims_import_seen"
COLUMNS = "`row` INT NOT NULL, `field` VARCHAR(20) NOT NULL, `value` VARCHAR(140) NOT NULL"
LONGEST = 140
TITLE = "customer_name"


class Matching:
	"""own: the import's ID. Its own customers are left out: who they are is told by the file itself."""

	def __init__(self, own: str):
		self.own = own
		self.at: dict[int, int] = {}
		bulk.create(HERE, COLUMNS)
		bulk.create(SEEN, f"{COLUMNS}, PRIMARY KEY (`field`, `value`)")

	def close(self) -> None:
		bulk.drop(HERE)
		bulk.drop(SEEN)

	def load(
		self, numbers: Sequence[int], keys: Mapping[str, Sequence], titles: Sequence[str | None]
	) -> None:
		"""Take these rows for the next questions. keys: field -> values; titles: names, where these may tell a customer."""
		self.at = {number: at for at, number in enumerate(numbers)}
		found = [
			(number, name, value)
			for name, column in (*keys.items(), (TITLE, titles))
			for number, value in zip(numbers, column, strict=True)
			if value and len(value) <= LONGEST
		]
		bulk.create(HERE, COLUMNS)
		self.again = False
		if found:
			bulk.load(HERE, ("row", "field", "value"), list(zip(*found, strict=True)))
			new = bulk.run(
				f"INSERT IGNORE INTO `{SEEN}` SELECT * FROM `{HERE}` WHERE `field` != %s ORDER BY `row`",
				(TITLE,),
			)
			self.again = new < sum(name != TITLE for _number, name, _value in found)

	def seen(self) -> Iterator[tuple[int, str, str, int]]:
		"""(position, field, value, number of the row where the value stands first) of keys that stand twice in the file."""
		if not self.again:
			return
		for number, name, value, first in bulk.rows(
			f"""SELECT here.`row`, here.`field`, here.`value`, seen.`row` FROM `{HERE}` here
			JOIN `{SEEN}` seen ON seen.`field` = here.`field` AND seen.`value` = here.`value`
			WHERE seen.`row` != here.`row` ORDER BY here.`row`"""
		):
			yield self.at[number], name, value, first

	def there(
		self, name: str, column: str, fields: Sequence[str], living: bool = False
	) -> dict[int, list[dict]]:
		"""Position -> the customers that have the row's key `name` in a column, with these of their fields.

		living: leave out archived ones.
		"""
		chosen = ", ".join(f"there.`{one}`" for one in fields)
		more = "AND there.status != %(archived)s" if living else ""
		found = defaultdict(list)
		for number, *values in bulk.rows(
			f"""SELECT STRAIGHT_JOIN here.`row`, {chosen} FROM `{HERE}` here
			JOIN `tab{CUSTOMER}` there ON there.`{column}` = here.`value`
			WHERE here.`field` = %(name)s AND (there.import_id IS NULL OR there.import_id != %(own)s) {more}
			ORDER BY here.`row`, there.name""",
			{"name": name, "own": self.own, "archived": ARCHIVED},
		):
			found[self.at[number]].append(dict(zip(fields, values, strict=True)))
		return found
