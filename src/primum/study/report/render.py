"""The report: one self-contained HTML file made from nothing but a run's folder."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from primum.ethics import write_papers
from primum.files import write_text
from primum.study.report.context import Context
from primum.study.report.sections.causes import causes_section
from primum.study.report.sections.cohort import cohort_section
from primum.study.report.sections.counterfactuals import counterfactuals_section
from primum.study.report.sections.error_places import error_places_section
from primum.study.report.sections.experts import experts_section
from primum.study.report.sections.fairness.section import fairness_section
from primum.study.report.sections.findings import findings_section
from primum.study.report.sections.gains import gains_section
from primum.study.report.sections.hazards import hazards_section
from primum.study.report.sections.learning import learning_section
from primum.study.report.sections.making import making_section
from primum.study.report.sections.marks import marks_section
from primum.study.report.sections.novelty import novelty_section
from primum.study.report.sections.overall import overall_section
from primum.study.report.sections.papers import papers_section
from primum.study.report.sections.performance import groups_section, performance_section
from primum.study.report.sections.privacy import privacy_section
from primum.study.report.sections.reasons import reasons_section
from primum.study.report.sections.records import records_section
from primum.study.report.sections.robustness import robustness_section
from primum.study.report.sections.rules import rules_section
from primum.study.report.sections.sets import sets_section
from primum.study.report.sections.shapes import shapes_section
from primum.study.report.sections.similar import similar_section
from primum.study.report.sections.study import study_section
from primum.study.report.sections.trust.section import trust_section
from primum.study.report.sections.verdict import verdict_section
from primum.study.report.source import read_run
from primum.study.report.wording import LANGUAGES, Wording, catalogue

SECTIONS: Mapping[str, Callable[[Context], Mapping[str, object] | None]] = {
    "verdict": verdict_section,
    "hazards": hazards_section,
    "study": study_section,
    "cohort": cohort_section,
    "records": records_section,
    "experts": experts_section,
    "performance": performance_section,
    "marks": marks_section,
    "sets": sets_section,
    "trust": trust_section,
    "fairness": fairness_section,
    "privacy": privacy_section,
    "gains": gains_section,
    "shapes": shapes_section,
    "groups": groups_section,
    "novelty": novelty_section,
    "robustness": robustness_section,
    "reasons": reasons_section,
    "counterfactuals": counterfactuals_section,
    "similar": similar_section,
    "overall": overall_section,
    "error_places": error_places_section,
    "causes": causes_section,
    "rules": rules_section,
    "learning": learning_section,
    "findings": findings_section,
    "making": making_section,
}
"""Every section in reading order; a section that returns None is left out, with a sentence that says why. The papers,
which point to the others, come last."""


def render_report(run_dir: Path, *, lang: str = "en", out: Path | None = None) -> Path:
    """Write report.html into a run's folder, its papers beside it into `papers`, and return the report's path.

    Args:
        run_dir: a finished run; needs findings.jsonl and verdict.json, every other file may be missing.
        lang: "en" or "zh".
        out: the file to write, and nothing else; None: report.html in the run's folder, and the papers.
    Raises:
        InputError: the folder is no finished run, a file in it is damaged, or the language is not known.
        OutputError: report.html or a paper cannot be written.
    """
    words = Wording(lang)
    context = Context(run=read_run(Path(run_dir)), words=words)
    built = {name: build(context) for name, build in SECTIONS.items()}
    if out is None:
        present = [name for name, data in built.items() if data is not None]
        titles = {name: {one: catalogue(one)[f"section.{name}"] for one in LANGUAGES} for name in present}
        built["papers"] = papers_section(write_papers(Path(run_dir), lang=lang, sections=titles), words)
    path = out or Path(run_dir) / "report.html"
    write_text(path, _page(built, context))
    return path


def _page(built: Mapping[str, Mapping[str, object] | None], context: Context) -> str:
    environment = Environment(
        loader=PackageLoader("primum.study.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _asset("report.css"), _asset("report.js")
    return environment.get_template("report.html").render(
        words=context.words,
        lang="zh-CN" if context.words.lang == "zh" else "en",
        name=context.run.name or context.words("page.unnamed"),
        sections={name: data for name, data in built.items() if data is not None},
        absent=[name for name, data in built.items() if data is None],
        style=style,
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _asset(name: str) -> Markup:
    """Return a file of ours that goes into the page as it is."""
    return Markup(files("primum.study.report").joinpath("templates", name).read_text(encoding="utf-8").strip())
