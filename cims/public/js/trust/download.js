// Handing a file to the reader's browser.

function download(url, name) {
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	document.body.appendChild(link);
	link.click();
	link.remove();
}

export const download_picture = (url, name) => download(url, `${name}.png`);

// A cell that a spreadsheet would run as a formula is kept as text.
function cell(value) {
	if (value === null || value === undefined) return "";
	if (typeof value === "number") return String(value);
	const text = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
	return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

// The mark at the beginning tells spreadsheets that this is UTF-8.
export function download_csv(rows, name) {
	const text = "\ufeff" + rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
	const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
	download(url, `${name}.csv`);
	URL.revokeObjectURL(url);
}

// The site turns the page into a PDF, as it does for reports.
export async function download_pdf(markup, name) {
	const body = new FormData();
	body.append("html", markup);
	body.append("orientation", "Landscape");
	const answer = await fetch("/api/method/frappe.utils.print_format.report_to_pdf", {
		method: "POST",
		headers: { "X-Frappe-CSRF-Token": frappe.csrf_token },
		body,
	});
	if (!answer.ok) {
		frappe.throw(__("The site could not make the PDF. Export the picture or the CSV instead."));
	}
	const url = URL.createObjectURL(await answer.blob());
	download(url, `${name}.pdf`);
	URL.revokeObjectURL(url);
}
