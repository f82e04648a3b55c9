// What ERPNext's own forms and lists show of trust; loaded by them alone.

import { show_grades } from "./erpnext/grades";
import { look } from "./erpnext/look";
import { apply_to, mount, open_invoices } from "./erpnext/terms";

frappe.provide("cims.selling");
Object.assign(cims.selling, { look, show_grades });
frappe.provide("cims.terms");
Object.assign(cims.terms, { apply_to, mount, open_invoices });
