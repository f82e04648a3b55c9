// Everything that draws curves; loaded only by the pages that show one.

import { Comparison } from "./trust/comparison";
import { contributions } from "./trust/contributions";
import { mount } from "./trust/customer_form";

frappe.provide("cims.trust");
Object.assign(cims.trust, { Comparison, contributions, mount });
