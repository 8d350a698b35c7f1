"""The cohort: Table 1 by split and by site, and where hospitals differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from primum.study.report.context import Context
from primum.study.report.wording import number, percent, whole

DIFFER = 0.15
"""Sites are said to differ in the target when their shares lie at least this far apart."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of Table 1."""

    label: str
    cells: Sequence[str]
    heading: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOne:
    """Table 1 by split or by site."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]


def cohort_section(context: Context) -> Mapping[str, object] | None:
    """Return counts, sentences about differences between hospitals, and Table 1; None without a cohort file."""
    cohort = context.run.cohort
    if not cohort:
        return None
    tables = [_table(by, groups, context) for by in ("split", "site") if (groups := _groups(cohort, by))]
    return {"counts": _counts(cohort, context), "notes": list(_notes(cohort, context)), "tables": tables}


def _groups(cohort: Json, by: str) -> Json:
    table = cohort.get("table1") or cohort.get("table_1") or {}
    found = table.get(by) or table.get(f"by_{by}") or {}
    return {str(k): v for k, v in found.items() if isinstance(v, Mapping)} if isinstance(found, Mapping) else {}


def _counts(cohort: Json, context: Context) -> list[tuple[str, str]]:
    keys = ("records", "patients", "sites", "excluded")
    return [(context.words(f"cohort.count.{k}"), whole(cohort[k])) for k in keys if isinstance(cohort.get(k), int)]


def _table(by: str, groups: Json, context: Context) -> TableOne:
    columns = [context.split(name) if by == "split" else name for name in groups]
    cells = list(groups.values())
    rows = [_plain_row(key, cells, context) for key in ("n", "patients") if any(key in cell for cell in cells)]
    rows += _target_rows(cells, context)
    for attribute in _keys(cells, "sensitive"):
        label = context.words.known(f"attribute.{attribute}", otherwise=attribute)
        rows += _share_rows(label, [_inner(cell, "sensitive", attribute) for cell in cells])
    for vital in _keys(cells, "vitals"):
        rows += _vital_rows(vital, [_inner(cell, "vitals", vital) for cell in cells], context)
    return TableOne(title=context.words(f"cohort.by_{by}"), columns=columns, rows=rows)


def _plain_row(key: str, cells: Sequence[Json], context: Context) -> Row:
    return Row(label=context.words(f"cohort.{key}"), cells=[_count(cell.get(key)) for cell in cells])


def _target_rows(cells: Sequence[Json], context: Context) -> list[Row]:
    targets = [_mapping(cell.get("target")) for cell in cells]
    column = _target_column(context)
    if any("median" in target for target in targets):
        label = context.words("cohort.target_mean", name=column)
        return [Row(label=label, cells=[_quartiles(target) for target in targets])]
    return _share_rows(column, targets)


def _target_column(context: Context) -> str:
    target = _mapping(_mapping(context.run.study.get("cohort")).get("target"))
    return str(target.get("column") or context.words("study.fact.target"))


def _share_rows(label: str, cells: Sequence[Json]) -> list[Row]:
    """Return a heading and one row a group, with count and share."""
    names = list(dict.fromkeys(name for cell in cells for name in cell))
    if not names:
        return []
    rows = [Row(label=name, cells=[_count_and_share(cell.get(name)) for cell in cells]) for name in names]
    return [Row(label=label, cells=[""] * len(cells), heading=True), *rows]


def _vital_rows(name: str, cells: Sequence[Json], context: Context) -> list[Row]:
    missing = [_share_of_missing(cell) for cell in cells]
    if any("median" in cell for cell in cells):
        rows = [
            Row(
                label=context.words("cohort.median", name=_with_unit(name, context)),
                cells=[_quartiles(cell) for cell in cells],
            )
        ]
    else:
        rows = _share_rows(name, [_mapping(cell.get("levels") or cell.get("shares")) for cell in cells])
    if any(share for share in missing):
        label = context.words("cohort.missing_row", name=name)
        rows.append(Row(label=label, cells=[percent(share) for share in missing]))
    return rows


def _with_unit(name: str, context: Context) -> str:
    inputs = _mapping(_mapping(context.run.study.get("cohort")).get("inputs"))
    for vital in inputs.get("vitals") or ():
        if isinstance(vital, Mapping) and vital.get("column") == name and vital.get("unit"):
            return f"{name} ({vital['unit']})"
    return name


def _notes(cohort: Json, context: Context) -> Iterator[str]:
    """Yield sentences about what a reader must know before reading any figure."""
    yield from _erased(_mapping(cohort.get("erased")), context)
    sites = _groups(cohort, "site")
    yield from _prevalence(sites, context)
    yield from _absent_vitals(sites, context)
    duplicates = cohort.get("duplicates") or {}
    exact, repeated = _first_int(duplicates, "records", "exact"), _mapping(cohort.get("repeated_texts"))
    if exact:
        yield context.words("cohort.duplicates", n=whole(exact))
    total = _first_int(repeated, "total", "records")
    if total:
        across = _first_int(repeated, "across_splits") or 0
        key = "cohort.repeated" if across else "cohort.repeated_plain"
        yield context.words(key, n=whole(total), across=whole(across))


def _erased(erased: Json, context: Context) -> Iterator[str]:
    """Yield a sentence about the records that were left out because their patients asked to be erased."""
    if erased.get("patients"):
        yield context.words("cohort.erased", patients=whole(erased["patients"]), records=whole(erased.get("records")))
    elif "patients" in erased and erased["patients"] is None:
        yield context.words("cohort.erased_few")


def _prevalence(sites: Json, context: Context) -> Iterator[str]:
    """Yield a sentence about the class whose share differs most between hospitals, if it differs much."""
    best: tuple[float, str, str, str, float, float] | None = None
    for name in dict.fromkeys(c for site in sites.values() for c in _mapping(site.get("target"))):
        found = {site: _share(_mapping(cell.get("target")).get(name)) for site, cell in sites.items()}
        shares = {site: share for site, share in found.items() if share is not None}
        if len(shares) < 2:
            continue
        low, high = min(shares, key=lambda s: shares[s]), max(shares, key=lambda s: shares[s])
        gap = shares[high] - shares[low]
        if gap >= DIFFER and (best is None or (gap, shares[high]) > (best[0], best[5])):
            best = gap, name, low, high, shares[low], shares[high]
    if best is not None:
        _, name, low, high, least, most = best
        yield context.words(
            "cohort.prevalence", name=name, low=percent(least), low_site=low, high=percent(most), high_site=high
        )


def _absent_vitals(sites: Json, context: Context) -> Iterator[str]:
    """Yield a sentence for each vital that some hospital never measured though another did."""
    for vital in _keys(list(sites.values()), "vitals"):
        missing = {site: _share_of_missing(_inner(cell, "vitals", vital)) for site, cell in sites.items()}
        nowhere = [site for site, share in missing.items() if share is not None and share >= 0.999]
        if nowhere and len(nowhere) < len(missing):
            yield context.words("cohort.absent_vital", name=vital, sites=context.words.listing(nowhere))


def _mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _inner(cell: Json, part: str, name: str) -> Json:
    return _mapping(_mapping(cell.get(part)).get(name))


def _keys(cells: Sequence[Json], part: str) -> list[str]:
    return list(dict.fromkeys(name for cell in cells for name in _mapping(cell.get(part))))


def _first_int(value: object, *keys: str) -> int | None:
    if isinstance(value, int):
        return value
    found = [_mapping(value).get(key) for key in keys]
    return next((one for one in found if isinstance(one, int)), None)


def _share(value: object) -> float | None:
    share = value.get("share") if isinstance(value, Mapping) else value
    return float(share) if isinstance(share, int | float) else None


def _share_of_missing(cell: Json) -> float | None:
    value = cell.get("missing_share", cell.get("missing"))
    return _share(value)


def _count(value: object) -> str:
    if isinstance(value, Mapping):
        value = value.get("count", value.get("n"))
    return "·" if value is None else whole(value)


def _count_and_share(value: object) -> str:
    """Return "112 (36 %)"; a dot where a small cell is withheld."""
    if not isinstance(value, Mapping):
        return "–" if value is None else whole(value)
    count = value.get("count", value.get("n"))
    if count is None:
        return "·"
    return f"{whole(count)} ({percent(_share(value))})" if _share(value) is not None else whole(count)


def _quartiles(cell: Json) -> str:
    """Return "54 (47 – 60)"; a dot where it is withheld or nobody was measured."""
    figures = [cell.get(key) for key in ("median", "q1", "q3")]
    if any(not isinstance(figure, int | float) for figure in figures):
        return "·" if cell.get("suppressed") else "–"
    median, low, high = (_shortest(float(figure)) for figure in figures if figure is not None)
    return f"{median} ({low} – {high})"


def _shortest(value: float) -> str:
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e6 else number(value).rstrip("0").rstrip(".")
