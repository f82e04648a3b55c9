// Everything that draws curves; loaded only by the pages that show one.

import { Comparison } from "./trust/comparison";
import { mount } from "./trust/customer_form";

frappe.provide("cims.trust");
Object.assign(cims.trust, { Comparison, mount });
