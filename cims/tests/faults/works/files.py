"""The file that the works import: receivables of new customers, the same every time."""

from pathlib import Path
from tempfile import TemporaryDirectory

from frappe.utils import add_days, nowdate

from cims.imports import job


def bring_receivables(customers: int, invoices_each: int):
	"""A new import of as many invoices, all but the last of each customer settled: some early, some late."""
	lines = ["Customer,Invoice Number,Invoice Date,Due Date,Amount,Settled Date"]
	for customer in range(customers):
		for number in range(invoices_each):
			invoiced = add_days(nowdate(), -60 * (number + 1) - customer % 20)
			due = add_days(invoiced, 30)
			settled = add_days(due, customer % 20 - 5) if number else ""
			lines.append(
				f"Harbour {customer:04} Ltd,F-{customer}-{number},{invoiced},{due},{1000 + customer},{settled}"
			)
	with TemporaryDirectory() as folder:
		path = Path(folder) / "receivables.csv"
		path.write_text("\n".join(lines) + "\n")
		return job.bring(path, "Receivables", create_customers=1, currency="CNY")
