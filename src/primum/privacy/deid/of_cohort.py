"""The step of a cohort: texts of its records without identifiers, and what was masked, in counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from primum.cohort import Cohort
from primum.cohort.records import Records, TextColumn
from primum.cohort.text import TextSpool
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, clopper_pearson
from primum.evidence.metrics import METRICS
from primum.privacy.deid.engine import find
from primum.privacy.deid.replace import Plan, plan_of

SMALL = 5
"""Counts of fewer records are withheld."""
_CHUNK = 2_048
_ANY = "any"
_METHOD = "share of records in whose texts rules found an identifier and replaced it; Clopper and Pearson's interval"


def plan_for_training(keep: Sequence[str] = ()) -> Plan:
    """Return what a training text becomes: every kind a token such as [NAME], an age over 89 "90+".

    Args:
        keep: kinds left as they are.
    Raises:
        InputError: a kind that is not known.
    """
    return plan_of(changes={"age": "generalise", **dict.fromkeys(keep, "keep")})


def without_identifiers(cohort: Cohort, keep: Sequence[str] = ()) -> Cohort:
    """Return a cohort whose texts hold no identifier that the rules find.

    How many records were changed, in all and by kind, goes into its source as `deid`; counts of one to four are None.
    The fingerprint stays that of the source.

    Args:
        cohort: the records; one without texts comes back as it is.
        keep: kinds left as they are.
    """
    if cohort.records.text is None:
        return cohort
    counts: Counter[str] = Counter()
    records = mask_records(cohort.records, keep, counts=counts)
    changed = counts.pop(_ANY, 0)
    told = {
        "records": _withheld(changed),
        "kinds": {kind: _withheld(n) for kind, n in sorted(counts.items())},
        "kept": sorted(keep),
    }
    return replace(cohort, records=records, source={**cohort.source, "deid": told})


def mask_records(records: Records, keep: Sequence[str] = (), *, counts: Counter[str] | None = None) -> Records:
    """Return records whose texts hold no identifier that the rules find; texts in which there is none stay as they are.

    Args:
        records: what a model is asked about.
        keep: kinds left as they are.
        counts: receives the records that were changed, under each kind and under "any".
    """
    if records.text is None:
        return records
    counts = Counter() if counts is None else counts
    spool = TextSpool()
    for texts in _masked(records.text, plan_for_training(keep), counts):
        spool.add([pa.array(texts, pa.large_string())])
    made = spool.finish()
    return replace(records, text=made) if counts[_ANY] else records


def mask_texts(texts: Sequence[str | None], keep: Sequence[str] = ()) -> list[str | None]:
    """Return texts without the identifiers that the rules find, in memory; what `mask_records` does to a few."""
    return _masked_texts(texts, plan_for_training(keep), Counter())


def _withheld(n: int) -> int | None:
    return None if 0 < n < SMALL else n


def _masked(text: TextColumn, plan: Plan, counts: Counter[str]) -> Iterator[list[str | None]]:
    """Yield the texts in parts; count each record once under each kind, and under "any" where anything was replaced."""
    for chunk in text.chunks(_CHUNK):
        yield _masked_texts(chunk, plan, counts)


def _masked_texts(texts: Sequence[str | None], plan: Plan, counts: Counter[str]) -> list[str | None]:
    made: list[str | None] = []
    for one in texts:
        spans = [span for span in find(one or "") if plan.actions[span.kind] != "keep"]
        counts.update({span.kind for span in spans})
        counts[_ANY] += bool(spans)
        made.append(plan.apply(one, spans, patient="") if one and spans else one)
    return made


def masked_findings(cohort: Cohort) -> list[Finding]:
    """Return the share of records in which something was masked, and that of each kind; none where the step was off.

    Shares of one to four records are withheld: the finding has no value, and says so.
    """
    told = cohort.source.get("deid")
    if told is None or not len(cohort):
        return []
    kinds = sorted(told["kinds"].items(), key=lambda item: (-(item[1] or 0), item[0]))
    return [_finding(len(cohort), told["kept"], kind, n) for kind, n in ((_ANY, told["records"]), *kinds)]


def _finding(of: int, kept: Sequence[str], kind: str, n: int | None) -> Finding:
    low, high = (None, None) if n is None else clopper_pearson(n, of)
    return Finding(
        pillar="privacy",
        metric="identifiers_masked",
        value=None if n is None else n / of,
        low=low,
        high=high,
        level=None if n is None else LEVEL,
        n=of,
        enough=n is not None,
        method=_METHOD,
        reference=METRICS.get("identifiers_masked").reference,
        detail={"kind": kind, "kept": list(kept), **({"withheld": True} if n is None else {"records": n})},
    )
