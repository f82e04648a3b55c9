"""Customers over REST, beyond what Frappe's own resource API does."""

import frappe

from cims.api import arguments
from cims.customers import status


@frappe.whitelist(methods=["POST"])
def archive(customer: str = "") -> dict:
	"""Archive a customer; needs the right to write it.

	```
	curl -X POST -H "Authorization: token KEY:SECRET" -d customer=C-000001 https://SITE/api/method/cims.api.customers.archive
	```
	"""
	arguments.required(customer=customer)
	doc = status.archive(customer)
	return {"customer": doc.name, "status": doc.status}
