"""What is wrong with a text as a text: lost characters, wrong encodings, control characters, nonsense."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

BROKEN = ("lost", "misread", "control", "signs")
"""Ways in which a text is broken: characters that were lost, bytes read in a wrong encoding, control characters, and
hardly a letter in it."""
_LOST = re.compile("\ufffd|锟斤拷|锘縺|\\?{4,}|(?:\\w\\?){5}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ue000-\uf8ff\ufff0-\ufffb]")
# The first letters of two and three bytes of UTF-8 read as Windows-1252 or Latin-1, with what then follows.
_UTF8_AS_LATIN = re.compile(
    "[\u00c2-\u00df][\u0080-\u00bf\u2018-\u203a\u20ac\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2122]"
    "|[\u00e0-\u00ef][\u0080-\u00bf\u2018-\u203a\u20ac\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2122]{2}"
)
_LATIN_RUN = re.compile("[\u00a1-\u00ff]{4,}")
_HAN_RUN = re.compile("[\u3400-\u9fff\ue000-\uf8ff\u20ac]{4,}")
_ENTITIES = re.compile(
    r"(?:&#x?[0-9a-fA-F]{2,6};.*){3}|(?:\\u[0-9a-fA-F]{4}){2}|(?:\\x[0-9a-fA-F]{2}){2}|(?:%[0-9A-F]{2}){4}"
)
_LEAST_COST = 20
_ENOUGH, _OUTLYING = 50, 5.0
_TABLE = 1 << 16


def broken(text: str) -> tuple[bool, bool, bool, bool]:
    """Return in which of the ways BROKEN a text is broken."""
    return (
        bool(_LOST.search(text)),
        _misread(text),
        bool(_CONTROL.search(text)),
        len(text) >= 8 and sum(map(str.isalnum, text)) < 0.4 * len("".join(text.split())),
    )


def _misread(text: str) -> bool:
    """Return whether some of the text is another text's bytes read in a wrong encoding, or escapes never undone."""
    if _ENTITIES.search(text):
        return True
    if text.isascii():
        return False
    if any(
        _undone(match[0], "cp1252", "utf-8") or _undone(match[0], "latin-1", "utf-8")
        for match in _UTF8_AS_LATIN.finditer(text)
    ):
        return True
    if any(_undone(match[0], "latin-1", "gb18030", han=True) for match in _LATIN_RUN.finditer(text)):
        return True
    return any(_undone(match[0], "gb18030", "utf-8", han=True) for match in _HAN_RUN.finditer(text))


def _undone(part: str, written: str, meant: str, *, han: bool = False) -> bool:
    """Return whether a part's bytes in one encoding are a shorter text in another; with `han`, a Chinese one.

    Of a Chinese part some bytes may have been lost on the way, so a fifth of what comes back may be unreadable.
    """
    try:
        data = part.encode(written)
        text = data.decode(meant, "replace" if han else "strict")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return False
    readable = sum("\u4e00" <= one <= "\u9fa5" for one in text)
    return len(text) < len(part) and (
        not han or (readable > 0.6 * len(text) and text.count("\ufffd") <= 0.2 * len(text))
    )


def letter_codes(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the code of each pair of neighbouring characters of all texts, end to end, each text padded by one."""
    points = np.frombuffer(
        "".join(one + "\x01" for one in texts).encode("utf-32-le", errors="replace"), dtype=np.uint32
    )
    # Every figure counts as the same: numbers are no nonsense.
    points = np.where((points >= 48) & (points <= 57), np.uint32(48), points).astype(np.uint64)
    if not len(points):
        return np.zeros(0, dtype=np.int64)
    mixed = points[:-1] * np.uint64(0x9E3779B97F4A7C15) + points[1:] * np.uint64(0xC2B2AE3D27D4EB4F)
    return np.append((mixed >> np.uint64(48)).astype(np.int64), 0)


def letter_table(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return the surprise of each pair of characters among these texts, in nats, shape (65536,).

    Texts that are strange to the others are left out of the table, or much nonsense would look usual.
    """
    lengths = [len(one) for one in texts]
    costs = letter_costs(letter_codes(texts), lengths, _surprises(texts))
    known = ~np.isnan(costs)
    if known.sum() < _ENOUGH:
        return _surprises(texts)
    middle = np.median(costs[known])
    most = middle + _OUTLYING * 1.4826 * np.median(np.abs(costs[known] - middle))
    return _surprises([one for one, cost in zip(texts, costs.tolist(), strict=True) if not cost > most])


def _surprises(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    counts = np.bincount(letter_codes(texts), minlength=_TABLE).astype(np.float64) + 0.1
    surprise: npt.NDArray[np.float32] = -np.log(counts / counts.sum()).astype(np.float32)
    return surprise


def letter_costs(
    codes: npt.NDArray[np.int64], lengths: Sequence[int], table: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return the mean surprise of each text's pairs of characters, NaN for texts under 20 characters, shape (n,)."""
    n = np.array(lengths, dtype=np.int64)
    if not len(codes):
        return np.full(len(n), np.nan, dtype=np.float32)
    starts = np.cumsum(n + 1) - (n + 1)
    sums = np.add.reduceat(table[codes], starts)
    return np.where(n >= _LEAST_COST, sums / (n + 1), np.nan).astype(np.float32)
