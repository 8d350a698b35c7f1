"""Text augmentation: groups that are rare within a class get more records, the same notes in other words.

Synonyms and crops (Wei and Zou 2019, "EDA", section 2), or back-translation (Sennrich et al. 2016, section 3) where
the study names a translator. Drawing a record again teaches its words by heart; other words do not.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from primum.cohort import TextList, take
from primum.cohort.augment import cropped, with_synonyms
from primum.training.fairness.back_translation import back_translated
from primum.training.fairness.method import METHODS, Copies, IntArray, Method, Mitigation, Setting

MOST_COPIES = 5
"""Copies of one record at most: the words of one patient must not stand for a whole group."""


def rows_to_copy(setting: Setting) -> IntArray:
    """Return training records to copy, so that every group reaches `strength` times the largest group of its class.

    For a target other than classes, of all records.
    """
    target, rows = setting.cohort.target, setting.train_rows
    classes = target.values[rows].astype(np.int64) if target.kind == "classes" else np.zeros(len(rows), dtype=np.int64)
    groups = setting.groups.codes[rows]
    generator = np.random.default_rng([setting.seed, 2])
    copied = []
    for class_ in np.unique(classes):
        sizes = np.bincount(groups[classes == class_], minlength=len(setting.groups))
        for group in np.flatnonzero(sizes):
            cell = rows[(classes == class_) & (groups == group)]
            missing = round(setting.strength * sizes.max()) - len(cell)
            if missing > 0:
                pool = np.tile(generator.permutation(cell), MOST_COPIES)
                copied.append(pool[:missing])
    return np.concatenate(copied) if copied else np.empty(0, dtype=np.int64)


def _apply(setting: Setting) -> Mitigation:
    rows = rows_to_copy(setting)
    if not len(rows):
        return Mitigation()
    records = take(setting.cohort, rows).records
    assert records.text is not None  # held by `needs_text`
    given = records.text.take(np.arange(len(rows)))
    if setting.plan.translator is not None:
        altered = back_translated(given, setting.folder / Path(setting.plan.translator))
    else:
        generator = np.random.default_rng([setting.seed, 3])
        altered = [None if text is None else cropped(with_synonyms(text, generator), generator) for text in given]
    return Mitigation(copies=Copies(records=replace(records, text=TextList(altered)), rows=rows))


METHODS.register("text_augmentation")(
    Method(apply=_apply, strength=1.0, strongest=1.0, targets=("classes", "labels", "number"), needs_text=True)
)
