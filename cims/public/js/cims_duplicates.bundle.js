// Two customers who may be one: the question before saving, the comparison, the log of a merge, the search's progress.

import { ask, signature } from "./duplicates/ask";
import { Comparison } from "./duplicates/comparison";
import { show_merge, undo } from "./duplicates/merge";
import { propose } from "./duplicates/propose";
import { show_search, start_search } from "./duplicates/search";

frappe.provide("cims.duplicates");
Object.assign(cims.duplicates, { ask, signature, Comparison, show_merge, undo, propose, show_search, start_search });
