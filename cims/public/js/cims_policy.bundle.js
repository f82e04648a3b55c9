// The policy editor; loaded only by the Trust Policy's form.

import { mount } from "./policy/form";

frappe.provide("cims.policy");
Object.assign(cims.policy, { mount });
