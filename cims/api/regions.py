"""Provinces and cities to choose from."""

import frappe

from cims.customers import regions


def _code(country: str) -> str:
	return (frappe.db.get_value("Country", country, "code", cache=True) if country else None) or ""


@frappe.whitelist(methods=["GET", "POST"])
def provinces(country: str = "", txt: str = "") -> list[dict[str, str]]:
	"""Up to 50 provinces of a country in whose names `txt` occurs, each as {value, label}.

	```
	curl -H "Authorization: token KEY:SECRET" "https://SITE/api/method/cims.api.regions.provinces?country=China&txt=guang"
	```
	"""
	code = _code(country)
	return regions.search(regions.provinces(code), txt) if code else []


@frappe.whitelist(methods=["GET", "POST"])
def cities(country: str = "", province: str = "", txt: str = "") -> list[dict[str, str]]:
	"""Up to 50 cities of a province (its stored name) in whose names `txt` occurs, each as {value, label}.

	```
	curl -G -H "Authorization: token KEY:SECRET" -d country=China --data-urlencode province=广东省 https://SITE/api/method/cims.api.regions.cities
	```
	"""
	code = _code(country)
	return regions.search(regions.cities(code, province), txt) if code else []
