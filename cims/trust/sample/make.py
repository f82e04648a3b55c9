"""The sample that `make try` rates: forty customers over thirty months, each with a behaviour that the ratings should
tell apart. Run `python -m cims.trust.sample.make` to write receivables.csv anew; it comes out the same every time."""

import csv
import math
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

FILE = Path(__file__).with_name("receivables.csv")
HEADER = ("customer", "invoice", "invoice_date", "due_date", "amount", "settled_date", "disputed")
START, END = date(2023, 1, 2), date(2025, 6, 30)
MONTHS = 30


def prompt(random, at: float, due: date) -> float:
	return random.gauss(-1, 2)


def early(random, at: float, due: date) -> float:
	return random.gauss(-14, 4)


def sluggish(random, at: float, due: date) -> float:
	return random.gauss(24, 8)


def sliding(random, at: float, due: date) -> float:
	"""Prompt for a year, then later and later."""
	return random.gauss(-2 + 75 * max(0, at - 0.45) ** 1.3, 5)


def recovering(random, at: float, due: date) -> float:
	"""Two months late at first, prompt in the end."""
	return random.gauss(2 + 62 * max(0, 0.65 - at), 5)


def seasonal(random, at: float, due: date) -> float:
	"""Late around the Spring Festival, when cash is short, prompt otherwise."""
	return random.gauss(34 if due.month in (1, 2, 3) else 0, 4)


def erratic(random, at: float, due: date) -> float:
	return random.choice((-5, 0, 0, 3, 12, 40, 55)) + random.gauss(0, 3)


def stopped(random, at: float, due: date) -> float:
	"""Fair until the last months, which are not paid at all."""
	return random.gauss(8, 6) if at < 0.85 else 10_000


# (name, behaviour, receivables a month, usual amount, days of credit, first month, share disputed)
CUSTOMERS: tuple[tuple[str, Callable, float, float, int, int, float], ...] = (
	("上海晨光贸易有限公司", prompt, 2, 18_000, 30, 0, 0),
	("Northwind Traders Ltd", prompt, 1.5, 9_500, 30, 0, 0),
	("北京华远机电设备有限公司", prompt, 1, 64_000, 45, 2, 0),
	("Alder & Sons GmbH", prompt, 1, 12_400, 30, 0, 0.02),
	("杭州云栖信息技术有限公司", prompt, 2.5, 7_200, 30, 5, 0),
	("Harbour Foods Pty", prompt, 3, 4_800, 15, 0, 0),
	("成都锦江食品有限公司", prompt, 1, 22_000, 30, 8, 0),
	("Blue Heron Logistics", prompt, 0.7, 31_000, 60, 0, 0),
	("深圳市前海智造有限公司", early, 1.5, 46_000, 60, 0, 0),
	("Casa Verde S.L.", early, 1, 8_900, 45, 3, 0),
	("苏州工业园区精工模具厂", early, 2, 15_500, 45, 0, 0),
	("Fjord Seafood AS", early, 0.8, 27_500, 30, 6, 0),
	("广州粤海五金有限公司", sluggish, 1.5, 13_000, 30, 0, 0),
	("Meridian Office Supply", sluggish, 2, 3_600, 30, 0, 0.03),
	("武汉长江建材有限公司", sluggish, 1, 52_000, 60, 0, 0),
	("Red Brick Builders", sluggish, 1, 19_000, 30, 4, 0.05),
	("天津滨海物流有限公司", sliding, 1.5, 24_000, 30, 0, 0),
	("Oakfield Garden Centres", sliding, 1, 11_500, 30, 0, 0),
	("青岛海蓝水产有限公司", sliding, 2, 9_800, 15, 0, 0),
	("Pinnacle Sportswear", sliding, 1, 33_000, 45, 2, 0),
	("重庆山城重工有限公司", sliding, 0.8, 88_000, 60, 0, 0),
	("南京金陵纺织有限公司", recovering, 1.5, 16_500, 30, 0, 0),
	("Lakeside Hotels", recovering, 1, 21_000, 30, 0, 0.02),
	("西安秦岭农业有限公司", recovering, 1, 14_200, 45, 0, 0),
	("Juniper Coffee Roasters", recovering, 2, 5_400, 15, 0, 0),
	("东莞宏达玩具有限公司", seasonal, 2, 28_000, 30, 0, 0),
	("义乌小商品进出口有限公司", seasonal, 3, 6_700, 30, 0, 0),
	("Winterborne Toys", seasonal, 1, 17_800, 45, 0, 0),
	("哈尔滨冰城旅游有限公司", seasonal, 1, 12_900, 30, 3, 0),
	("厦门鹭岛电子商务有限公司", prompt, 2, 10_300, 30, 27, 0),
	("Sparrow & Finch Design", prompt, 1, 2_900, 15, 28, 0),
	("长沙湘江文化传媒有限公司", sluggish, 1.5, 8_200, 30, 27, 0),
	("Copper Kettle Brewing", prompt, 0.5, 7_700, 30, 29, 0),
	("沈阳北方重型机械有限公司", prompt, 1, 96_000, 60, 0, 0.4),
	("Tanner Medical Supplies", sluggish, 1.5, 42_000, 30, 0, 0.3),
	("福州闽江茶业有限公司", erratic, 1.5, 6_100, 30, 0, 0.1),
	("Grand Union Cinemas", erratic, 1, 13_700, 30, 0, 0),
	("郑州中原粮油有限公司", stopped, 1.2, 37_000, 30, 0, 0),
	("Silverline Coaches", stopped, 1, 26_000, 45, 0, 0),
	("大连远洋渔具有限公司", erratic, 0.6, 4_300, 30, 10, 0),
)


def receivables() -> Iterator[tuple]:
	"""The rows of the sample, by invoice date."""
	rows = []
	for name, behaviour, monthly, usual, credit, first, disputed in CUSTOMERS:
		random_of_one = random.Random(name)
		for month in range(first, MONTHS):
			count = int(monthly) + (random_of_one.random() < monthly % 1)
			for _ in range(count):
				rows.append(_receivable(random_of_one, name, behaviour, usual, credit, month, disputed))
	rows.sort(key=lambda row: (row[0], row[1]))
	for number, (invoiced, name, due, amount, settled, is_disputed) in enumerate(rows, 1):
		paid = settled.isoformat() if settled and settled <= END else ""
		yield (
			name,
			f"INV-{number:05d}",
			invoiced.isoformat(),
			due.isoformat(),
			f"{amount:.2f}",
			paid,
			"Yes" if is_disputed else "No",
		)


def _receivable(random, name, behaviour, usual, credit, month, disputed) -> tuple:
	year, month_of_year = divmod(month, 12)
	invoiced = date(START.year + year, month_of_year + 1, random.randint(1, 27))
	due = invoiced + timedelta(days=credit)
	amount = round(usual * math.exp(random.gauss(0, 0.45)), 2)
	at = (invoiced - START).days / (END - START).days
	days = behaviour(random, at, due)
	is_disputed = random.random() < disputed
	if is_disputed:
		days += random.uniform(10, 35)
	settled = None if days > 5_000 else max(due + timedelta(days=round(days)), invoiced)
	# Nobody pays at a weekend.
	if settled and settled.weekday() > 4:
		settled += timedelta(days=7 - settled.weekday())
	return invoiced, name, due, amount, settled, is_disputed


def write(path: Path = FILE) -> None:
	"""Write the sample."""
	with path.open("w", encoding="utf-8", newline="") as file:
		out = csv.writer(file, lineterminator="\n")
		out.writerow(HEADER)
		out.writerows(receivables())


if __name__ == "__main__":
	write()
