// The timeline of a customer's form; loaded there alone.

import { Timeline } from "./timeline/timeline";

frappe.provide("cims.timeline");
cims.timeline.mount = (frm) => new Timeline(frm);
