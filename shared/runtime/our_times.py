"""Between which days anything of ours lies."""

from datetime import date

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
"""Dates beyond these are slips of the keyboard, and break arithmetic with days."""
