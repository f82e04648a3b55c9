const js = require("@eslint/js");
const globals = require("globals");

module.exports = [
	{ ignores: ["**/dist/**", "**/node_modules/**"] },
	js.configs.recommended,
	{
		languageOptions: {
			sourceType: "script",
			globals: {
				...globals.browser,
				$: "readonly",
				__: "readonly",
				cims: "writable",
				cint: "readonly",
				cur_frm: "readonly",
				flt: "readonly",
				format_currency: "readonly",
				format_number: "readonly",
				frappe: "writable",
				locals: "readonly",
				moment: "readonly",
			},
		},
		rules: { "no-unused-vars": ["error", { argsIgnorePattern: "^_" }] },
	},
	{ files: ["cims/public/js/**"], languageOptions: { sourceType: "module" } },
	{ files: ["*.cjs"], languageOptions: { sourceType: "commonjs", globals: globals.node } },
];
