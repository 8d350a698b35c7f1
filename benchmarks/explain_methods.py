"""How faithful each method's reasons are on one model, what they cost, and how far the methods agree.

    python benchmarks/explain_methods.py RUN RECORDS [--records 50] [--parts faithful,nodes,served]

RUN is a finished run, RECORDS a table with its study's columns; validation records alone are asked about, so that what
a choice of method was made on is not what it is judged on.

faithful: comprehensiveness and sufficiency of a fifth of the parts, beside 19 random choices from the rest of the
record, with one standard error over records; the share that beats all of them by 0.05; differences from the first
method record by record; mean rank agreement of each pair of methods; CPU seconds of one thread.
nodes: gap and error of integrated gradients by several rules and numbers of nodes, on six of the records; the error is
the largest distance from the attributions by 160 nodes, as a share of the largest of these.
served: whole explanations with their checks as a service gives them, without torch, of notes cut to 60 words: by the
clock, on as many processors as the process may use.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from scipy import stats

from primum.cohort.build import take_records
from primum.cohort.records import TextList
from primum.study.opened import open_run
from primum.study.predicting import opened_run, read_for
from primum.transparency.explaining import explain, subject_of
from primum.transparency.methods import METHODS, path_nodes
from primum.transparency.trust import Bars, faithfulness

NAMES = ("integrated_gradients_bf16", "attention_gradient", "occlusion", "gradient_input")
NODE_RECORDS = 6
LATENCIES, WORDS = 40, 60


def main() -> None:
    """Measure and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--records", type=int, default=50)
    parser.add_argument("--parts", default="faithful,nodes")
    options = parser.parse_args()
    if "served" in options.parts:
        served(options.run, options.data)
    torch.set_num_threads(1)
    subject = opened(options.run, options.data, options.records)
    print(f"{len(subject.parts)} records, parts each: {np.mean([len(p) for p in subject.parts]):.0f}", flush=True)
    if "faithful" in options.parts:
        faithful(subject)
    if "nodes" in options.parts:
        nodes(subject.chosen(np.arange(min(NODE_RECORDS, len(subject.parts)))))


def opened(run: Path, data: Path, most: int):
    """Return validation records of a run, drawn, with its model."""
    import pyarrow.parquet as pq

    spec, predictor, roles = opened_run(run)
    ids, records = read_for(spec, roles, data)
    splits = pq.read_table(run / "splits.parquet").to_pydict()
    held = {str(i) for i, split in zip(splits["id"], splits["split"], strict=True) if split == "validation"}
    rows = np.array([row for row, i in enumerate(ids) if str(i) in held], dtype=np.int64)
    drawn = np.random.default_rng(7).permutation(rows)[:most]
    return subject_of(predictor, take_records(records, np.sort(drawn)))


def served(run: Path, data: Path) -> None:
    """Print how long a service's explanation of one record takes."""
    opened_ = open_run(run, threads=1, torch_allowed=False)
    spec, _, roles = opened_run(run)
    _, records = read_for(spec, roles, data)
    took = []
    for row in range(LATENCIES + 2):
        one = take_records(records, np.array([row]))
        words = str(one.text.take(np.array([0]))[0]).split()[:WORDS]
        one = replace(one, text=TextList([" ".join(words)]))
        started = time.perf_counter()
        explain(opened_.model, one, method="occlusion")
        took.append(time.perf_counter() - started)
    took = took[2:]  # the first ones warm up
    half, most = np.percentile(took, [50, 95])
    print(f"served ({opened_.model.form}): p50 {half:.2f} s, p95 of {len(took)} {most:.2f} s", flush=True)


def faithful(subject) -> None:
    """Print the faithfulness and cost of each method, how they differ and how they agree."""
    bars, found, falls = Bars(), {}, {}
    for name in NAMES:
        started = time.process_time()
        found[name] = METHODS.get(name)(subject, 7).parts
        seconds = (time.process_time() - started) / len(subject.parts)
        told = faithfulness(subject, found[name])
        falls[name] = told.comprehensiveness
        excess = told.comprehensiveness - told.random_comprehensiveness
        holds = (told.beaten >= bars.beaten) & (excess >= bars.excess)
        print(
            f"{name}: comprehensiveness {with_error(told.comprehensiveness)} "
            f"(random {told.random_comprehensiveness.mean():.3f}), sufficiency {with_error(told.sufficiency)}, "
            f"holds {holds.mean():.0%}, {seconds:.3f} CPU s a record",
            flush=True,
        )
    for name in NAMES[1:]:
        print(f"{NAMES[0]} less {name}: {with_error(falls[NAMES[0]] - falls[name])}")
    for one, other in combinations(NAMES, 2):
        agreed = [stats.spearmanr(a, b).statistic for a, b in zip(found[one], found[other], strict=True) if len(a) > 2]
        print(f"rank agreement of {one} and {other}: {np.nanmean(agreed):.2f}")


def with_error(values) -> str:
    """Return the mean and its standard error over records."""
    return f"{values.mean():.3f} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def plain(count):
    """Return Gauss-Legendre's places and weights on [0, 1]."""
    place, weight = np.polynomial.legendre.leggauss(count)
    return (place + 1) / 2, weight / 2


def squared(count):
    """Return the same in a variable of which the place is the square."""
    place, weight = plain(count)
    return place**2, 2 * place * weight


def nodes(subject) -> None:
    """Print gap and error of each rule."""
    truth, _ = along(subject, path_nodes(160))
    for name, rule in (("square", squared), ("plain", plain), ("crowded", path_nodes)):
        for count in (16, 24, 50):
            values, gap = along(subject, rule(count))
            error = np.mean([np.abs(a - b).max() / np.abs(b).max() for a, b in zip(values, truth, strict=True)])
            print(f"{count} nodes, {name}: gap {gap.mean():.1e}, error {error:.1e}", flush=True)


def along(subject, rule):
    """Return the parts' attributions by a rule, in float32, and the share of the difference that they miss."""
    places, weights = rule
    predictor = subject.predictor
    told = predictor.gradients(subject.prepared, subject.question, kind="path", nodes=places, weights=weights)
    values = [p.summed(told.tokens[row], told.vitals[row]) for row, p in enumerate(subject.parts)]
    whole = told.end - told.start
    return values, np.abs(np.array([v.sum() for v in values]) - whole) / np.abs(whole)


if __name__ == "__main__":
    main()
