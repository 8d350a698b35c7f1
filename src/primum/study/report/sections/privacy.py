"""Privacy: whether the answers give away who was trained on, who is exposed, and whom the records single out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from primum.evidence.finding import Finding
from primum.privacy.deid import KINDS
from primum.study.report.charts import Labels, Series, forest_axis, scale_of
from primum.study.report.charts_privacy import membership_chart
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.sections.shapes import Figure, Table
from primum.study.report.wording import interval, number, percent, whole

AREA, EXPOSURE, CANARIES = "membership_auc", "membership_exposure", "canary_exposure"
REIDENTIFICATION = ("k_anonymity", "small_class_share", "sample_uniqueness", "prosecutor_risk", "journalist_risk",
                    "population_uniqueness", "l_diversity", "outcome_disclosed_share")  # fmt: skip
_OF_ALL = ("membership_tpr_at_1_percent", "membership_tpr_at_0_1_percent", "membership_advantage", "membership_epsilon")
_SMALLEST = 0.001
_MOST_ROWS = 40


def privacy_section(context: Context) -> Mapping[str, object] | None:
    """Return sentences, the curve of the attacks, who is exposed and the table of look-alikes; None without any."""
    areas = list(context.measured(AREA, "train"))
    records = [f for name in REIDENTIFICATION for f in context.run.findings if f.metric == name]
    planted = [f for f in context.run.findings if f.metric == CANARIES]
    masked = [f for f in context.run.findings if f.metric == "identifiers_masked"]
    if not (areas or records or planted or masked):
        return None
    return {
        "sentences": [
            *_about_members(context, areas),
            *_about_canaries(context, planted),
            *_about_records(context, records),
            *_about_masking(context, masked),
        ],
        "figure": _curve(context, areas),
        "forests": [plot for plot in (_areas(context, areas), _exposed(context)) if plot is not None],
        "members": _members_table(context, areas),
        "records": _records_table(context, records),
    }


def _attack(context: Context, finding: Finding) -> str:
    name = str(finding.detail.get("attack", ""))
    said = context.words.known(f"privacy.attack.{name}", otherwise=name)
    if finding.detail.get("answers") == "uncalibrated":
        return context.words("privacy.uncalibrated", attack=said)
    return said


def _about_members(context: Context, areas: Sequence[Finding]) -> list[str]:
    if not areas:
        return [context.words("privacy.no_attack")]
    words = context.words
    worst = max(areas, key=lambda f: f.value or 0.0)
    said = [
        words(
            "privacy.worst",
            attack=_attack(context, worst),
            value=number(worst.value),
            interval=interval(worst.low, worst.high),
            n=whole(worst.n),
            others=whole(worst.detail.get("versus_n")),
        )
    ]
    differs = worst.detail.get("unalike")
    if differs:
        said.append(words("privacy.unalike", listing=words.listing([str(one) for one in differs])))
    else:
        low, high = worst.low or 0.0, worst.high or 1.0
        said.append(words("privacy.leaks" if low > 0.5 else "privacy.hides" if high <= 0.6 else "privacy.unsure"))
    return said


def _about_canaries(context: Context, planted: Sequence[Finding]) -> list[str]:
    return [
        context.words(
            "privacy.canaries",
            n=whole(f.n),
            value=number(f.value),
            interval=interval(f.low, f.high),
            most=number(f.detail.get("most")),
        )
        for f in planted
    ]


def _about_records(context: Context, records: Sequence[Finding]) -> list[str]:
    smallest = next((f for f in records if f.metric == "small_class_share"), None)
    if smallest is None:
        return []
    names = context.words.listing([str(one) for one in smallest.detail.get("quasi_identifiers", [])])
    share = percent(smallest.value)
    return [context.words("privacy.classes", listing=names, share=share, n=whole(smallest.n))]


def _about_masking(context: Context, masked: Sequence[Finding]) -> list[str]:
    words, said = context.words, []
    for f in masked:
        if f.detail.get("kind") == "any":
            count = words("privacy.few") if f.value is None else whole(f.detail["records"])
            said.append(words("privacy.masked", records=count, n=whole(f.n)))
    kinds = [f for f in masked if f.detail.get("kind") != "any"]
    if kinds:
        listed = [
            f"{KINDS.get(str(f.detail['kind'])).title[words.lang]} "
            f"({words('privacy.few') if f.value is None else whole(f.detail['records'])})"
            for f in kinds
        ]
        said.append(words("privacy.masked_kinds", listing=words.listing(listed)))
    kept: Sequence[str] = next((f.detail["kept"] for f in masked if f.detail.get("kept")), [])
    if kept:
        names = [KINDS.get(str(kind)).title[words.lang] for kind in kept]
        said.append(words("privacy.kept", listing=words.listing(names)))
    return said


def _curve(context: Context, areas: Sequence[Finding]) -> Figure | None:
    drawn = [f for f in areas if f.detail.get("roc")]
    if not drawn:
        return None
    words = context.words
    lines = [
        Series(name=_attack(context, f), x=[x for x, _ in f.detail["roc"]], y=[y for _, y in f.detail["roc"]])
        for f in drawn
    ]
    labels = Labels(
        title=words("privacy.curve"),
        description=words("privacy.curve_note"),
        x=words("privacy.false_alarms"),
        y=words("privacy.caught"),
    )
    rows = [[_attack(context, f), percent(x), percent(y)] for f in drawn for x, y in f.detail["roc"][::4]]
    return Figure(
        title=labels.title,
        caption=labels.description,
        picture=membership_chart(lines, labels, smallest=_SMALLEST),
        legend=[one.name for one in lines],
        table=Table(head=[words("privacy.attack_by"), labels.x, labels.y], rows=rows),
    )


def _areas(context: Context, areas: Sequence[Finding]) -> Forest | None:
    if not areas:
        return None
    scale = scale_of(ends_of(areas), reference=0.5)
    rows = [forest_line(_attack(context, f), f, scale) for f in areas]
    return Forest(title=context.title(AREA), note=context.definition(AREA), axis=forest_axis(scale), rows=rows)


def _exposed(context: Context) -> Forest | None:
    found = sorted(context.measured(EXPOSURE, "train"), key=lambda f: -(f.value or 0.0))[:_MOST_ROWS]
    if not found:
        return None
    scale = scale_of(ends_of(found), reference=0.0)
    rows = []
    for f in found:
        who = context.words("records.class", name=f.class_) if f.class_ else context.group(f.slice)
        rows.append(forest_line(f"{who} · {_attack(context, f)}", f, scale, signed=True))
    return Forest(
        title=context.words("privacy.exposed"),
        note=context.words("privacy.exposed_note"),
        axis=forest_axis(scale),
        rows=rows,
    )


def _members_table(context: Context, areas: Sequence[Finding]) -> Table | None:
    if not areas:
        return None
    rows = []
    for name in _OF_ALL:
        for f in context.measured(name, "train"):
            few = "" if f.enough else context.words("too_few")
            ends = context.words("privacy.at_least") if f.high is None else interval(f.low, f.high)
            rows.append([context.title(name), _attack(context, f), number(f.value), ends, few])
    words = context.words
    head = [words("privacy.figure"), words("privacy.attack_by"), words("forest.value"), words("forest.interval"), ""]
    return Table(head=head, rows=rows)


def _records_table(context: Context, records: Sequence[Finding]) -> Table | None:
    if not records:
        return None
    words = context.words
    rows = [[context.title(f.metric), number(f.value), interval(f.low, f.high), whole(f.n)] for f in records]
    bands: Sequence[Sequence[Any]] = next((f.detail["bands"] for f in records if f.detail.get("bands")), ())
    for low, high, share in bands:
        size = str(low) if low == high else f"{low} – {high}" if high else words("privacy.or_more", n=low)
        shown = words("privacy.withheld") if share is None else number(share)
        rows.append([words("privacy.band", size=size), shown, "–", "–"])
    return Table(head=[words("privacy.figure"), words("forest.value"), words("forest.interval"), "n"], rows=rows)
