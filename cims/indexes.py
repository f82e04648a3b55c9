"""Indexes of a DocType's table, brought in line with what its module says.

Each index serves a filter or an order that we ship, or a query that reads many rows; any other only slows imports down.
`cims/tests/site/test_lists.py` asks the database for every list whether its indexes serve it.
"""

from collections.abc import Collection, Mapping, Sequence

import frappe


def bring(doctype: str, wanted: Mapping[str, Sequence[str]], retired: Collection[str] = ()) -> None:
	"""Give the table the `wanted` indexes (name -> columns) that it lacks and take away the `retired` ones.

	All in one statement, which reads a large table once. Ends the transaction if there is anything to do.
	"""
	table = f"tab{doctype}"
	found = {row.Key_name for row in frappe.db.sql(f"SHOW INDEX FROM `{table}`", as_dict=True)}
	changes = [f"DROP INDEX `{name}`" for name in sorted(found.intersection(retired))]
	changes += [
		f"ADD INDEX `{name}` ({', '.join(f'`{column}`' for column in columns)})"
		for name, columns in wanted.items()
		if name not in found
	]
	if changes:
		frappe.db.sql_ddl(f"ALTER TABLE `{table}` {', '.join(changes)}")
