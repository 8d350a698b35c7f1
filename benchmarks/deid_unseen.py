"""De-identification on templates that the rules have not seen: generator, measure, and half A's misses to learn from.

    python benchmarks/deid_unseen.py --n 600 [--peer VENV/bin/python] [--ner] [--misses name]

`deid_unseen/en.txt` and `zh.txt` hold notes of many types with holes for identifiers, `negative_*.txt` clinical text
without any. They were written before the rules were opened. Templates alternate: A to develop with, B held out; of B
only totals are ever printed. Needs Faker (`pip install faker==40.63.0`).
"""

from __future__ import annotations

import argparse
import collections
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import deid
import numpy as np
from deid_unseen_filler import notes

from primum.privacy.deid import KINDS, find, recognisers, score
from primum.privacy.deid.score import kind_named

FOLDER = Path(__file__).parent / "deid_unseen"


def templates(lang: str, half: str) -> list[str]:
    """Return the templates of a language: half A (the first, third, ...) or B (the second, fourth, ...)."""
    parts = (FOLDER / f"{lang}.txt").read_text(encoding="utf-8").split("## ")[1:]
    whole = [part.partition("\n")[2].rstrip("\n") for part in parts]
    return whole[0 if half == "A" else 1 :: 2]


def negatives(lang: str, half: str) -> list[str]:
    """Return the clinical texts without identifiers of a language and half."""
    lines = (FOLDER / f"negative_{lang}.txt").read_text(encoding="utf-8").splitlines()
    return lines[0 if half == "A" else 1 :: 2]


def labelled(lang: str, half: str, n: int) -> list[dict[str, Any]]:
    """Return `n` labelled notes of a language and half."""
    return list(notes(templates(lang, half), lang, n=n, seed=101 if half == "A" else 202))


def by_template(made: list[dict[str, Any]], n_templates: int, finder: Any) -> str:
    """Return the recall of direct identifiers with the interval that whole templates drawn again give: 2.5 to 97.5 %.

    Notes of one template fail together, so that the interval over single identifiers is too narrow.
    """
    hits, totals = np.zeros(n_templates), np.zeros(n_templates)
    for number, note in enumerate(made):
        direct = {**note, "spans": [one for one in note["spans"] if is_direct(one["kind"])]}
        if direct["spans"]:
            share = score([direct], finder=finder).recall[f"{note['lang']}/all"]
            hits[number % n_templates] += round(share.value * share.n)
            totals[number % n_templates] += share.n
    drawn = np.random.default_rng(0).integers(0, n_templates, (4000, n_templates))
    recalls = hits[drawn].sum(axis=1) / totals[drawn].sum(axis=1)
    low, high = np.quantile(recalls, (0.025, 0.975))
    worst = np.sort(hits / np.maximum(totals, 1))[:5]
    return (
        f"direct, templates drawn again: {hits.sum() / totals.sum():.4f} ({low:.4f} to {high:.4f}),"
        f" {n_templates} templates, {int((hits == totals).sum())} of them without a miss;"
        f" the five worst {np.round(worst, 2).tolist()}"
    )


def is_direct(kind: str) -> bool:
    """Return whether one of a kind alone can name a person."""
    return KINDS.get(kind_named(kind)).direct


def misses(lang: str, n: int, kind: str) -> None:
    """Print what was missed, and found wrongly, in half A."""
    seen: collections.Counter[str] = collections.Counter()
    for note in labelled(lang, "A", n):
        spans = find(note["text"])
        covered = {place for span in spans for place in range(span.start, span.end)}
        for one in note["spans"]:
            text = note["text"]
            whole = all(at in covered for at in range(one["start"], one["end"]) if text[at].isalnum())
            if not whole and kind in (one["kind"], "all"):
                around = text[max(0, one["start"] - 25) : one["start"]], text[one["end"] : one["end"] + 12]
                seen[f"- {one['kind']}: {around[0]!r} [{text[one['start'] : one['end']]!r}] {around[1]!r}"] += 1
        for span in spans:
            if not any(span.start < one["end"] and one["start"] < span.end for one in note["spans"]):
                text = note["text"]
                seen[
                    f"+ {span.kind}: {text[max(0, span.start - 20) : span.start]!r} "
                    f"[{text[span.start : span.end]!r}] {text[span.end : span.end + 12]!r}"
                ] += kind in (span.kind, "all")
    for line, count in seen.most_common():
        if count:
            print(lang, count, line)
    for line in negatives(lang, "A"):
        if found := find(line):
            print(lang, "negative", line, [(one.kind, line[one.start : one.end]) for one in found])


def main() -> None:
    """Print every figure, or half A's misses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=600, help="notes of each half and language")
    parser.add_argument("--halves", default="AB")
    parser.add_argument("--peer", help="Python of an environment with Presidio")
    parser.add_argument("--misses", help="a kind, or all: print what half A's misses are")
    parser.add_argument("--ner", action="store_true", help="ask the installed models too")
    given = parser.parse_args()
    finder = partial(find, recognisers=recognisers(None if given.ner else ()))
    for lang in ("en", "zh"):
        if given.misses:
            misses(lang, given.n, given.misses)
            continue
        for half in given.halves:
            made = labelled(lang, half, given.n)
            finder(made[0]["text"])
            began = time.process_time()
            found = {note["text"]: finder(note["text"]) for note in made}
            speed = sum(len(note["text"]) for note in made) / (time.process_time() - began)
            deid.print_score(f"unseen {half}, {lang}", score(made, finder=found.__getitem__))
            print("   " + by_template(made, len(templates(lang, half)), found.__getitem__))
            lines = negatives(lang, half)
            clean = sum(not finder(line) for line in lines)
            print(f"   untouched: {clean} of {len(lines)}; {speed:.0f} characters a CPU s")
            if given.peer and lang == "en":
                scored, seconds = deid.peer_score(given.peer, made)
                size = sum(len(note["text"]) for note in made)
                deid.print_score(f"presidio, unseen {half}, {size / seconds:.0f} characters a CPU second", scored)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
