"""Near-duplicate search: seconds, peak memory and recall of primum, beside datasketch's MinHashLSH on the same notes.

    python benchmarks/near_duplicates.py [--data FOLDER] [--notes 200000] [--peer-notes 10000]

Notes are sentences drawn from vaers-reports, about 60 words each; every twentieth is a copy of another with one word in
twenty-five replaced. Both count pairs whose Jaccard similarity of 5-character shingles is 0.7 or more. The peer runs on
fewer notes because it is linear and slow; the ratio compares processor seconds on the same notes, in this one run.
"""

from __future__ import annotations

import argparse
import csv
import resource
import time
from pathlib import Path

import numpy as np

from primum.cohort import TextList
from primum.safety.records.minhash import boilerplate, candidate_pairs, plain, signatures, verified

CHUNK, K = 8_192, 5


def notes_of(data: Path, n: int, rng: np.random.Generator) -> tuple[list[str], list[tuple[int, int]]]:
    """Return n notes and the pairs of original and copy."""
    with (data / "vaers-reports" / "reports.csv").open(encoding="utf-8", newline="") as file:
        words = " ".join(row["text"] for row in csv.DictReader(file)).split()
    starts = rng.integers(0, len(words) - 12, (n, 5))
    notes = [" ".join(" ".join(words[start : start + 12]) for start in row) for row in starts]
    copies = rng.choice(np.arange(n // 2, n), n // 20, replace=False)
    sources = rng.choice(n // 2, len(copies), replace=False)
    for copy, source in zip(copies, sources, strict=True):
        changed = notes[source].split()
        for place in rng.choice(len(changed), max(1, len(changed) // 25), replace=False):
            changed[place] = "also"
        notes[copy] = " ".join(changed)
    return notes, list(zip(sources.tolist(), copies.tolist(), strict=True))


def ours(notes: list[str]) -> set[tuple[int, int]]:
    """Return the pairs that primum finds."""
    smooth = [plain(note) for note in notes]
    common = boilerplate(smooth[:5_000], K)
    parts = [signatures(smooth[at : at + CHUNK], K, common)[0] for at in range(0, len(smooth), CHUNK)]
    pairs = candidate_pairs(np.concatenate(parts))
    return {tuple(pair) for pair in pairs[verified(TextList(notes), pairs, K, common)].tolist()}


def theirs(notes: list[str]) -> set[tuple[int, int]]:
    """Return the pairs that datasketch finds, as its documentation shows: 128 permutations, threshold 0.7."""
    from datasketch import MinHash, MinHashLSH

    index, found = MinHashLSH(threshold=0.7, num_perm=128), set()
    for number, note in enumerate(notes):
        text = plain(note)
        sketch = MinHash(num_perm=128)
        sketch.update_batch([text[at : at + K].encode() for at in range(max(1, len(text) - K + 1))])
        found |= {(other, number) for other in index.query(sketch)}
        index.insert(number, sketch)
    return found


def timed(find: object, notes: list[str], planted: list[tuple[int, int]]) -> tuple[float, float, float]:
    """Return seconds, processor seconds, and the share of planted pairs that were found."""
    start, busy = time.perf_counter(), time.process_time()
    found = find(notes)  # type: ignore[operator]
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    return seconds, busy, sum(pair in found for pair in planted) / len(planted)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default, help="folder with the data sets")
    parser.add_argument("--notes", type=int, default=200_000, help="most notes")
    parser.add_argument("--peer-notes", type=int, default=10_000, help="notes that both read")
    given = parser.parse_args()
    print("| who | notes | s | CPU s | notes a CPU second | planted copies found | peak memory so far, MiB |")
    print("|---|---|---|---|---|---|---|")

    def row(who: str, find: object, n: int) -> float:
        notes, planted = notes_of(given.data, n, np.random.default_rng(5))
        seconds, busy, recall = timed(find, notes, planted)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        pace = f"{seconds:.1f} | {busy:.1f} | {n / busy:,.0f}"
        print(f"| {who} | {n:,} | {pace} | {recall:.3f} | {peak:,.0f} |", flush=True)
        return busy / n

    mine = row("primum", ours, given.peer_notes)
    try:
        peer = row("datasketch", theirs, given.peer_notes)
        print(f"\nOn the same {given.peer_notes:,} notes primum is {peer / mine:.0f} times as fast.\n")
    except ModuleNotFoundError:
        print("\ndatasketch is not installed; its row is left out.\n")
    for n in (given.notes // 4, given.notes):
        row("primum", ours, n)


if __name__ == "__main__":
    main()
