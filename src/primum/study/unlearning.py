"""Unlearning a patient: a run by shards is made anew without them, from all heads that never saw them.

The new run lies beside the old one and is whole: predictions, findings, verdict and report are made anew, and nothing
that was signed is changed. The old run's heads are deleted once it is there; its model stays marked.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from primum.cohort import Cohort, SplitPlan, make_splits
from primum.errors import CohortError, InputError, SplitError
from primum.progress import Progress, Silent
from primum.training.names import SHARDS

if TYPE_CHECKING:  # the runner reads this; it is started from here
    from primum.study.erasing import Touched


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlearnt:
    """A run from which a patient was unlearnt."""

    before: Path
    """The run that had learnt from the patient."""
    after: Path
    """The run that has not."""
    shards: int
    trained: int
    """Heads that were trained again."""
    verdict: str


def unlearn(places: Sequence[Touched], *, progress: Progress | None = None, lang: str = "en") -> list[Unlearnt]:
    """Make each run by shards anew that has to be rebuilt after an erasure; return those that were.

    Where a study's records are no longer those of its run, that is noted, and the run waits in the queue.

    Args:
        places: what the erasure touched; all else is left alone.
        progress: is told of every step.
        lang: language of the reports.
    """
    wanted = [one.path for one in places if one.kind == "run" and one.rebuild and (one.path / SHARDS).is_dir()]
    made = []
    for run in wanted:
        try:
            made.append(_unlearnt(run, progress, lang))
        except (InputError, CohortError, SplitError) as exc:
            (progress or Silent()).note(str(exc))
    return made


def _unlearnt(run: Path, progress: Progress | None, lang: str) -> Unlearnt:
    from primum.study.runner import run_study
    from primum.study.study import Study

    study, out = Study.load(run / "study.yaml"), _beside(run)
    made = run_study(study, out=out, progress=progress, lang=lang, unlearnt_from=run)
    shutil.rmtree(run / SHARDS)
    said = json.loads((out / "history.json").read_text(encoding="utf-8"))[SHARDS]
    return Unlearnt(before=run, after=out, shards=said["shards"], trained=said["trained"], verdict=made.verdict.outcome)


def _beside(run: Path) -> Path:
    """Return the next free RUN-unlearnt, RUN-unlearnt-2 and so on."""
    name = run.resolve().name.partition("-unlearnt")[0]
    number = 1
    while True:
        place = run.resolve().parent / f"{name}-unlearnt{'' if number == 1 else f'-{number}'}"
        if not place.exists():
            return place
        number += 1


def heads_of(run: Path | None) -> Path | None:
    """Return where a run keeps its shards' heads."""
    return None if run is None else run / SHARDS


def split_as_in(run: Path, cohort: Cohort) -> npt.NDArray[np.object_]:
    """Return each record's split as a run had it, shape (n,).

    Divided anew, one patient fewer would move others over the border between two splits, and every head would change.

    Raises:
        InputError: the records are not those of the run.
        SplitError: what is left of a split is too little.
    """
    try:
        table = pq.read_table(run / "splits.parquet", columns=["id", "split"])
    except (pa.ArrowInvalid, KeyError, OSError) as exc:
        raise InputError(
            f"{run / 'splits.parquet'}: cannot be read as a run's table; was it written by primum?"
        ) from exc
    before = dict(zip(table["id"].to_pylist(), table["split"].to_pylist(), strict=True))
    if set(before) != set(cohort.ids):
        raise InputError(
            f"{run}: its study has other records today than when it was run, so nothing can be unlearnt from it alone; "
            f"run the study anew: primum run {run / 'study.yaml'}"
        )
    split = np.array([before[one] for one in cohort.ids], dtype=object)
    return make_splits(replace(cohort, given_split=split), SplitPlan(column="split"))
