// Our lists offer what an index serves, as `cims/lists.py` says: orders, filters, and saved views.
(() => {
	const LAST_CHANGE = ["modified", "desc"];

	// Only these fields in the menu of orders and in the column heads.
	function offer_sorts(list, sorts) {
		const { sort_selector } = list;
		sort_selector.args.options = sort_selector.args.options.filter(({ fieldname }) => sorts.includes(fieldname));
		for (const fieldname of sorts) {
			if (!sort_selector.args.options.some((option) => option.fieldname === fieldname)) {
				sort_selector.args.options.push({ fieldname, label: sort_selector.get_label(fieldname) });
			}
		}
		sort_selector.make();
		if (!sorts.includes(list.sort_by)) sort(list, LAST_CHANGE);
		const header = list.get_header_html.bind(list);
		list.get_header_html = () => {
			const $header = $("<div>").append(header());
			$header
				.find("[data-sort-by]")
				.filter((_, column) => !sorts.includes(column.dataset.sortBy))
				.removeAttr("data-sort-by title");
			return $header.html();
		};
		list.render_header(true);
	}

	function sort(list, [field, order]) {
		list.sort_by = field;
		list.sort_order = order;
		list.sort_selector.set_value(field, order);
	}

	// A text is asked for as a whole where that is what it is for. Elsewhere a word is how the value begins: "%word" asks
	// for any place, and reads the whole list.
	function text_filters(list, whole) {
		for (const field of Object.values(list.page.fields_dict)) {
			if (field.df.condition !== "like") continue;
			if (whole.includes(field.df.fieldname)) {
				field.df.condition = "=";
				continue;
			}
			const typed = field.get_value.bind(field);
			field.get_value = () => {
				const value = typed();
				return value && !value.includes("%") ? `${value}%` : value;
			};
			// A filter that comes back, by a link or a saved view, stands there as it was typed.
			const show = field.set_value.bind(field);
			field.set_value = (value, ...more) => show(value?.replace?.(/^([^%]+)%$/, "$1") ?? value, ...more);
		}
	}

	// "Open" is one word for a pair that nobody has looked at and another one for an amount.
	function words_of(list) {
		for (const field of Object.values(list.page.fields_dict)) {
			if (field.df.fieldtype !== "Select") continue;
			field.df.context ||= list.doctype;
			const value = field.get_value();
			field.last_options = null;
			field.set_options(value);
			field.$input.val(value);
		}
	}

	function drop_filters(list, needless) {
		for (const name of needless) {
			list.page.fields_dict[name]?.$wrapper.remove();
			delete list.page.fields_dict[name];
		}
	}

	function add_views(list, views) {
		for (const view of views) {
			const show = async () => {
				await list.filter_area.clear(false);
				sort(list, view.sort || LAST_CHANGE);
				await list.filter_area.add(
					view.filters.map((filter) => [list.doctype, ...filter]),
					false,
				);
				list.start = 0;
				list.on_filter_change();
				list.refresh();
			};
			list.page.add_inner_button(view.label, show, __("Views"));
		}
	}

	for (const [doctype, { sorts, whole, needless, views }] of Object.entries(frappe.boot.cims?.lists || {})) {
		const settings = (frappe.listview_settings[doctype] ||= {});
		const onload = settings.onload;
		if (onload?.is_ours) continue;
		settings.onload = (list) => {
			onload?.call(settings, list);
			if (list.sort_selector) offer_sorts(list, sorts);
			if (list.filter_area) {
				list.page.main.addClass("cims-list");
				drop_filters(list, needless);
				text_filters(list, whole);
				words_of(list);
			}
			add_views(list, views);
		};
		settings.onload.is_ours = true;
	}
})();
