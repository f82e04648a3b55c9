// What every page of the desk may need: a grade as a letter in its colour, a change with its direction. Small.

import "./customer_search";
import { direction, points } from "./trust/format";
import { pill } from "./trust/grade";
import { html } from "./trust/html";

const bands = () => frappe.boot.cims?.bands || [];

frappe.provide("cims");

cims.grade = (grade) => (grade ? String(pill(grade, bands())) : "");

cims.change = (moved) => {
	if (moved === null || moved === undefined || !Math.round(moved)) return "";
	const { name, sign } = direction(moved);
	return String(
		html`<span class="trust-${name}" title="${__("Change over 90 days")}"
			>${sign}${points(Math.abs(moved))}</span
		>`,
	);
};

// Grade, score and change as one cell of a list.
cims.standing = (grade, score, moved) => {
	if (!grade || grade === "NR") return cims.grade("NR");
	return `${cims.grade(grade)} ${points(score)} ${cims.change(moved)}`;
};
