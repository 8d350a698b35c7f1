"""Whether reasons point where people see the finding: the pointing game, and how much of the reason lies inside.

The model learnt from labels alone and nobody told it of places; these figures judge its reasons, never its answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.evidence.finding import Finding
from primum.evidence.intervals import wilson
from primum.evidence.metrics import METRICS
from primum.evidence.regions import Region
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE
from primum.transparency.asking import Question
from primum.transparency.explaining import DEFAULT_METHOD, subject_of
from primum.transparency.means import ends_of_mean, mean_by
from primum.transparency.methods import METHODS
from primum.transparency.metrics import ENERGY, POINTING, POINTING_EXCESS
from primum.transparency.parts import BoolArray, FloatArray, IntArray, Predictor

SIDE = 224
"""Of the square on which places are compared, in pixels."""
TOLERANCE = 15
"""Pixels of that square by which the strongest cell's middle may miss a place (Zhang et al. 2018)."""
Regions = Sequence[Sequence[Region]]
"""The marked places of each record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed:
    """Where the reasons of some records point, against where people marked; each of shape (n,)."""

    hit: FloatArray
    """1 where the strongest cell's middle lies in a marked place or within TOLERANCE of it."""
    chance: FloatArray
    """Share of all cells that would have hit."""
    inside: FloatArray
    """Share of what speaks for the class that lies in marked places; NaN where nothing speaks for it."""
    area: FloatArray
    """Share of the picture that is marked: what `inside` would be of a reason that is the same everywhere."""


def placed(regions: Sequence[Region], shape: tuple[int, int]) -> BoolArray:
    """Return which pixels of the square that a model reads are marked, shape (SIDE, SIDE).

    Args:
        regions: in pixels of the image as it is stored.
        shape: height and width of that image, which stands at its own proportions in the middle of the square.
    """
    height, width = shape
    scale = SIDE / max(height, width)
    top, left = (SIDE - height * scale) / 2, (SIDE - width * scale) / 2
    middles = np.arange(SIDE) + 0.5
    rows, columns = (middles - top) / scale, (middles - left) / scale  # in pixels as stored
    marked = np.zeros((SIDE, SIDE), dtype=bool)
    for region in regions:
        x0, y0, x1, y1 = region.box
        inside = ((rows >= y0) & (rows < y1))[:, None] & ((columns >= x0) & (columns < x1))
        if region.mask is not None:
            high, wide = region.mask.shape
            at = np.ix_(rows.clip(0, high - 1).astype(np.int64), columns.clip(0, wide - 1).astype(np.int64))
            inside &= region.mask[at]
        marked |= inside
    return marked


def pointed(cells: Sequence[FloatArray], marked: Sequence[BoolArray]) -> Pointed:
    """Return how the reasons of pictures compare with what people marked.

    Args:
        cells: what each cell adds, shape (grid, grid) each.
        marked: which pixels of the square are, shape (SIDE, SIDE) each.
    Source: Zhang et al. 2018, IJCV 126, "Top-down neural attention by excitation backprop", section 4.2 (the game);
        Wang et al. 2020, CVPR workshops (Score-CAM), section 4.3 (energy inside).
    """
    figures = [_one(own, there) for own, there in zip(cells, marked, strict=True)]
    hit, chance, inside, area = (np.array(one, dtype=np.float64) for one in zip(*figures, strict=True))
    return Pointed(hit=hit, chance=chance, inside=inside, area=area)


def _one(cells: FloatArray, marked: BoolArray) -> tuple[float, float, float, float]:
    grid = len(cells)
    rows, columns = np.nonzero(marked)
    middles = (np.arange(grid) + 0.5) * SIDE / grid
    hits = np.zeros((grid, grid), dtype=bool)
    for y, x in np.ndindex(grid, grid):
        away = np.hypot(rows + 0.5 - middles[y], columns + 0.5 - middles[x])
        hits[y, x] = bool(away.min(initial=np.inf) <= TOLERANCE)
    band = np.arange(SIDE) * grid // SIDE
    share = np.zeros((grid, grid))
    np.add.at(share, (band[rows], band[columns]), 1.0)
    share /= np.outer(np.bincount(band), np.bincount(band))
    speaks = np.clip(cells, 0.0, None)
    inside = float((speaks * share).sum() / speaks.sum()) if speaks.sum() > 0 else np.nan
    return float(hits.flat[int(cells.argmax())]), float(hits.mean()), inside, float(marked.mean())


