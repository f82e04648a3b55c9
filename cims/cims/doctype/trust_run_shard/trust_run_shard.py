import frappe
from frappe.model.document import Document


class TrustRunShard(Document):
	"""Some customers of a run, and how far their rating is."""


def on_doctype_update():
	# For the claim of the next shard.
	frappe.db.add_index("Trust Run Shard", ["parent", "status", "stage", "idx"], "claim")
