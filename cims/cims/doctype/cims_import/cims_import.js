const OUTCOMES = {
	new: { label: __("New", null, "CIMS Import"), colour: "green" },
	updated: { label: __("Updated"), colour: "blue" },
	duplicate: { label: __("Duplicate", null, "CIMS Import"), colour: "gray" },
	rejected: { label: __("Rejected"), colour: "red" },
};
const BUSY = ["Queued", "Checking", "Importing", "Undoing"];
// What is in can only be undone.
const WRITTEN = ["Imported", "Stopped", "Undone"];
const DECIDING = [
	"file", "date_format", "create_customers", "currency", "update_customers", "match_by", "take_good_rows", "by_batch",
	"lane",
];
const POLL = 2000;
const FILES = [".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls"];

frappe.ui.form.on("CIMS Import", {
	setup(frm) {
		frappe.realtime.on("cims_import_progress", (state) => {
			if (state.name === frm.doc.name) show_progress(frm, state);
		});
		frappe.realtime.on("cims_import_done", ({ name }) => {
			if (name === frm.doc.name && BUSY.includes(frm.doc.status)) frm.reload_doc();
		});
	},

	refresh(frm) {
		frm.disable_save(true);
		// Our own end of the upload says what is wrong with an empty file.
		frm.set_df_property("file", "options", {
			method: "cims.api.imports.take_file",
			restrictions: { allowed_file_types: FILES },
		});
		frm.toggle_enable(DECIDING, ![...BUSY, ...WRITTEN].includes(frm.doc.status));
		show_steps(frm);
		show_columns(frm);
		show_plan(frm);
		show_result(frm);
		set_action(frm);
		watch(frm);
	},

	file: save_file,
	kind: set_action,
	date_format: changed,
	create_customers: changed,
	update_customers: changed,
	currency: changed,
	take_good_rows: changed,
	match_by: changed,
	by_batch: changed,
	lane: changed,

	template(frm) {
		const kind = encodeURIComponent(frm.doc.kind);
		window.open(`/api/method/cims.api.imports.template?kind=${kind}`);
	},
});

// The columns can only be shown of a file that the server has.
function save_file(frm) {
	if (frm.doc.file) {
		frm.doc.mapping = null;
		frm.save();
	}
}

function changed(frm) {
	if (!frm.is_new()) set_action(frm);
}

function set_action(frm) {
	const doc = frm.doc;
	frm.page.clear_primary_action();
	frm.clear_custom_buttons();
	if (BUSY.includes(doc.status)) return;
	if (WRITTEN.includes(doc.status)) return set_action_afterwards(frm);
	if (!doc.file) return;
	const writes = (doc.rows_new || 0) + (doc.rows_updated || 0);
	const held = doc.rows_rejected && !doc.take_good_rows;
	const checked = doc.status === "Checked" && !frm.is_dirty();
	if (checked && writes && !held) {
		const label = doc.rows_rejected ? __("Import {0} Good Rows", [count(writes)]) : __("Import {0} Rows", [count(writes)]);
		frm.page.set_primary_action(label, () => run(frm, "start"));
		frm.add_custom_button(__("Check Again"), () => run(frm, "check"));
	} else {
		frm.page.set_primary_action(checked ? __("Check Again") : __("Check File"), () => run(frm, "check"));
	}
	if (held && !frm.is_dirty()) {
		frm.add_custom_button(__("Take the Good Rows"), async () => {
			await frm.set_value("take_good_rows", 1);
			await run(frm, "check");
		});
	}
}

