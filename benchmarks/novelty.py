"""What the novelty flag of a finished run is worth, against other real data and over many calibration splits.

    python benchmarks/novelty.py RUN path/to/data [--rates 0.01 0.05 0.1] [--most 400]

RUN is a folder that `primum run` wrote for a study of English texts. The detector is fitted as the run fits it. Against
it: texts of other real data sets (whichever of mts-dialog, aci-bench, pubmedqa, vaers-reports, zh-medical-dialogue and
symptom2disease lie in the folder and are not the run's own), and records that primum damages itself. False alarms: the
calibration and test records are divided anew 200 times, and the threshold chosen anew each time.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.metrics import roc_auc_score

from primum.cohort import Records, TextList, take
from primum.evidence.intervals import delong
from primum.model.predictor import Predictor
from primum.safety.novelty import fit_novelty, judge_others
from primum.safety.novelty.detector import conformal_threshold
from primum.study import Study


def texts_of(folder: Path) -> dict[str, list[str]]:
    """Return the texts of each data set that is there."""
    found: dict[str, list[str]] = {}
    for name, file, column in (
        ("mts-dialog notes", "mts-dialog/mts_dialog.csv", "section_text"),
        ("mts-dialog dialogues", "mts-dialog/mts_dialog.csv", "dialogue"),
        ("aci-bench dialogues", "aci-bench/aci_bench.csv", "dialogue"),
        ("vaers-reports", "vaers-reports/reports.csv", "text"),
        ("zh-medical-dialogue", "zh-medical-dialogue/dialogue_internal_medicine.csv", "ask"),
        ("symptom2disease", "symptom2disease/symptom2disease.csv", "text"),
    ):
        if (folder / file).is_file():
            with (folder / file).open(encoding="utf-8") as stream:
                found[name] = [row[column] for row in csv.DictReader(stream) if row.get(column, "").strip()]
    papers = folder / "pubmedqa" / "pqal_train_dev.json"
    if papers.is_file():
        table = json.loads(papers.read_text(encoding="utf-8"))
        found["pubmedqa abstracts"] = [" ".join(one["CONTEXTS"]) for one in table.values()]
        found["pubmedqa questions"] = [one["QUESTION"] for one in table.values()]
    return found


def main() -> None:
    """Print one row for each kind of other record, then the false alarms."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.01, 0.05, 0.1])
    parser.add_argument("--most", type=int, default=400)
    options = parser.parse_args()
    study = Study.load(options.run / "study.yaml")
    cohort = study.read_cohort()
    split = np.array(pq.read_table(options.run / "splits.parquet")["split"].to_pylist(), dtype=object)
    predictor = Predictor.load(options.run / "model")
    inside = predictor.inside(cohort.records)
    started = time.perf_counter()
    novelty = fit_novelty(cohort, split, inside, false_alarms=0.05, seed=7)
    assert novelty is not None
    fitted = time.perf_counter() - started
    rows = np.flatnonzero(split == "test")
    known = novelty.judge(take(cohort, rows).records, inside.take(rows))
    started = time.perf_counter()
    novelty.judge(cohort.records, inside)
    print(f"{len(cohort)} records; fitted in {fitted:.2f} s, all judged in {time.perf_counter() - started:.2f} s")
    print(f"threshold {novelty.threshold:.2f}, asked 0.05, promised {novelty.promised:.4f}, ", end="")
    print(f"calibration {novelty.calibration}, test {len(rows)} of which flagged {known.flagged.mean():.4f}\n")
    print("| against | n | AUROC (95 %) | flagged at 5 % | " + " | ".join(novelty.names) + " |")
    print("|" + "---|" * (4 + len(novelty.names)))
    for name, texts in texts_of(options.data).items():
        if cohort.records.text is not None and name.split()[0] not in str(study.source):
            chosen = np.random.default_rng(7).permutation(len(texts))[: options.most]
            records = Records(n=len(chosen), text=TextList([texts[i] for i in chosen]))
            _row(name, known, novelty.judge(records, predictor.inside(records)))
    for name, judged in judge_others(novelty, predictor, take(cohort, rows), seed=7):
        _row(name.replace("_", " "), known, judged)
    external = np.flatnonzero(split == "external")
    if len(external):
        _row("external site", known, novelty.judge(take(cohort, external).records, inside.take(external)))
    print()
    _false_alarms(cohort, split, inside, novelty, options.rates)


def _row(name, known, judged) -> None:
    truth = np.r_[np.zeros(len(known.combined)), np.ones(len(judged.combined))]
    score = np.r_[known.combined, judged.combined]
    area, influence = delong(score, truth == 1)
    assert abs(area - roc_auc_score(truth, score)) < 1e-9
    half = 1.96 * float(np.sqrt((influence**2).sum()))
    alone = [roc_auc_score(truth, np.r_[known.surprise[:, j], judged.surprise[:, j]]) for j in range(len(known.names))]
    cells = " | ".join(f"{one:.2f}" for one in alone)
    ends = f"{max(area - half, 0):.3f} to {min(area + half, 1):.3f}"
    print(f"| {name} | {len(judged.combined)} | {area:.3f} ({ends}) | {judged.flagged.mean():.2f} | {cells} |")


def _false_alarms(cohort, split, inside, novelty, rates) -> None:
    """Divide calibration and test anew, since both are records that nothing was fitted on."""
    rows = np.flatnonzero((split == "calibration") | (split == "test"))
    combined = novelty.judge(take(cohort, rows).records, inside.take(rows)).combined
    n = int((split == "calibration").sum())
    print("| asked | promised | flagged on test, mean of 200 divisions (± 2 standard errors) |\n|---|---|---|")
    for rate in rates:
        shares, promised = [], 0.0
        for seed in range(200):
            order = np.random.default_rng(seed).permutation(len(rows))
            threshold, promised = conformal_threshold(combined[order[:n]], rate)
            shares.append(float((combined[order[n:]] > threshold).mean()))
        error = 2 * np.std(shares) / np.sqrt(len(shares))
        print(f"| {rate:g} | {promised:.4f} | {np.mean(shares):.4f} (± {error:.4f}) |")


if __name__ == "__main__":
    main()
