"""One form of a text for the rules to read, as long as the text itself: a place found in one holds in the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from primum.privacy.deid.lists import pairs

_FULL = {0xFF08: "(", 0xFF09: ")", 0xFF0B: "+", 0xFF0D: "-", 0xFF0F: "/", 0xFF0E: ".", 0xFF20: "@", 0x2011: "-"}
_WRAPPED = re.compile(r"(?<=[^\n]{40})(?<=[^\W\d_,])\n(?=[^\W\d_])(?![^\n]{0,25}[:：])")
"""A line end within prose: after a long line that ends in a word or comma, before one that begins with no label."""


def folded(text: str) -> str:
    """Return the text with full-width digits and letters as usual ones, traditional Chinese characters as simplified.

    A line end within prose becomes a space, so that a name broken by it is read whole.
    """
    if not text.isascii():
        text = text.translate(_table())
    return _WRAPPED.sub(" ", text) if "\n" in text else text


@cache
def _table() -> Mapping[int, str]:
    wide = {
        code: chr(code - 0xFEE0)
        for first, last in ("０９", "ＡＺ", "ａｚ")
        for code in range(ord(first), ord(last) + 1)
    }
    return {**{ord(old): new for old, new in pairs("traditional_zh")}, **wide, **_FULL}
