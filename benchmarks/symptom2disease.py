"""Five-fold cross-validation of the example study symptom2disease, every fold a whole `primum run`.

    python benchmarks/symptom2disease.py path/to/symptom2disease.csv [--folds 5] [--out DIR]

Folds are scikit-learn's StratifiedGroupKFold over the text itself, so that descriptions that repeat word for word
share a fold; an eighth of every class's other texts validates. Prints each fold's accuracy and wall-clock seconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
from sklearn.model_selection import StratifiedGroupKFold

STUDY = Path(__file__).resolve().parent.parent / "examples" / "symptom2disease" / "study.yaml"


def folds_of(table: pa.Table, n: int) -> list[np.ndarray]:
    """Return each fold's split column: test is the fold; of the rest, an eighth of every class's texts validates."""
    labels, texts = np.array(table["label"].to_pylist()), np.array(table["text"].to_pylist())
    order = np.random.default_rng(7)
    folds = []
    for rest, test in StratifiedGroupKFold(n, shuffle=True, random_state=7).split(texts, labels, texts):
        split = np.full(len(labels), "train", dtype=object)
        split[test] = "test"
        for label in np.unique(labels[rest]):
            different = order.permutation(np.unique(texts[rest][labels[rest] == label]))
            split[rest[np.isin(texts[rest], different[: max(len(different) // 8, 2)])]] = "validation"
        folds.append(split)
    return folds


def run_fold(table: pa.Table, split: np.ndarray, out: Path) -> dict[str, float]:
    """Run the study on one fold and return its figures."""
    source = out.with_suffix(".csv")
    pc.write_csv(table.append_column("fold", pa.array(split.tolist())), source)
    command = [sys.executable, "-m", "primum", "run", str(STUDY), "--out", str(out), "--quiet"]
    command += ["--set", f"cohort.source={source}", "--set", "cohort.split={column: fold}"]
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3, 4):
        raise SystemExit(done.stderr)
    seconds = time.perf_counter() - started
    figures = json.loads((out / "baselines.json").read_text(encoding="utf-8"))
    accuracy = {name: parts["test"]["accuracy"] for name, parts in figures.items()}
    return {"seconds": seconds, **accuracy}


def main() -> None:
    """Run the folds and print a line each and the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    out = options.out or Path(tempfile.mkdtemp(prefix="primum-folds-"))
    out.mkdir(parents=True, exist_ok=True)
    table = pc.read_csv(options.data)
    texts = np.array(table["text"].to_pylist())
    repeated = len(texts) - len(np.unique(texts))
    results = []
    for k, split in enumerate(folds_of(table, options.folds)):
        across = len(set(texts[split == "test"]) & set(texts[split != "test"]))
        results.append(run_fold(table, split, out / f"fold{k}"))
        shown = "  ".join(f"{name} {value:.3f}" for name, value in results[-1].items() if name != "seconds")
        print(f"fold {k}: {results[-1]['seconds']:.0f} s  texts in test and elsewhere: {across}  {shown}", flush=True)
    for name in results[0]:
        print(f"mean {name}: {np.mean([result[name] for result in results]):.4f}")
    print(f"records {len(texts)}, of which repeat an earlier text: {repeated}; runs in {out}")


if __name__ == "__main__":
    main()
