"""The register of perturbations: what is done to a record, and whether its meaning is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from primum.cohort.images import IMAGE_CHANGES, changed_images
from primum.cohort.records import ImageColumn, Records, TextList, VitalColumn
from primum.registry import Registry
from primum.safety.robustness import form, keyboard, units, vitals, wording

OfImages = Callable[[ImageColumn, int], ImageColumn]
OfText = Callable[[str, np.random.Generator], str]
OfVitals = Callable[[Mapping[str, VitalColumn], np.random.Generator], dict[str, VitalColumn]]

Meaning = Literal["kept", "hidden", "less"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Perturbation:
    """One way of changing a record."""

    family: str
    """typos, case, unicode, units, abbreviations, paraphrase, less_text, vitals, image_quality or image_position."""
    meaning: Meaning
    """kept: a reader takes the record for the same; hidden: a reader sees no change at all or another type face, only
    the characters are others; less: something is gone, which may change an answer."""
    text: OfText | None = None
    vitals: OfVitals | None = None
    image: OfImages | None = None
    """From pictures and a seed to changed ones."""


PERTURBATIONS: Registry[Perturbation] = Registry("perturbation")
"""Every perturbation by name."""


def perturbed(records: Records, name: str, *, seed: int) -> Records | None:
    """Return the records after a perturbation; None where they have no input that it changes.

    Args:
        records: stay as they are.
        name: of the perturbation.
        seed: equal seeds give equal records.
    """
    perturbation = PERTURBATIONS.get(name)
    generator = np.random.default_rng([seed, *name.encode()])
    if perturbation.text is not None:
        if records.text is None:
            return None
        texts = records.text.take(np.arange(len(records)))
        changed = [perturbation.text(text, generator) if text and text.strip() else text for text in texts]
        return replace(records, text=TextList(changed))
    if perturbation.image is not None:
        return None if records.image is None else replace(records, image=perturbation.image(records.image, seed))
    assert perturbation.vitals is not None
    return replace(records, vitals=perturbation.vitals(records.vitals, generator)) if records.vitals else None


_TEXT: tuple[tuple[str, str, Meaning, OfText], ...] = (
    ("typos", "typos", "kept", keyboard.typos),
    ("upper_case", "case", "kept", form.upper),
    ("lower_case", "case", "kept", form.lower),
    ("full_width", "unicode", "hidden", form.full_width),
    ("homoglyphs", "unicode", "hidden", form.homoglyphs),
    ("zero_width", "unicode", "hidden", form.zero_width),
    ("other_units", "units", "kept", units.other_units),
    ("abbreviations", "abbreviations", "kept", wording.abbreviated),
    ("synonyms", "paraphrase", "kept", wording.synonyms),
    ("framed", "paraphrase", "kept", wording.framed),
    ("sentence_dropped", "less_text", "less", wording.sentence_dropped),
    ("part_kept", "less_text", "less", wording.part_kept),
    ("end_cut_off", "less_text", "less", wording.end_cut_off),
)
for _name, _family, _meaning, _text in _TEXT:
    PERTURBATIONS.register(_name)(Perturbation(family=_family, meaning=_meaning, text=_text))
PERTURBATIONS.register("noise_in_vitals")(Perturbation(family="vitals", meaning="kept", vitals=vitals.with_noise))
PERTURBATIONS.register("one_vital_missing")(Perturbation(family="vitals", meaning="less", vitals=vitals.one_missing))


def _of_images(name: str) -> OfImages:
    return lambda images, seed: changed_images(images, name, seed=seed)


for _name in IMAGE_CHANGES:
    _one = IMAGE_CHANGES.get(_name)
    PERTURBATIONS.register(_name)(Perturbation(family=_one.family, meaning=_one.meaning, image=_of_images(_name)))
