"""The step of a cohort: texts of its records without identifiers, and what was masked, in counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from primum.cohort import Cohort
from primum.cohort.records import Records, TextColumn
from primum.cohort.text import TextSpool
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, clopper_pearson
from primum.evidence.metrics import METRICS
from primum.privacy.deid.crew import Crew, workers_for
from primum.privacy.deid.deidentifier import Deidentifier
from primum.privacy.deid.ner import pinned
from primum.privacy.deid.replace import Plan, plan_of

SMALL = 5
"""Counts of fewer records are withheld."""
_CHUNK = 2_048
_SAMPLE = 256
_ANY = "any"
_METHOD = "share of records in whose texts {who} found an identifier and replaced it; Clopper and Pearson's interval"


def plan_for_training(keep: Sequence[str] = ()) -> Plan:
    """Return what a training text becomes: every kind a token such as [NAME], an age over 89 "90+".

    Args:
        keep: kinds left as they are.
    Raises:
        InputError: a kind that is not known.
    """
    return plan_of(changes={"age": "generalise", **dict.fromkeys(keep, "keep")})


def without_identifiers(
    cohort: Cohort, keep: Sequence[str] = (), *, models: Sequence[str] = (), workers: int | None = None
) -> Cohort:
    """Return a cohort whose texts hold no identifier that the rules, or a model, find.

    How many records were changed, in all and by kind, goes into its source as `deid`; counts of one to four are None.
    The fingerprint stays that of the source.

    Args:
        cohort: the records; one without texts comes back as it is.
        keep: kinds left as they are.
        models: asked besides the rules, as name==version.
        workers: processes; None: one for each core where there is much to read.
    Raises:
        ExtraMissingError: a model is not installed.
    """
    if cohort.records.text is None:
        return cohort
    counts: Counter[str] = Counter()
    records = mask_records(cohort.records, keep, models=models, counts=counts, workers=workers)
    changed = counts.pop(_ANY, 0)
    told = {
        "records": _withheld(changed),
        "kinds": {kind: _withheld(n) for kind, n in sorted(counts.items())},
        "kept": sorted(keep),
        "ner": list(models),
    }
    return replace(cohort, records=records, source={**cohort.source, "deid": told})


def mask_records(
    records: Records,
    keep: Sequence[str] = (),
    *,
    models: Sequence[str] = (),
    counts: Counter[str] | None = None,
    workers: int | None = None,
) -> Records:
    """Return records whose texts hold no identifier that is found; texts in which there is none stay as they are.

    Args:
        records: what a model is asked about.
        keep: kinds left as they are.
        models: asked besides the rules, as name==version.
        counts: receives the records that were changed, under each kind and under "any".
        workers: processes; None: one for each core where there is much to read.
    Raises:
        ExtraMissingError: a model is not installed.
    """
    if records.text is None:
        return records
    counts = Counter() if counts is None else counts
    deid = Deidentifier(plan=plan_for_training(keep), models=pinned(models))
    spool = TextSpool()
    with Crew(deid, workers=workers_for(workers, _size(records.text))) as crew:
        for texts in crew.map(_masked, records.text.chunks(_CHUNK)):
            spool.add([pa.array(texts, pa.large_string())])
    made = spool.finish()
    counts.update(deid.counts)
    return replace(records, text=made) if counts[_ANY] else records


def mask_texts(
    texts: Sequence[str | None], keep: Sequence[str] = (), *, models: Sequence[str] = ()
) -> list[str | None]:
    """Return texts without the identifiers that are found, in memory; what `mask_records` does to a few."""
    return _masked(Deidentifier(plan=plan_for_training(keep), models=tuple(models)), list(texts))


def _size(text: TextColumn) -> int:
    """Return about how many characters there are, by the first texts."""
    first = next(iter(text.chunks(_SAMPLE)), [])
    return len(text) * sum(len(one or "") for one in first) // max(1, len(first))


def _withheld(n: int) -> int | None:
    return None if 0 < n < SMALL else n


def _masked(deid: Deidentifier, texts: list[str | None]) -> list[str | None]:
    """Return texts masked; count each record once under each kind, and under "any" where anything was replaced."""
    return [one and deid.masked(one, any_as=_ANY) for one in texts]


def masked_findings(cohort: Cohort) -> list[Finding]:
    """Return the share of records in which something was masked, and that of each kind; none where the step was off.

    Shares of one to four records are withheld: the finding has no value, and says so.
    """
    told = cohort.source.get("deid")
    if told is None or not len(cohort):
        return []
    kinds = sorted(told["kinds"].items(), key=lambda item: (-(item[1] or 0), item[0]))
    return [_finding(len(cohort), told, kind, n) for kind, n in ((_ANY, told["records"]), *kinds)]


def _finding(of: int, told: Mapping[str, Any], kind: str, n: int | None) -> Finding:
    models = told.get("ner", [])
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
        method=_METHOD.format(who=" and ".join(["rules", *models])),
        reference=METRICS.get("identifiers_masked").reference,
        detail={
            "kind": kind,
            "kept": list(told["kept"]),
            "ner": models,
            **({"withheld": True} if n is None else {"records": n}),
        },
    )