function set_action_afterwards(frm) {
	const { name, kind, status } = frm.doc;
	if (status === "Stopped") {
		frm.page.set_primary_action(__("Go On"), () => run(frm, "start"));
	} else {
		frm.page.set_primary_action(__("New Import"), () => frappe.new_doc("CIMS Import", { kind }));
	}
	if (status === "Undone") return;
	const made = [["CIMS Customer", __("Customers")]];
	if (kind !== "Customers") made.unshift(["CIMS Order", __("Orders")], ["CIMS Payment", __("Payments")]);
	for (const [doctype, label] of made) {
		frm.add_custom_button(label, () => frappe.set_route("List", doctype, { import_id: name }));
	}
	frm.add_custom_button(__("Undo Import"), () =>
		frappe.confirm(
			__("Everything that this import has made is deleted, and what it changed gets its former values. Undo it?"),
			() => run(frm, "undo", __("Looking for what builds on it..."))
		)
	);
}

async function run(frm, method, said = __("Reading the file...")) {
	if (frm.is_dirty() || frm.is_new()) await frm.save();
	await call(method, frm.doc.name, { freeze: true, freeze_message: said });
	await frm.reload_doc();
}

// By name: what the server works out changes the document while the page still has the former one.
async function call(method, name, options = {}) {
	const type = ["check", "start", "undo"].includes(method) ? "POST" : "GET";
	const { message } = await frappe.call({ method: `cims.api.imports.${method}`, type, args: { name }, ...options });
	return message;
}

function show_steps(frm) {
	const at = { Draft: 0, Checking: 1, Checked: 1, Failed: 1 }[frm.doc.status] ?? 2;
	const steps = [__("File and columns"), __("What would happen"), __("Import")];
	const items = steps.map((step, i) => {
		const state = i < at || frm.doc.status === "Imported" ? "done" : i === at ? "now" : "later";
		const colour = { done: "green", now: "blue", later: "gray" }[state];
		const current = state === "now" ? 'aria-current="step"' : "";
		const sign = state === "done" ? "✓" : i + 1;
		return `<li class="mr-4" ${current}>
			<span class="indicator-pill no-indicator-dot ${colour}">${sign}</span>
			<span class="${state === "later" ? "text-muted" : "bold"}">${step}</span></li>`;
	});
	html(frm, "steps_html", `<ol class="list-unstyled d-flex flex-wrap mb-0">${items.join("")}</ol>`);
}

async function show_columns(frm) {
	const field = frm.fields_dict.columns_html;
	if (frm.is_new() || !frm.doc.file || WRITTEN.includes(frm.doc.status)) return field.$wrapper.empty();
	const name = frm.doc.name;
	const found = await call("columns", name);
	if (frm.doc.name !== name || !found) return;
	if (found.error) return html(frm, "columns_html", alert_box("red", found.error));
	const mapping = { ...found.mapping };
	const samples = (header) => {
		const column = found.columns.find((one) => one.header === header);
		return column ? column.samples.map(escape).join("<br>") : "";
	};
	const options = (chosen) =>
		[`<option value="">${__("not in the file")}</option>`]
			.concat(
				found.columns.map(({ header }) => {
					const selected = header === chosen ? "selected" : "";
					return `<option value="${escape(header)}" ${selected}>${escape(header)}</option>`;
				})
			)
			.join("");
	const rows = found.fields.map((one) => {
		const required = one.required ? '<span class="text-danger" aria-hidden="true"> *</span>' : "";
		const help = one.help ? `<div class="text-muted small">${escape(one.help)}</div>` : "";
		return `<tr data-field="${one.name}">
			<th scope="row" class="font-weight-normal">${escape(one.label)}${required}${help}</th>
			<td><div class="flex align-center" style="position: relative">
				<select class="form-control input-xs" aria-label="${escape(one.label)}" ${one.required ? "required" : ""}>
				${options(mapping[one.name])}</select>
				<div class="select-icon" style="position: absolute; right: 8px; pointer-events: none">${frappe.utils.icon("select", "sm")}</div>
			</div></td>
			<td class="text-muted small samples">${samples(mapping[one.name])}</td></tr>`;
	});
	html(
		frm,
		"columns_html",
		`<div class="table-responsive"><table class="table table-bordered table-sm cims-import-columns">
		<thead><tr><th>${__("Field")}</th><th>${__("Column of the file")}</th><th>${__("First values")}</th></tr></thead>
		<tbody>${rows.join("")}</tbody></table></div><div class="columns-note"></div>`
	);
	const note = () => {
		const missing = found.fields.filter((one) => one.required && !mapping[one.name]).map((one) => one.label);
		const text = __("Choose a column for: {0}.", [missing.join(", ")]);
		field.$wrapper.find(".columns-note").html(missing.length ? alert_box("orange", text) : "");
	};
	note();
	field.$wrapper.find("select").prop("disabled", BUSY.includes(frm.doc.status));
	field.$wrapper.on("change", "select", (event) => {
		const row = $(event.target).closest("tr");
		mapping[row.data("field")] = event.target.value;
		row.find(".samples").html(samples(event.target.value));
		frm.set_value("mapping", JSON.stringify(mapping));
		note();
		set_action(frm);
	});
}

