// How figures are written: the reader's separators, dates and currency, always with their unit.

export const TOP = 1000;
export const NOT_RATED = "NR";

export const points = (value) => format_number(Math.round(value), null, 0);

export const signed = (value) => (Math.round(value) > 0 ? "+" : "") + points(value).replace("-", "−");

export const percent = (share) => `${format_number(share * 100, null, 0)} %`;

export const money = (amount, currency) => format_currency(amount, currency, 0);

export const date = (day) => (day ? frappe.datetime.str_to_user(day) : "");

export const interval = (low, high) => `${points(low)} – ${points(high)}`;

// Up, down or level: a sign that is read without its colour.
export function direction(change) {
	if (Math.round(change) > 0) return { name: "up", sign: "▲" };
	if (Math.round(change) < 0) return { name: "down", sign: "▼" };
	return { name: "level", sign: "▬" };
}

// Sentences one after the other; Chinese ones follow without a space.
export const in_a_row = (sentences) => sentences.join(" ").replaceAll("。 ", "。");

export function confidence_word(confidence) {
	if (confidence >= 0.8) return __("High confidence");
	if (confidence >= 0.5) return __("Medium confidence");
	return __("Low confidence");
}

// Black or white, whichever is read more easily on a colour (relative luminance as in WCAG 2).
export function text_on(colour) {
	const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
	const [red, green, blue] = parts.map((part) =>
		part <= 0.04045 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4),
	);
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.25 ? "#171717" : "#ffffff";
}

export const DAY = 24 * 60 * 60 * 1000;

// A day ("2025-03-31") as the time axis wants it: midnight where the reader is, so that labels name the same day.
export function time_of(day) {
	const [year, month, date_of_month] = day.split("-").map(Number);
	return new Date(year, month - 1, date_of_month).getTime();
}

export function day_of(time) {
	const day = new Date(time);
	const two = (number) => String(number).padStart(2, "0");
	return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
