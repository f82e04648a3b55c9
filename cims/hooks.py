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

app_include_js = "cims.bundle.js"
app_include_css = "cims.bundle.css"
extend_bootinfo = "cims.boot.add"
doctype_list_js = {"CIMS Customer": "public/js/customer_views.js"}

jinja = {"methods": ["cims.ratings.drawing.curve_svg", "cims.ratings.panel.trust_panel"]}

fixtures = [{"dt": "Role", "filters": [["name", "like", "CIMS %"]]}]

after_install = "cims.install.after_install"
setup_wizard_complete = "cims.install.fill_settings"
before_uninstall = "cims.install.before_uninstall"
after_uninstall = "cims.install.after_uninstall"

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
		"on_update": "cims.ratings.store.segment_changed",
		"before_rename": "cims.ratings.store.before_customer_renamed",
		"after_rename": "cims.ratings.store.after_customer_renamed",
	},
	"User": {"on_trash": "cims.customers.guards.refuse_to_delete_manager"},
}

clear_cache = ["cims.ratings.policies.forget_cached", "cims.ratings.forecasts.forget_cached"]

scheduler_events = {
	"daily_long": [
		"cims.receivables.ledger.mark_overdue",
		"cims.customers.status.mark_dormant",
		"cims.ratings.rerate.nightly",
	],
	"monthly_long": ["cims.ratings.forecasts.refit"],
	# Ratings follow events by jobs of their own; this finds what a stopped worker left behind.
	"cron": {"*/5 * * * *": ["cims.ratings.rerate.sweep", "cims.imports.job.start_next"]},
}

# Who keeps something derived of customers: called with codes after customers were written set-based.
cims_customer_indexes = []

# Sources of receivables and trading events for the rating, in the order in which they are asked.
cims_receivable_sources = ["cims.receivables.orders.CIMSOrders"]
