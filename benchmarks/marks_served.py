"""Measure marks without torch against the network in torch: `python benchmarks/marks_served.py RUN RECORDS [--n 24]`.

Both mark the same pictures, one at a time, in turn, by one thread each; the median of the ratios is told, and how far
boxes, scores and masks lie apart. RUN is a finished run of marked places with its served form.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from primum.cohort import read_records, read_shapes
from primum.evidence.marks import overlap, pixels
from primum.model.regions import ServedRegions
from primum.model.regions.predictor import RegionPredictor
from primum.study.opened import roles_for, spec_of


def main(run: Path, records: Path, n: int) -> None:
    """Ask both about the first n pictures and print how they compare."""
    torch.set_num_threads(1)
    spec, slow = spec_of(run), RegionPredictor.load(run / "model")
    fast = ServedRegions.load(run / "model", threads=1)
    assert fast is not None, "the run wrote no served form"
    roles = roles_for(spec, slow)
    _, given = read_records(records, roles, id_column=spec.cohort.id)
    shapes, prepared = read_shapes(records, roles), slow.prepare(given)
    boxes, scores, overlaps, ratios, found = [0.0], [0.0], [1.0], [], 0
    for row in range(min(n, len(shapes))):
        one, shape = prepared.chosen(np.array([row])), shapes[[row]]
        told, seconds = [], []
        for who in (slow, fast):
            start = time.perf_counter()
            told.append(who.read(one, shape)[0].above(slow.spec.threshold).marks[0])
            seconds.append(time.perf_counter() - start)
        ratios.append(seconds[0] / seconds[1])
        assert [mark.label for mark in told[0]] == [mark.label for mark in told[1]], "other marks"
        for mark, twin in zip(*told, strict=True):
            found += 1
            boxes.append(float(np.abs(np.subtract(mark.box, twin.box)).max()))
            scores.append(abs(float(mark.score or 0) - float(twin.score or 0)))
            if mark.runs is not None and twin.runs is not None:
                both = overlap(mark.runs, twin.runs)
                overlaps.append(both / (pixels(mark.runs) + pixels(twin.runs) - both))
    print(f"{found} marks: boxes within {max(boxes):.2g} pixels, scores within {max(scores):.2g}, ", end="")
    print(
        f"overlap over union of masks at least {min(overlaps):.4f}; torch takes {np.median(ratios):.2f} times as long"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("records", type=Path)
    parser.add_argument("--n", type=int, default=24)
    asked = parser.parse_args()
    main(asked.run, asked.records, asked.n)