function show_plan(frm) {
	const doc = frm.doc;
	if (!["Checked", "Failed"].includes(doc.status)) return html(frm, "plan_html", "");
	const error = doc.error ? alert_box("red", doc.error) : "";
	if (!doc.rows_total) return html(frm, "plan_html", error || alert_box("orange", __("The file has no rows to import.")));
	const held = doc.status === "Checked" && doc.rows_rejected && !doc.take_good_rows;
	const hint = held
		? alert_box(
				"orange",
				__(
					"{0} of {1} rows have a problem, so nothing would be written. Correct the file and attach it again, or take the good rows: the rest comes back as a file.",
					[count(doc.rows_rejected), count(doc.rows_total)]
				)
		  )
		: "";
	html(frm, "plan_html", error + hint + tiles(doc) + rejects_link(doc) + new_customers(doc) + samples_of(doc));
}

function show_result(frm) {
	const doc = frm.doc;
	if (!WRITTEN.includes(doc.status)) return html(frm, "result_html", "");
	const error = doc.error ? alert_box("red", doc.error) : "";
	html(frm, "result_html", error + said_of(doc) + tiles(doc) + rejects_link(doc) + new_customers(doc) + samples_of(doc));
}

function said_of(doc) {
	const written = count(doc.rows_new + doc.rows_updated);
	if (doc.status === "Undone") {
		return alert_box("orange", __("This import was undone: what it had written is gone, ratings follow in the background."));
	}
	if (doc.status === "Stopped") {
		return alert_box("orange", __("{0} rows are written and stay. Go on to write the rest, or undo the import.", [written]));
	}
	const seconds = Math.max(moment(doc.finished_on).diff(moment(doc.started_on), "seconds"), 1);
	return alert_box(
		"green",
		__("{0} of {1} rows were written in {2}. Ratings follow in the background.", [
			written,
			count(doc.rows_total),
			frappe.utils.get_formatted_duration(seconds),
		])
	);
}

function tiles(doc) {
	const items = Object.entries(OUTCOMES).map(
		([outcome, { label, colour }]) => `<div class="col-6 col-md-3 mb-3"><div class="border rounded p-3">
			<div class="h4 mb-1">${count(doc[`rows_${outcome}`])}</div>
			<span class="indicator-pill ${colour}">${label}</span></div></div>`
	);
	return `<div class="row">${items.join("")}</div>`;
}

function rejects_link(doc) {
	if (!doc.rejects) return "";
	const text = __("Download the rejected rows with their reasons");
	return `<p><a class="btn btn-default btn-sm" href="${encodeURI(doc.rejects)}" download>${text}</a></p>`;
}

function new_customers(doc) {
	const made = summary_of(doc).customers || [];
	if (!made.length) return "";
	const names = made.map(([code, name]) => escape(code && code !== name ? `${code} ${name}` : name));
	const more = doc.customers_created > made.length ? __("and {0} more", [count(doc.customers_created - made.length)]) : "";
	const head =
		doc.status === "Imported"
			? __("{0} customers were created:", [count(doc.customers_created)])
			: __("{0} customers would be created:", [count(doc.customers_created)]);
	return `<p><b>${head}</b> ${names.join(", ")} ${more}</p>`;
}

