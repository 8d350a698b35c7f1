"""What every section needs: the run's files, the words, and ways to look findings up and write them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS, Metric
from primum.evidence.predictions import UNKNOWN
from primum.evidence.split_names import measured_splits, set_of
from primum.i18n import compared_with
from primum.study.report.charts import Scale, forest_row
from primum.study.report.source import RunFiles
from primum.study.report.wording import Wording, interval, number, whole

MOST_OVERLAID = 4
"""Splits whose lines are drawn in one picture; the plots by set show them all."""
CHANCE = {"auroc": 0.5, "r2": 0.0}
"""Values that a model without skill reaches, drawn as a line in plots of these metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The run's files and the words to describe them."""

    run: RunFiles
    words: Wording

    def title(self, metric: str) -> str:
        """Return what people call a metric, in the report's language."""
        known = self._metric(metric)
        return known.title.get(self.words.lang, known.title["en"]) if known else metric.replace("_", " ")

    def definition(self, metric: str) -> str:
        """Return the metric's definition, or an empty string for a metric nobody registered."""
        known = self._metric(metric)
        return known.definition.get(self.words.lang, known.definition["en"]) if known else ""

    def split(self, name: str | None) -> str:
        """Return what people call a split."""
        named = None if name is None else set_of(name)
        if named is not None:
            return self.words("split_set", name=named)
        return self.words.known(f"split.{name}", otherwise=name or "–")

    def split_in(self, name: str) -> str:
        """Return a split as it stands at the end of a title, e.g. "on test"."""
        named = set_of(name)
        if named is not None:
            return self.words("split_in_set", name=named)
        return self.words.known(f"split_in.{name}", otherwise=name)

    def baseline(self, name: str) -> str:
        """Return what people call a baseline, as it stands inside a sentence."""
        return compared_with("baseline", name, self.words.lang)

    def group(self, slice_: Mapping[str, str]) -> str:
        """Return a patient group in words, e.g. "sex: Female · site: Cleveland"."""
        names = (
            f"{self.words.known(f'attribute.{key}', otherwise=key)}: {self.level(value)}"
            for key, value in slice_.items()
        )
        return " · ".join(names) or self.words("everybody")

    def level(self, value: str) -> str:
        """Return what people call a level; the level of those whose value is missing has a name of its own."""
        return self.words("unrecorded") if value == UNKNOWN else value

    def span(self, finding: Finding, *, signed: bool = False) -> str:
        """Return the interval with its level, e.g. "95 %: 0.88 – 0.94", or the word for none."""
        if finding.low is None or finding.high is None:
            return self.words("no_interval")
        return self.words(
            "interval",
            level=f"{100 * (finding.level or 0.95):g}",
            interval=interval(finding.low, finding.high, signed=signed),
        )

    def overall(self, metric: str, split: str) -> Finding | None:
        """Return the finding about everybody of a split: no slice, no comparison, all classes (or the last of two)."""
        found = [f for f in self.measured(metric, split) if not f.slice and not f.versus]
        for finding in found:
            if finding.class_ is None:
                return finding
        classes = self.run.classes()
        last = classes[-1] if len(classes) == 2 else None
        return next((f for f in found if last is not None and f.class_ == last), None)

    def measured(self, metric: str, split: str) -> Iterable[Finding]:
        """Yield the findings of a metric on a split."""
        return (f for f in self.run.findings if f.metric == metric and f.split == split)

    def splits(self) -> list[str]:
        """Return which of test and the external sets have findings, in order; a summary over places is no set."""
        return measured_splits(f.split for f in self.run.findings if f.split and "places" not in f.detail)

    def overlaid(self, caption: str, n_splits: int) -> str:
        """Return a caption that says so where only the first MOST_OVERLAID of n splits are drawn."""
        if n_splits <= MOST_OVERLAID:
            return caption
        return caption + " " + self.words("shapes.first_sets", n=MOST_OVERLAID, all=n_splits)

    def _metric(self, name: str) -> Metric | None:
        return METRICS.get(name) if name in METRICS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One row of a forest plot: words, figures and the picture of them."""

    label: str
    n: str
    value: str
    interval: str
    picture: Markup
    enough: bool
    strong: bool = False


def forest_line(label: str, finding: Finding, scale: Scale, *, signed: bool = False, css: str = "s0") -> ForestRow:
    """Return the row of one finding; one with too few patients is marked and drawn pale."""
    ends = None if finding.low is None or finding.high is None else (finding.low, finding.high)
    picture = Markup("") if finding.value is None else forest_row(finding.value, ends, scale, css)
    return ForestRow(
        label=label,
        n=whole(finding.n),
        value=number(finding.value, signed=signed),
        interval=interval(finding.low, finding.high, signed=signed),
        picture=picture,
        enough=finding.enough,
        strong=not finding.slice,
    )


def ends_of(findings: Iterable[Finding]) -> list[float]:
    """Return every value and interval end there is, for a scale."""
    return [x for f in findings for x in (f.value, f.low, f.high) if x is not None]
