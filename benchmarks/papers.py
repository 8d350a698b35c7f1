"""Walk the papers of a finished run: `python benchmarks/papers.py RUN`, from the root of a checkout.

Prints how many numbers they show, how many of them the named finding or file does not hold, how hard the page for
patients is to read, and how long writing them takes. The walk and the grade are those of the tests.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from primum.ethics.papers import FOLDER, patient_page, read_facts, write_papers  # noqa: E402
from primum.study.report import render_report  # noqa: E402
from tests.ethics.papers import reading, walking  # noqa: E402


def main(run: Path) -> None:
    """Print the figures of a run's papers, made in a copy of its folder."""
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(run, Path(place) / "run", ignore=shutil.ignore_patterns("checkpoints", "tensorboard"))
        for lang in ("en", "zh"):
            render_report(copy, lang=lang)
            walked = [walking.faults(page, copy) for page in sorted((copy / FOLDER).glob("*.html"))]
            print(f"{lang}: {sum(n for _, n in walked)} numbers, {sum(len(wrong) for wrong, _ in walked)} not held")
        start = time.process_time()
        write_papers(copy)
        print(f"writing: {time.process_time() - start:.2f} s")
        english, chinese = (reading.own_words(patient_page(read_facts(copy), lang)) for lang in ("en", "zh"))
        lengths = [len(sentence) for sentence in chinese]
        print(f"patients, English: Flesch-Kincaid grade {reading.grade(english):.1f}, {len(english)} sentences")
        print(f"patients, Chinese: {sum(lengths) / len(lengths):.1f} characters a sentence, at most {max(lengths)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
