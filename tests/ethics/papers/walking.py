"""An independent reader of papers: every number on a page, held against the very place that the page names for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from lxml import html

from primum.evidence import METRICS

# What the lists of items, the titles and the sources themselves say; none of it speaks of a run.
STATIC = ("fixed", "asks", "number", "kicker", "place", "lead", "state")
_NUMBER = re.compile(r"(?<![\w.])[-−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")


def faults(page: Path, run: Path) -> tuple[list[str], int]:
    """Return every number of a page that its origin does not hold, and how many numbers were looked up."""
    tree = html.fromstring(page.read_text(encoding="utf-8"))
    findings = [json.loads(line) for line in (run / "findings.jsonl").read_text(encoding="utf-8").splitlines()]
    body = tree.find("body")
    for element in [*body.iter("svg", "h1", "h2"), *(e for name in STATIC for e in body.find_class(name))]:
        element.drop_tree()
    plain = "patients" in (body.get("class") or "")
    wrong, count = [], 0
    for element in [*body.iter("li", "p")]:
        text = " ".join(element.text_content().split())
        if element.getparent().get("class") == "missing":
            continue  # repeats the lines above; a test of its own holds that
        numbers = list(_numbers(text, plain))
        origin = [*_findings(element, findings), *_keys(element, run)]
        if "study" in (element.get("class") or ""):
            origin = [_file(run, "study.yaml"), _file(run, "verdict.json")]
        count += len(numbers)
        wrong += [f"{number!r} in {text!r}" for number in numbers if not _holds(number, text, origin, plain)]
    return wrong, count


def repeated(page: Path) -> tuple[set[str], set[str]]:
    """Return the lines that say open or not measured, and those of the two lists at the end."""
    tree = html.fromstring(page.read_text(encoding="utf-8"))
    lines = {
        e.find_class("text")[0].text_content()
        for kind in ("open", "not-measured")
        for e in tree.find_class(kind)
        if e.tag == "li"
    }
    listed = set()
    for block in tree.find_class("missing"):
        for one in block.iter("li"):
            one.find_class("number")[0].drop_tree()
            listed.add(one.text_content().strip())
    return lines, listed


def held(text: str, origin: list[Any]) -> list[str]:
    """Return the numbers of a text that the origin does not hold."""
    return [number for number in _numbers(text, False) if not _holds(number, text, origin, False)]


def value_of(run: Path, key: str) -> Any:
    """Return what FILE:KEY holds."""
    file, _, path = key.partition(":")
    value = _file(run, file)
    for part in path.split(".") if path else ():
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _numbers(text: str, plain: bool) -> Iterator[str]:
    titles = sorted((t for name in METRICS for t in METRICS.get(name).title.values()), key=len, reverse=True)
    for title in ["SHA-256", *titles]:  # names that have a digit in them
        text = text.replace(title, " ")
    for found in _NUMBER.findall(text):
        if plain and (found == "100" or f"fewer than {found}" in text or f"more than {found}" in text):
            continue
        if plain and (f"不到 {found}" in text or f"超过 {found}" in text):
            continue
        yield found


def _findings(element: html.HtmlElement, findings: list[Any]) -> list[Any]:
    return [findings[int(place)] for place in (element.get("data-findings") or "").split()]


def _keys(element: html.HtmlElement, run: Path) -> list[Any]:
    return [value_of(run, key) for key in (element.get("data-key") or "").split()]


def _file(run: Path, name: str) -> Any:
    path = run / name
    if not path.is_file():
        return None
    return (json.loads if path.suffix == ".json" else yaml.safe_load)(path.read_text(encoding="utf-8"))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    else:
        yield value


def _holds(number: str, text: str, origin: list[Any], plain: bool) -> bool:
    shown = float(number.replace("−", "-"))
    decimals = len(number.partition(".")[2]) if "e" not in number else 12
    half = 0.5 * 10.0**-decimals * 1.0000001 if "e" not in number else 0.005 * abs(shown)
    for leaf in (leaf for one in origin for leaf in _leaves(one)):
        if isinstance(leaf, str) and number in leaf:
            return True
        if isinstance(leaf, int | float) and not isinstance(leaf, bool):
            percent = f"{number} %" in text or plain
            near = half if abs(leaf) < 1000 or float(leaf).is_integer() else 5e-6 * abs(leaf)
            if abs(leaf - shown) <= near or (percent and abs(100 * leaf - shown) <= max(half, 0.5 if plain else half)):
                return True
    return False
