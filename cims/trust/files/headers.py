"""The columns of a file of receivables, recognised by their headers in English and Chinese."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from cims.trust.problems import Unreadable

# Field -> headers by which it is known, best first, as `plain` writes them.
HEADERS = {
	"customer": (
		"customer", "customerid", "customerno", "customernumber", "customercode", "custnumber", "custid", "customername",
		"namecustomer", "client", "clientid", "clientno", "clientname", "account", "accountid", "accountno", "debtor",
		"debtorid", "debtorno", "debtorname", "buyer", "buyername", "billto", "party", "company",
		"客户", "客户编号", "客户编码", "客户代码", "客户号", "客户id", "客户名称", "客户名", "往来单位", "往来单位名称",
		"购方名称", "购买方名称", "购货单位", "付款方", "付款单位", "单位名称", "公司名称",
	),
	"invoice": (
		"invoice", "invoicenumber", "invoiceno", "invoiceid", "invoicenum", "invoicename", "invoicereference", "bill",
		"billno", "billnumber", "documentnumber", "documentno", "docno", "docid", "voucherno", "vouchernumber",
		"reference", "referenceno", "orderno", "ordernumber", "orderid",
		"发票号", "发票号码", "发票编号", "发票", "单号", "单据号", "单据编号", "单据号码", "账单号", "凭证号", "凭证编号",
		"订单号", "订单编号", "销售单号",
	),
	"invoice_date": (
		"invoicedate", "dateofinvoice", "invoicedon", "issuedate", "issuedon", "issued", "billingdate", "billdate",
		"documentdate", "documentcreatedate", "docdate", "postingdate", "voucherdate", "date",
		"开票日期", "开票日", "发票日期", "单据日期", "账单日期", "出账日期", "过账日期", "记账日期", "凭证日期", "日期",
	),
	"due_date": (
		"duedate", "due", "dueon", "dateofdue", "duedatecurrent", "dueindate", "paymentdue", "paymentduedate",
		"netduedate", "maturity", "maturitydate",
		"到期日", "到期日期", "应收日期", "应付日期", "应收款日期", "应付款日期", "付款到期日", "收款到期日", "付款期限",
		"收款期限",
	),
	"amount": (
		"amount", "invoiceamount", "invoicetotal", "invoicevalue", "totalamount", "grandtotal", "total", "billamount",
		"documentamount", "grossamount", "totalopenamount", "value",
		"金额", "发票金额", "应收金额", "含税金额", "价税合计", "总金额", "合计金额", "合计", "单据金额", "账单金额",
		"应收账款",
	),
	"settled_date": (
		"settleddate", "settlementdate", "settledon", "settled", "paiddate", "datepaid", "paidon", "paymentdate",
		"dateofpayment", "cleardate", "cleareddate", "clearingdate", "clearedon", "closeddate", "closedon",
		"receiptdate", "receiveddate",
		"结清日期", "结清日", "结清时间", "付款日期", "付款日", "收款日期", "收款日", "回款日期", "回款日", "清账日期", "到账日期",
		"实际付款日期", "实际收款日期", "实际回款日期", "核销日期",
	),
	"disputed": (
		"disputed", "dispute", "indispute", "isdisputed", "disputeflag",
		"争议", "有争议", "是否争议", "是否有争议", "有无争议", "争议标志",
	),
}  # fmt: skip
FIELDS = tuple(HEADERS)
REQUIRED = ("customer", "invoice", "invoice_date", "due_date", "amount", "settled_date")
DATES = ("invoice_date", "due_date", "settled_date")


def plain(header: str) -> str:
	"""A header without case, spaces, marks, and remarks in brackets, as `HEADERS` has them."""
	words = unicodedata.normalize("NFKC", header).casefold()
	words = re.sub(r"[(\[【].*?[)\]】]", "", words)
	return re.sub(r"[\W_]+", "", words)


def find_columns(headers: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
	"""Field -> position of its header. Raises Unreadable for what is missing, with what there is and how to say it."""
	found = {field: _mapped(field, header, headers) for field, header in mapping.items()}
	known = [plain(header) for header in headers]
	taken = set(found.values())
	for field, names in HEADERS.items():
		if field in found:
			continue
		for name in names:
			at = [
				position for position, header in enumerate(known) if header == name and position not in taken
			]
			if len(at) > 1:
				raise Unreadable("column_twice", header=headers[at[0]])
			if at:
				found[field] = at[0]
				taken.add(at[0])
				break
	missing = [field for field in REQUIRED if field not in found]
	if missing:
		example = ",".join(f"{field}=HEADER" for field in missing)
		raise Unreadable(
			"columns_missing", missing=", ".join(missing), found=_listed(headers), example=f"--map {example}"
		)
	return {field: found[field] for field in FIELDS if field in found}


def _mapped(field: str, header: str, headers: Sequence[str]) -> int:
	if field not in HEADERS:
		raise Unreadable("map_field", field=field, fields=", ".join(FIELDS))
	for same in (lambda one: one == header, lambda one: plain(one) == plain(header)):
		at = [position for position, one in enumerate(headers) if same(one)]
		if len(at) > 1:
			raise Unreadable("column_twice", header=header)
		if at:
			return at[0]
	raise Unreadable("map_header", header=header, found=_listed(headers))


def _listed(headers: Sequence[str]) -> str:
	return ", ".join(header for header in headers if header)
