"""Records that a model should find new, made from records it should know: damaged, foreign and impossible ones.

Nothing is shipped for it: the text in another language are the definitions of the figures that primum reports.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from primum.cohort.images import ChangedImages
from primum.cohort.records import Records, TextList, VitalColumn
from primum.cohort.swap_words import HAN
from primum.evidence.metrics import METRICS

Change = Callable[[str, np.random.Generator], str]
ByteArray = npt.NDArray[np.uint8]
ImageChange = Callable[[ByteArray, np.random.Generator], ByteArray]
WITHOUT_TEXT = ("vital_times_ten", "blank_image", "inverted_image", "noise_for_image")
"""Kinds that can be made of records without a text too."""
GARBAGE = ("random_characters", "shuffled_characters", "damaged_encoding")
_TOKEN = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+")
_PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " " * 12


def others(records: Records, *, seed: int) -> Iterator[tuple[str, Records]]:
    """Yield the kind and the records of each kind that can be made from these records."""
    if records.text is not None:
        texts = records.text.take(np.arange(len(records)))
        for place, (kind, change) in enumerate(_CHANGES.items()):
            generator = np.random.default_rng([seed, place])
            changed = [change(text, generator) if text and text.strip() else None for text in texts]
            yield kind, replace(records, text=TextList(changed))
    if records.image is not None:
        for kind, to_another in _IMAGES.items():
            yield kind, replace(records, image=ChangedImages(records.image, to_another, name=kind, seed=seed))
    numbers = [name for name, vital in records.vitals.items() if vital.kind == "number"]
    if numbers:
        yield "vital_times_ten", replace(records, vitals=_times_ten(records.vitals, numbers, seed))


def _times_ten(vitals: Mapping[str, VitalColumn], numbers: list[str], seed: int) -> dict[str, VitalColumn]:
    """Return the vitals with one present number of each record ten times too large, as a wrong unit makes it."""
    table = np.column_stack([np.asarray(vitals[name].values, dtype=np.float64) for name in numbers])
    usable = np.isfinite(table) & (table != 0)
    generator = np.random.default_rng([seed, 99])
    chosen = np.where(usable, generator.random(table.shape), -1.0).argmax(1)
    table[np.arange(len(table)), chosen] *= 10.0
    changed = {name: replace(vitals[name], values=table[:, place]) for place, name in enumerate(numbers)}
    return {**vitals, **changed}


def _random_characters(text: str, generator: np.random.Generator) -> str:
    return "".join(_PRINTABLE[place] for place in generator.integers(len(_PRINTABLE), size=max(len(text), 20)))


def _shuffled_characters(text: str, generator: np.random.Generator) -> str:
    return "".join(np.array(list(text), dtype=object)[generator.permutation(len(text))])


def _damaged_encoding(text: str, generator: np.random.Generator) -> str:
    """Return the text's UTF-8 read as Windows-1252, or as UTF-16 where every character is ASCII."""
    encoded = text.encode("utf-8")
    if text.isascii():
        return encoded.decode("utf-16-le", errors="replace")
    return encoded.decode("cp1252", errors="replace")


def _other_language(text: str, generator: np.random.Generator) -> str:
    lang = "en" if HAN.search(text) else "zh"
    sentences = [METRICS.get(name).definition[lang] for name in METRICS]
    return " ".join(sentences[place] for place in generator.choice(len(sentences), 3, replace=False))


def _shuffled_words(text: str, generator: np.random.Generator) -> str:
    words = _TOKEN.findall(text)
    joint = "" if HAN.search(text) else " "
    return joint.join(words[place] for place in generator.permutation(len(words)))


def _cut_short(text: str, generator: np.random.Generator) -> str:
    """Return the first tenth of the text, three characters at least."""
    return text[: max(len(text) // 10, 3)]


def _blank(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    return np.full_like(picture, int(picture.mean()))


def _inverted(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    return 255 - picture


def _noise(picture: ByteArray, generator: np.random.Generator) -> ByteArray:
    return generator.integers(256, size=picture.shape, dtype=np.uint8)


_IMAGES: Mapping[str, ImageChange] = {"blank_image": _blank, "inverted_image": _inverted, "noise_for_image": _noise}
_CHANGES: Mapping[str, Change] = {
    "random_characters": _random_characters,
    "shuffled_characters": _shuffled_characters,
    "damaged_encoding": _damaged_encoding,
    "other_language": _other_language,
    "shuffled_words": _shuffled_words,
    "cut_short": _cut_short,
}
