app_name = "cims"
app_title = "CIMS"
app_publisher = "The CIMS contributors"
app_description = "Customer information management with a trust rating that explains itself"
app_email = "maintainers@users.noreply.github.com"
app_license = "GPL-3.0-or-later"

add_to_apps_screen = [
	{
		"name": "cims",
		"logo": "/assets/cims/images/cims-logo.svg",
		"title": "CIMS",
		"route": "/app/cims",
		"has_permission": "cims.permissions.may_open_app",
	}
]

# What there is about as much of as there are customers, or more.
LARGE = (
	"CIMS Customer", "CIMS Import Change", "CIMS Order", "CIMS Payment", "Customer Merge", "Duplicate Candidate",
	"Trust Evidence", "Trust Rating",
)  # fmt: skip

app_include_js = "cims.bundle.js"
app_include_css = "cims.bundle.css"
extend_bootinfo = "cims.boot.add"
doctype_js = {"CIMS Customer": "public/js/duplicate_check.js"}
doctype_list_js = {name: ["public/js/lists.js"] for name in LARGE}
doctype_list_js["CIMS Customer"].append("public/js/customer_list_search.js")
standard_queries = {"CIMS Customer": "cims.api.search.link"}

jinja = {"methods": ["cims.ratings.drawing.curve_svg", "cims.ratings.panel.trust_panel"]}

fixtures = [{"dt": "Role", "filters": [["name", "like", "CIMS %"]]}]

after_install = "cims.install.after_install"
setup_wizard_complete = "cims.install.fill_settings"
after_app_install = ["cims.timeline.storage.bring", "cims.erpnext.install.bring"]
after_migrate = ["cims.search.index.ensure", "cims.timeline.storage.bring", "cims.erpnext.install.bring"]
before_uninstall = "cims.install.before_uninstall"
before_app_uninstall = "cims.erpnext.install.take_away"
after_uninstall = "cims.install.after_uninstall"

before_tests = "cims.tests.records.before_tests"

doc_events = {
	"CIMS Order": {
		"on_submit": "cims.receivables.events.order_changed",
		"on_update_after_submit": "cims.receivables.events.order_changed",
		"on_cancel": "cims.receivables.events.order_changed",
	},
	"CIMS Payment": {
		"on_submit": "cims.receivables.events.payment_changed",
		"on_update_after_submit": "cims.receivables.events.payment_changed",
		"on_cancel": "cims.receivables.events.payment_changed",
	},
	"CIMS Customer": {
		"on_update": [
			"cims.ratings.store.segment_changed",
			"cims.duplicates.keys.on_update",
			"cims.duplicates.twins.on_update",
		],
		"on_trash": ["cims.erpnext.write_through.refuse_to_delete", "cims.duplicates.keys.on_trash"],
		"before_rename": [
			"cims.erpnext.write_through.refuse_to_merge",
			"cims.ratings.store.before_customer_renamed",
		],
		"after_rename": [
			"cims.ratings.store.after_customer_renamed",
			"cims.search.events.customer_renamed",
		],
		"on_change": "cims.search.events.customer_changed",
		"after_delete": "cims.search.events.customer_deleted",
		# ERPNext
		"onload": "cims.erpnext.write_through.onload",
		"before_save": "cims.erpnext.write_through.before_save",
	},
	"Contact": {
		"on_change": ["cims.search.events.contact_changed", "cims.erpnext.follow.contact_changed"],
		"after_delete": ["cims.search.events.contact_changed", "cims.erpnext.follow.contact_changed"],
	},
	"User": {"on_trash": "cims.customers.guards.refuse_to_delete_manager"},
	# ERPNext: evidence
	"Payment Ledger Entry": {"on_submit": "cims.erpnext.evidence.live.ledger_changed"},
	"Unreconcile Payment": {"on_submit": "cims.erpnext.evidence.live.payments_were_parted"},
	"Sales Invoice": dict.fromkeys(
		("on_submit", "on_update_after_submit", "on_cancel"), "cims.erpnext.evidence.live.invoice_changed"
	),
	"Sales Order": {
		"after_insert": "cims.erpnext.evidence.live.order_amended",
		**dict.fromkeys(("on_change", "on_cancel", "on_trash"), "cims.erpnext.evidence.live.order_changed"),
	},
	"Delivery Note": dict.fromkeys(("on_submit", "on_cancel"), "cims.erpnext.evidence.live.delivery_changed"),
	"Issue": dict.fromkeys(("on_update", "on_trash"), "cims.erpnext.evidence.live.issue_changed"),
	"Dunning": dict.fromkeys(("on_submit", "on_cancel"), "cims.erpnext.evidence.live.dunning_changed"),
	"Company": {
		"after_rename": [
			"cims.erpnext.evidence.live.company_renamed",
			"cims.erpnext.acting.rules.company_renamed",
		]
	},
	# ERPNext: customers
	"Address": {"on_update": "cims.erpnext.follow.address_changed"},
	"Customer": {
		"before_validate": "cims.erpnext.follow.note_customer",
		"on_update": "cims.erpnext.follow.customer_changed",
		"before_rename": "cims.erpnext.follow.before_customer_renamed",
		"after_rename": "cims.erpnext.follow.after_customer_renamed",
		"on_trash": "cims.erpnext.follow.customer_trashed",
		"onload": "cims.erpnext.standing.load",
	},
}
# ERPNext: what the rules of trust say of what is sold.
SELLING = ("Quotation", "Sales Order", "Delivery Note", "Sales Invoice")
for _doctype in SELLING:
	doc_events.setdefault(_doctype, {}).update(
		validate="cims.erpnext.acting.gate.validate",
		before_submit="cims.erpnext.acting.gate.before_submit",
		before_update_after_submit="cims.erpnext.acting.gate.before_update_after_submit",
	)
