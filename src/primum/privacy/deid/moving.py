# ruff: noqa: E501 - each form stays whole
"""A date moved by days and written in the form that it had."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Mapping

from primum.privacy.deid.dates import MONTHS

_NAMED = "|".join(sorted({name[:3] for name in MONTHS} | {*MONTHS, "sept"}, key=len, reverse=True))
_FORMS = tuple(
    re.compile(form, re.I)
    for form in (
        r"(?P<y>\d{4})(?P<s1>[-/.])(?P<m>\d{1,2})(?P<s2>[-/.])(?P<d>\d{1,2})(?!\d)",
        r"(?P<y>\d{4})(?P<s1> ?年 ?)(?P<m>\d{1,2})(?P<s2> ?月 ?)(?P<d>\d{1,2})(?= ?[日号]|$)",
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?!\d)",
        r"(?P<a>\d{1,2})(?P<s1>[-/.])(?P<b>\d{1,2})(?P<s2>[-/.])(?P<y>\d{4}|\d{2})(?!\d)",
        rf"(?P<d>\d{{1,2}})(?P<s1>(?:st|nd|rd|th)?(?: day)?(?: of)?[ -]?)(?P<n>{_NAMED})(?P<s2>\.?,? ?[-/]?'?)(?P<y>\d{{4}}|\d{{2}})(?!\d)",
        rf"(?P<n>{_NAMED})(?P<s1>\.?[ -])(?P<d>\d{{1,2}})(?P<s2>(?:st|nd|rd|th)?,?[ -])(?P<y>\d{{4}}|\d{{2}})(?!\d)",
        rf"(?P<d>\d{{1,2}})(?P<s1>(?:st|nd|rd|th)?(?: of)?[ -]?)(?P<n>{_NAMED})(?![a-z])",
        rf"(?P<n>{_NAMED})(?P<s1>\.?[ -])(?P<d>\d{{1,2}})(?!\d)",
        r"(?P<m>\d{1,2})(?P<s1> ?月 ?)(?P<d>\d{1,2})(?= ?[日号])",
        r"(?P<m>\d{1,2})(?P<s1>/)(?P<d>\d{1,2})(?!\d)",
    )
)
_NO_YEAR = 2001
"""The year that a date without one is taken to be of: no leap year, so that 365 days are a year."""
_PIVOT = 30
"""Two digits up to this are of this century."""


def moved(text: str, days: int, *, day_first: bool = False) -> str | None:
    """Return a date moved by `days` in its own form; None where its form is not understood or names no day.

    Args:
        text: one date, e.g. "03/04/2021", "4 Mar 2021", "2021年3月4日"; a time of day after it stays.
        days: how far.
        day_first: whether 03/04/2021 is the third of April; the other order is read where only it is a date.
    """
    for form in _FORMS:
        match = form.match(text)
        if match is None:
            continue
        day = _read(match.groupdict(), day_first=day_first)
        if day is None:
            return None
        try:
            new = day + dt.timedelta(days=days)
        except OverflowError:
            return None
        return _written(match, new, day) + text[match.end() :]
    return None


def _read(part: Mapping[str, str | None], *, day_first: bool) -> dt.date | None:
    year = int(part.get("y") or _NO_YEAR)
    if len(part.get("y") or "0000") == 2:
        year += 2000 if year <= _PIVOT else 1900
    if part.get("a"):
        first, second = int(part["a"] or 0), int(part["b"] or 0)
        orders = [(second, first), (first, second)] if day_first else [(first, second), (second, first)]
        return next((dt.date(year, m, d) for m, d in orders if _is_day(year, m, d)), None)
    name = part.get("n")
    month = (
        1 + next(i for i, one in enumerate(MONTHS) if one.startswith(name.lower()[:3])) if name else int(part["m"] or 0)
    )
    number = int(part["d"] or 0)
    return dt.date(year, month, number) if _is_day(year, month, number) else None


def _is_day(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= year <= 9999 and 1 <= day <= calendar.monthrange(year, month)[1]


def _written(match: re.Match[str], new: dt.date, old: dt.date) -> str:
    groups = match.groupdict()
    month_first = groups.get("a") is not None and int(groups["a"]) == old.month and int(groups["b"]) == old.day
    numbers: dict[str, Callable[[str], str]] = {
        "y": lambda was: f"{new.year:04}"[-len(was) :],
        "m": lambda was: _as_long(new.month, was),
        "d": lambda was: _as_long(new.day, was),
        "a": lambda was: _as_long(new.month if month_first else new.day, was),
        "b": lambda was: _as_long(new.day if month_first else new.month, was),
        "n": lambda was: _named(new.month, was),
    }
    pieces = [
        (match.start(name), numbers[name](value) if name in numbers else _plain(value))
        for name, value in groups.items()
        if value is not None
    ]
    return "".join(piece for _, piece in sorted(pieces))


def _plain(between: str) -> str:
    """Return what stands between the parts of a date without st, nd, rd or th, which the new day may not take."""
    return re.sub(r"(?i)^(?:st|nd|rd|th)", "", between)


def _as_long(number: int, was: str) -> str:
    return f"{number:02}" if len(was) == 2 else str(number)


def _named(month: int, was: str) -> str:
    name = MONTHS[month - 1].capitalize()
    short = name if len(was) > 4 or was.lower() in MONTHS and len(was) > 3 else name[:3]
    return short.upper() if was.isupper() else short.lower() if was.islower() else short