def localisation_findings(
    predictor: Predictor,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    regions: Regions,
    *,
    shapes: IntArray,
    most: int = 100,
    method: str = DEFAULT_METHOD,
    seed: int = 7,
) -> list[Finding]:
    """Return whether reasons for the true class point at marked places, on test, beside chance.

    Where fewer than ten patients of test are marked, validation and calibration are looked at as well and the findings
    are of no split; training records never are.

    Args:
        predictor: the model.
        cohort: the records.
        split: name of each record's split, shape (n,).
        regions: marked places of each record, in pixels of the image as it is stored.
        shapes: height and width of each image as it is stored, 0 where it is not known, shape (n, 2).
        most: records that are asked about; of more, so many are drawn.
        method: a name from METHODS.
        seed: of the draw.
    """
    marked = np.array([bool(own) for own in regions], dtype=bool) & shapes.all(1)
    own = np.flatnonzero(marked & (split == "test"))
    pooled = len(np.unique(cohort.patients[own])) < ENOUGH_FOR_A_SHARE
    rows = np.flatnonzero(marked & np.isin(split.astype(str), ("validation", "calibration", "test"))) if pooled else own
    if len(rows) > most:
        rows = np.sort(np.random.default_rng([seed, 23]).choice(rows, most, replace=False))
    if not len(rows):
        return []
    part = take(cohort, rows)
    subject = subject_of(predictor, part.records)
    if cohort.target.kind == "classes":
        truth = part.target.values.astype(np.int64)
        subject = replace(subject, question=Question(about=truth, against=np.full(len(rows), -1, dtype=np.int64)))
    found = METHODS.get(method)(subject, seed).parts
    seen = [place for place, parts in enumerate(subject.parts) if len(parts.cells)]
    if not seen:
        return []
    squares = [placed(regions[row], (int(shapes[row, 0]), int(shapes[row, 1]))) for row in rows[seen].tolist()]
    of_cells = [found[place][subject.parts[place].of_cells].reshape(subject.parts[place].grid, -1) for place in seen]
    patients = np.unique(part.patients[seen].astype(str), return_inverse=True)[1].astype(np.int64)
    return list(_told(pointed(of_cells, squares), patients, method, None if pooled else "test"))


def _told(found: Pointed, patients: IntArray, method: str, split: str | None) -> Iterator[Finding]:
    about = {"method": method, "images": len(found.hit)}
    hits = mean_by(found.hit, patients)
    chance = float(mean_by(found.chance, patients).mean())
    n, value = len(hits), float(hits.mean())
    low, high = wilson(value * n, n)
    detail = {**about, "chance": chance}
    yield _finding(POINTING, value, (low, high), n, n >= ENOUGH_FOR_A_SHARE, split, detail)
    excess = mean_by(found.hit - found.chance, patients)
    enough = n >= ENOUGH_FOR_A_MEAN
    yield _finding(POINTING_EXCESS, float(excess.mean()), ends_of_mean(excess), n, enough, split, about)
    there = np.isfinite(found.inside)
    if there.any():
        own = np.unique(patients[there], return_inverse=True)[1].astype(np.int64)
        inside = mean_by(found.inside[there], own)
        detail = {**about, "chance": float(mean_by(found.area[there], own).mean())}
        enough = len(inside) >= ENOUGH_FOR_A_MEAN
        yield _finding(ENERGY, float(inside.mean()), ends_of_mean(inside), len(inside), enough, split, detail)


def _finding(
    metric: str,
    value: float,
    ends: tuple[float | None, float | None],
    n: int,
    enough: bool,
    split: str | None,
    detail: dict[str, object],
) -> Finding:
    return Finding(
        pillar="transparency",
        metric=metric,
        value=value,
        low=ends[0],
        high=ends[1],
        level=None if ends[0] is None else 0.95,
        n=n,
        split=split,
        enough=enough,
        method="mean over patients; Wilson's interval of the share, Student's t of the others",
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
