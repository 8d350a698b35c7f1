"""The fairness audit of a table of predictions: every slice of the splits test and external, as findings."""

from __future__ import annotations

from collections.abc import Mapping

from primum.evidence.finding import Finding
from primum.evidence.predictions import Predictions
from primum.evidence.slices import MAX_DEPTH
from primum.evidence.split_names import measured_splits
from primum.fairness.discovery import Fields, discovery_findings
from primum.fairness.families import families_of
from primum.fairness.gaps import gap_findings
from primum.fairness.levels import level_findings
from primum.fairness.problems import Audited, audited
from primum.fairness.ranking import areas_by_axis
from primum.fairness.whole import whole_findings


def fairness_findings(
    predictions: Predictions,
    *,
    depth: int = MAX_DEPTH,
    n_resamples: int = 1000,
    seed: int = 7,
    fields: Mapping[str, Fields] | None = None,
) -> list[Finding]:
    """Return who is served worse, by how much and how surely, on the splits test and external.

    Every sensitive attribute, every intersection of up to `depth` of them and every site is compared with everybody
    else. The gaps that the default policy judges hold together: of models that serve all alike, at most one in twenty
    has any such gap whose interval excludes zero, however many slices there are. Time grows with the number of cells
    (combinations of attributes that occur) times the slices, not with the records times the resamples.

    Args:
        predictions: any model's; other splits are ignored.
        depth: most attributes that an intersection combines, 1 to 3.
        n_resamples: of the calibration error's bootstrap.
        seed: of every simulation.
        fields: by split, vitals and other columns in which to search for the worst-served slice.
    """
    findings: list[Finding] = []
    for split in measured_splits(predictions.split):
        part = predictions.of_split(split)
        if not len(part):
            continue
        if part.groups or part.site is not None:
            findings += _slice_findings(audited(part, split=split, depth=depth, seed=seed), n_resamples=n_resamples)
        findings += discovery_findings(part, split=split, fields=(fields or {}).get(split))
    return findings


def _slice_findings(part: Audited, *, n_resamples: int) -> list[Finding]:
    if not part.slices.axes:
        return []
    outcomes = [part.slices.count(problem.outcomes(), 4) for problem in part.problems]
    families = families_of(part, outcomes)
    deepest = max((level.depth for level in families.described), default=1)
    areas = [areas_by_axis(problem, part.slices, part.units, depth=deepest) for problem in part.problems]
    findings = gap_findings(part, outcomes, families, areas)
    for problem, of_cells in zip(part.problems, outcomes, strict=True):
        for level in families.parts:
            if level.depth == 1:
                findings += whole_findings(part, problem, of_cells, level, binary=part.binary)
    return findings + level_findings(part, outcomes, areas, n_resamples=n_resamples)