function samples_of(doc) {
	const samples = summary_of(doc).samples || {};
	return ["rejected", "updated", "duplicate", "new"]
		.filter((outcome) => (samples[outcome] || []).length)
		.map((outcome) => sample_table(outcome, samples[outcome], doc[`rows_${outcome}`]))
		.join("");
}

function sample_table(outcome, rows, total) {
	const labels = [...new Set(rows.flatMap((row) => Object.keys(row.cells)))];
	const notes = rows.some((row) => row.note);
	const note_head = outcome === "rejected" ? __("Reason") : __("What changes");
	const head = [__("Row"), ...(notes ? [note_head] : []), ...labels].map((label) => `<th>${escape(label)}</th>`);
	const body = rows.map((row) => {
		const cells = [count(row.row), ...(notes ? [row.note] : []), ...labels.map((label) => row.cells[label] || "")];
		return `<tr>${cells
			.map((cell, at) => `<td style="${notes && at === 1 ? "min-width: 280px; white-space: pre-line" : "white-space: nowrap"}">${escape(cell)}</td>`)
			.join("")}</tr>`;
	});
	const { label, colour } = OUTCOMES[outcome];
	const shown = total > rows.length ? __("the first {0} of {1}", [count(rows.length), count(total)]) : "";
	return `<details class="mb-3" open><summary class="mb-2"><span class="indicator-pill ${colour}">${label}</span>
		<span class="text-muted">${shown}</span></summary>
		<div class="table-responsive"><table class="table table-bordered table-sm small">
		<thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div></details>`;
}

// The page asks now and then, so that nothing depends on a socket; what arrives by it is merely faster.
function watch(frm, delay = 200) {
	clearTimeout(frm.cims_timer);
	if (!BUSY.includes(frm.doc.status)) return hide_progress(frm);
	const name = frm.doc.name;
	frm.cims_timer = setTimeout(async () => {
		if (cur_frm !== frm || frm.doc.name !== name) return;
		const state = await call("get", name);
		if (state.status !== frm.doc.status) return frm.reload_doc();
		show_progress(frm, state.progress);
		watch(frm, POLL);
	}, delay);
}

function show_progress(frm, { done, total, seconds, read }) {
	const title = __(frm.doc.status);
	frm.cims_progress = [title];
	if (frm.doc.status === "Queued") {
		return frm.dashboard.show_progress(title, 0, __("Another import of this kind is running; this one comes next."));
	}
	if (!total) {
		const said = read ? __("Reading the file: {0} rows so far", [count(read)]) : __("Reading the file...");
		return frm.dashboard.show_progress(title, 0, said);
	}
	const rate = seconds > 0 ? done / seconds : 0;
	const left = rate ? Math.round((total - done) / rate) : 0;
	const said = __("{0} of {1} rows, {2} rows a second, {3} left", [
		count(done),
		count(total),
		count(Math.round(rate)),
		frappe.utils.get_formatted_duration(left) || "0s",
	]);
	frm.dashboard.show_progress(title, Math.round((100 * done) / total), said);
}

function hide_progress(frm) {
	for (const title of frm.cims_progress || []) frm.dashboard.hide_progress(title);
	frm.cims_progress = [];
}

function summary_of(doc) {
	return doc.summary ? (typeof doc.summary === "string" ? JSON.parse(doc.summary) : doc.summary) : {};
}

function alert_box(colour, text) {
	const kind = { red: "danger", orange: "warning", green: "success" }[colour];
	return `<div class="alert alert-${kind}" role="status">${escape(text)}</div>`;
}

function html(frm, field, content) {
	frm.fields_dict[field].$wrapper.off("change").html(content);
}

function count(number) {
	return format_number(number || 0, null, 0);
}

function escape(text) {
	return frappe.utils.escape_html(String(text ?? ""));
}
