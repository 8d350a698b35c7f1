"""How time and memory grow with the cohort.

    python benchmarks/growth.py [--small 1000] [--million 1000000]

1. One epoch of fine-tuning on a cohort and on one ten times larger: seconds per epoch and peak memory.
2. A million generated notes: read, roles checked, split, summarised; peak memory of the process.
Each part runs in a process of its own, whose peak resident memory the operating system reports.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from notes import notes


def write_records(path: Path, n: int) -> None:
    """Write n records: id, patient, note, sex, age, hospital, diagnosis; the notes repeat with a number in them."""
    texts, labels = notes(min(n, 20_000), 3)
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,patient,note,sex,age,hospital,diagnosis\n")
        for i in range(n):
            k = i % len(texts)
            stream.write(
                f"r{i},p{i // 2},{texts[k]} visit {i},{'FM'[i % 2]},{20 + i % 70},h{i % 7},{'abcd'[labels[k]]}\n"
            )


STUDY = """
study: growth
cohort:
  source: records.csv
  id: id
  patient: patient
  inputs: {text: note, vitals: [age]}
  target: {column: diagnosis}
  sensitive: [sex, {column: age, bins: [0, 45, 65, 120]}]
  site: hospital
training: {epochs: 1, batch: 16, track: []}
"""


def read_and_split(folder: Path) -> dict[str, float]:
    """Read, check, split and summarise a cohort."""
    from primum.cohort import summarise
    from primum.study import Study

    started = time.perf_counter()
    study = Study.load(folder / "study.yaml")
    cohort = study.read_cohort()
    split = study.split(cohort)
    summarise(cohort, split)
    return {"records": len(cohort), "seconds": time.perf_counter() - started}


def one_epoch(folder: Path) -> dict[str, float]:
    """Fine-tune for one epoch; validation and saving included in the seconds."""
    from transformers import logging

    from primum.model.backbones import locate_backbone
    from primum.study import Study
    from primum.study.fitting import fit_request
    from primum.training.fit import fit

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    study = Study.load(folder / "study.yaml")
    cohort = study.read_cohort()
    split = study.split(cohort)
    fitted = fit(fit_request(study, cohort, split, locate_backbone("minilm"), folder=folder / "run"))
    return {"records": int((split == "train").sum()), "seconds": fitted.history["seconds"]}


def _measured(part: str, n: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_records(folder / "records.csv", n)
        (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
        command = [sys.executable, __file__, "--child", part, "--folder", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"{part}: {n} records, {figures['seconds']:.1f} s, peak {figures['peak_mib']:.0f} MiB", flush=True)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--million", type=int, default=1_000_000)
    parser.add_argument("--child", default="")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.child:
        figures = {"read_and_split": read_and_split, "one_epoch": one_epoch}[options.child](options.folder)
        figures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(figures))
        return
    _measured("read_and_split", options.million)
    small, large = (_measured("one_epoch", n) for n in (options.small, 10 * options.small))
    print(
        f"ten times the records: x{large['seconds'] / small['seconds']:.2f} time an epoch, "
        f"x{large['peak_mib'] / small['peak_mib']:.2f} memory"
    )


if __name__ == "__main__":
    main()
