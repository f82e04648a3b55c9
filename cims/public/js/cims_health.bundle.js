// The health of the site; loaded only by its page.

import { Health } from "./health/health";

frappe.provide("cims");
cims.Health = Health;
