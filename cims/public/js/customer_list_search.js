// The list's box for the customer's name searches like everything else: any part of what is known of a customer, pinyin,
// mistakes of one letter. What is found comes best first unless the reader has chosen another order. The box stays the
// filter on the name that Frappe knows, so saved filters and links keep it.
(() => {
	const CUSTOMER = "CIMS Customer";
	const MOST = 200;

	const is_search = ([doctype, field, condition]) =>
		doctype === CUSTOMER && field === "customer_name" && condition === "like";
	const text_of = (filter) => filter[3].replace(/^%+|%+$/g, "").trim();
	// One letter alone would find everybody; one Chinese character says something.
	const enough = (text) => text.length > 1 || /[^\0-\x7f]/.test(text);

	class ListSearch {
		constructor(list) {
			this.list = list;
			this.codes = null;
			const { refresh, get_args, get_count_str, prepare_data } = list;
			list.refresh = async (...args) => {
				await this.search();
				return refresh.apply(list, args);
			};
			list.get_args = () => this.narrowed(get_args.call(list));
			list.get_count_str = () => (this.codes ? this.count() : get_count_str.call(list));
			list.prepare_data = (answer) => {
				prepare_data.call(list, answer);
				if (this.codes) this.put_in_order();
			};
		}

		async search() {
			const filters = this.list.get_filters_for_args();
			const texts = filters.filter(is_search).map(text_of).filter(enough);
			const others = filters.filter((filter) => !is_search(filter));
			const asked = texts.length ? { text: texts.join(" "), filters: JSON.stringify(others), limit: MOST } : null;
			// The last thing typed counts, whatever is answered first.
			this.asked = asked;
			const codes = asked && (await frappe.xcall("cims.api.search.codes", asked));
			if (this.asked === asked) this.codes = codes;
		}

		narrowed(args) {
			if (!this.codes) return args;
			const page = this.codes.slice(args.start, args.start + args.page_length);
			const others = args.filters.filter((filter) => !is_search(filter));
			return { ...args, start: 0, filters: [...others, [CUSTOMER, "name", "in", page.length ? page : [""]]] };
		}

		async count() {
			const total = this.list.total_count = this.codes.length;
			const shown = format_number(total, null, 0) + (total === MOST ? "+" : "");
			return __("{0} of {1}", [format_number(this.list.data.length, null, 0), shown]);
		}

		put_in_order() {
			const { list } = this;
			if (list.sort_by !== list.meta.sort_field || list.sort_order.toLowerCase() !== "desc") return;
			const place = new Map(this.codes.map((code, at) => [code, at]));
			list.data.sort((one, other) => place.get(one.name) - place.get(other.name));
		}
	}

	const settings = (frappe.listview_settings[CUSTOMER] ||= {});
	const onload = settings.onload;
	settings.onload = (list) => {
		onload?.(list);
		// Reports, Kanban and the like bring rows of their own.
		if (list.view_name !== "List") return;
		new ListSearch(list);
		const box = list.page.fields_dict.customer_name?.$input;
		const hint = __("Name, code, phone, pinyin…");
		box?.attr({ placeholder: __("Search"), "aria-label": __("Search customers"), title: hint });
	};
})();