doctype_js |= {
	"Customer": "public/js/erpnext/customer.js",
	**dict.fromkeys(SELLING, "public/js/erpnext/selling.js"),
}
doctype_list_js["Customer"] = "public/js/erpnext/customer_list.js"
additional_timeline_content = {name: ["cims.erpnext.acting.decisions.timeline"] for name in SELLING}

# ERPNext: its drafts and cancelled documents can be deleted as ever; what they said has been taken back by then, and what was
# decided on them is kept.
ignore_links_on_delete = ["Trust Evidence", "Receivable Dispute", "Trust Decision", "Trust Terms Change"]

# Brought in line with customers that were written as sets of rows, in the same transaction: f(names).
cims_customer_indexes = [
	# ERPNext
	"cims.erpnext.adoption.settle",
	"cims.search.index.refresh",
	"cims.duplicates.keys.refresh",
]

has_permission = {
	"Duplicate Candidate": "cims.duplicates.queue.has_permission",
	"Trust Snapshot": "cims.ratings.snapshot_list.may_read",
}

# What User Permissions leave of these lists, said so that an index serves it.
permission_query_conditions = dict.fromkeys(LARGE, "cims.permissions.rows_of")

clear_cache = [
	"cims.ratings.policies.forget_cached",
	"cims.ratings.forecasts.forget_cached",
	"cims.cims.report.remembered.forget",
	"cims.timeline.storage.forget",
	"cims.erpnext.acting.rules.forget_cached",
]

scheduler_events = {
	"daily_long": [
		"cims.receivables.ledger.mark_overdue",
		"cims.customers.status.mark_dormant",
		# ERPNext
		"cims.erpnext.adoption.nightly",
		"cims.ratings.rerate.nightly",
		# ERPNext
		"cims.erpnext.evidence.live.nightly",
	],
	"monthly_long": ["cims.ratings.forecasts.refit"],
	# Ratings follow events by jobs of their own; this finds what a stopped worker left behind.
	"cron": {
		"*/5 * * * *": [
			"cims.ratings.rerate.sweep",
			"cims.search.index.tidy",
			"cims.ratings.standings.refresh",
			"cims.imports.job.start_next",
			# ERPNext
			"cims.erpnext.evidence.live.sweep",
			"cims.erpnext.adoption.recent",
		]
	},
}

# Sources of receivables and trading events for the rating, in the order in which they are asked.
cims_receivable_sources = [
	"cims.receivables.orders.CIMSOrders",
	# ERPNext
	"cims.erpnext.evidence.ERPNextDocuments",
]
