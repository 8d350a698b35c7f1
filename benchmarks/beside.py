"""What counterfactuals and groups of similar patients of a finished run are worth, and what the size of groups costs.

    python benchmarks/beside.py RUN [RECORDS]

Counterfactuals of RECORDS test records (60): how many were found, how many turn the answer again when each is asked
about by itself, broken promises, and whether the changed vitals are like training records, told by these themselves.
Groups of 5, 8, 10, 15 and 20 patients: loss against exact nearest patients, and how well membership can be told.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from primum.cohort import take
from primum.model.predictor import Predictor
from primum.study import Study
from primum.study.likeness import directions_of
from primum.transparency.counterfactual import fit_terrain, most_probable, smallest_change_findings
from primum.transparency.similar import fit_groups, group_findings, groups


def main(run: Path, records: int) -> None:
    """Print the figures of a run."""
    study = Study.load(run / "study.yaml")
    cohort = study.read_cohort()
    split = study.split(cohort)
    predictor = Predictor.load(run / "model")
    known = take(cohort, np.flatnonzero(split == "train"))
    directions = directions_of(study.spec, cohort.records.vitals)
    terrain = fit_terrain(known.records.vitals, known.patients, directions=directions)
    started = time.process_time()
    found = smallest_change_findings(predictor, cohort, split, terrain, decide=most_probable, most=records)
    seconds = time.process_time() - started
    for one in found:
        print(one.metric, dict(one.versus), one.value, one.low, one.high, one.n, dict(one.detail))
    print(f"{seconds / records:.2f} s of processor time a record")
    features = predictor.inside(cohort.records).features
    for fewest in (5, 8, 10, 15, 20):
        groups.GROUP = fewest
        made = fit_groups(cohort, split, features, seed=7)
        assert made is not None
        figures = {one.metric: one for one in group_findings(made, cohort, split, features, seed=7)}
        alone = figures["similar_smallest_group"].detail["of_one_outcome"]
        told = [f"{name} {one.value:.3f} ({one.low:.3f} to {one.high:.3f})" for name, one in figures.items() if one.low]
        print(f"groups of {fewest} and more: {len(made.patients)};", "; ".join(told), f"; of one outcome {alone:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60)
