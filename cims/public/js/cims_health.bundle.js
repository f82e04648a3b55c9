// The health of the site and its restore drills; loaded only by their page and form.

import { show_drill } from "./health/drill";
import { Health } from "./health/health";

frappe.provide("cims");
Object.assign(cims, { Health, show_drill });
