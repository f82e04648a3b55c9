"""One customer kept twice: found before it is made and afterwards, laid side by side, merged, and parted again.

names, keys: by what customers are looked for. likeness: how alike two are, and why. twins: those of one customer; finding:
all pairs there are; queue: the pairs kept for people to decide. record, links: a customer's own row, and what points at it.
merging, undoing: two become one, and two again. comparing: what is shown before either.
"""
