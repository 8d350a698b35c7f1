"""Where the model fails: places among patients at which errors gather, in sentences and a forest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from primum.evidence.finding import Finding
from primum.evidence.predictions import UNKNOWN
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import number, percent, whole
from primum.transparency.errors.metrics import EXCESS, PLACES


def error_places_section(context: Context) -> Mapping[str, object] | None:
    """Return the sentences and the forest of the places; None where nothing was looked for."""
    counts = list(context.measured(PLACES, "test"))
    if not counts:
        return None
    places = sorted(context.measured(EXCESS, "test"), key=lambda f: -(f.value or 0.0))
    if places:
        said = [_found(context, f) for f in places]
    elif counts[0].value is not None:
        said = [context.words("error_places.none", leaves=whole(counts[0].detail.get("leaves")))]
    else:
        said = [context.words("error_places.few" if counts[0].detail.get("errors") else "error_places.perfect")]
    return {"sentences": said, "forests": [_forest(context, places)] if places else []}


def who(context: Context, conditions: Mapping[str, str]) -> str:
    """Return a place in words, e.g. "age > 60 and sex is Female"."""
    told = [_condition(context, column, one) for column, all_ in conditions.items() for one in all_.split(" & ")]
    return context.words("error_places.and").join(told)


def _condition(context: Context, column: str, condition: str) -> str:
    words = context.words
    name = words.known(f"error_places.{column}", otherwise=words.known(f"attribute.{column}", otherwise=column))
    sign, _, rest = condition.partition(" ")
    if rest == UNKNOWN:
        return words("error_places.unrecorded" if sign == "=" else "error_places.recorded", column=name)
    if sign in ("=", "≠"):
        return words("error_places.is" if sign == "=" else "error_places.is_not", column=name, level=rest)
    return words("error_places.number", column=name, rest=condition)


def _found(context: Context, finding: Finding) -> str:
    size = context.run.target_type() == "number"
    told = number if size else percent
    return context.words(
        "error_places.found_size" if size else "error_places.found",
        who=who(context, finding.slice),
        error=told(finding.detail.get("error")),
        rest=told(finding.detail.get("rest")),
        low=told(finding.low),
        patients=whole(finding.n),
    )


def _forest(context: Context, places: Sequence[Finding]) -> Forest:
    scale = scale_of(ends_of(places), reference=0.0)
    return Forest(
        title=context.title(EXCESS),
        note=context.definition(EXCESS),
        axis=forest_axis(scale),
        rows=[forest_line(who(context, f.slice), f, scale, signed=True) for f in places],
    )
