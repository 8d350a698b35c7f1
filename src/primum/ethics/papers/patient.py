"""The page for patients: what the model is, how often it is right, what it does not know, what one can ask for."""

from __future__ import annotations

from collections.abc import Iterator

from primum.ethics.papers.facts import Facts
from primum.ethics.papers.pages import page
from primum.ethics.papers.plainly import Block, Line, of_100, say, who
from primum.ethics.sentences import number
from primum.evidence.finding import Finding
from primum.evidence.split_names import is_external, set_of

PATIENTS = "patients"
"""The page's name."""
_RIGHT = ("accuracy", "subset_accuracy")
_MOST_CLASSES = 3
"""Of so many classes each has its own sentence; of more only the one that is found least often."""
_MOST_GROUPS = 3
_TONE = {"pass": "fine", "review": "wait", "block": "stop"}


def patient_page(facts: Facts, lang: str) -> str:
    """Return the page for patients, filled from a run's facts, as HTML."""
    blocks = [
        _what(facts, lang),
        may_block(facts, lang),
        _right(facts, lang),
        _groups(facts, lang),
        *standing_blocks(facts, lang),
        _data(facts, lang),
    ]
    for kind in ("open", "unmeasured"):
        missing = [line.missing for block in blocks for line in block.lines if line.missing.startswith(f"{kind}.")]
        lines = [Line(text=say(key, lang)) for key in missing] or [Line(text=say(f"{kind}.nothing", lang))]
        blocks.append(Block(title=say(kind, lang), lines=lines, listed=bool(missing)))
    name = str(facts.value("study.yaml:study") or "")
    return page("patients.html", lang, title=say("title", lang), kicker=say("kicker", lang), name=name, blocks=blocks)


def standing_blocks(facts: Facts, lang: str) -> list[Block]:
    """Return what stands on every page for patients: what it does not know, who decides, what to ask for."""
    unknown = [Line(text=say(f"unknown.{key}", lang)) for key in ("record", "why", "past", "wrong")]
    unknown += _of_the_model(facts, lang)
    asks = ("used", "said", "read", "again", "refuse", "complain")
    decides = [Line(text=say("decides.person", lang)), *_quoted("user", "decides.user", facts, lang)]
    return [
        Block(title=say("unknown", lang), lines=unknown, listed=True),
        Block(title=say("decides", lang), lines=decides),
        Block(title=say("ask", lang), lines=[Line(text=say(f"ask.{key}", lang)) for key in asks], listed=True),
    ]


def _of_the_model(facts: Facts, lang: str) -> list[Line]:
    """Return whether it notices what is unlike, and whether it abstains; an audit does not know that of a model."""
    if "model" not in facts.files:
        return [Line(text="", missing="unmeasured.novel"), Line(text="", missing="unmeasured.abstains")]
    novel, threshold = facts.value("model/novelty.json:kind"), facts.value("model/abstention.json:threshold")
    told = ("novel" if novel else "no_novel", "always" if threshold is None else "abstains")
    return [Line(text=say(f"unknown.{key}", lang)) for key in told]


def _what(facts: Facts, lang: str) -> Block:
    name, question = facts.value("study.yaml:study"), facts.value("study.yaml:question")
    if name and question:
        told = [Line(text=say("what.it", lang, name=name), keys=("study.yaml:study",))]
        told.append(Line(text=str(question), keys=("study.yaml:question",), quoted=True))
    else:
        told = [Line(text=say("what.it_silent", lang), missing="open.question")]
    told += [*_quoted("population", "what.for", facts, lang), *_quoted("not_for", "what.not", facts, lang)]
    return Block(title=say("what", lang), lines=told)


def _quoted(field: str, lead: str, facts: Facts, lang: str) -> list[Line]:
    """Return what the study says of its use in its own words; where it is silent, the line that says so."""
    key = f"study.yaml:intended_use.{field}"
    said = facts.value(key)
    if said is None:
        return [Line(text="", missing=f"open.{field}")]
    return [Line(text=say(lead, lang)), Line(text=str(said), keys=(key,), quoted=True)]


def may_block(facts: Facts, lang: str) -> Block:
    """Return whether the model may be used, by its verdict."""
    outcome = str(facts.value("verdict.json:verdict") or "")
    device = Line(text=say("may.device", lang))
    if outcome not in _TONE:
        return Block(title=say("may", lang), lines=[_unchecked("verdict", lang), device], tone="wait")
    told = Line(text=say(f"may.{outcome}", lang), keys=("verdict.json:verdict",))
    return Block(title=say("may", lang), lines=[told, device], tone=_TONE[outcome])


def _unchecked(what: str, lang: str) -> Line:
    return Line(text=say("not_checked", lang), missing=f"unmeasured.{what}")


def _right(facts: Facts, lang: str) -> Block:
    test = list(_right_on(facts, lang, external=False)) or [_unchecked("right", lang)]
    other = list(_right_on(facts, lang, external=True)) or [Line(text="", missing="unmeasured.external")]
    return Block(title=say("right", lang), lines=[*test, *_found(facts, lang), *other])


def _right_on(facts: Facts, lang: str, *, external: bool) -> Iterator[Line]:
    """Yield how often the model is right, or how far it is off, on test or on each external set."""
    for place, finding in enumerate(facts.findings):
        if finding.slice or finding.versus or finding.class_ is not None or finding.value is None:
            continue
        if not (is_external(finding.split) if external else finding.split == "test"):
            continue
        if finding.metric in _RIGHT:
            name = set_of(finding.split or "") or ""
            key = "right.test" if not external else "right.external" if name else "right.external_unnamed"
            said = say(key, lang, k=of_100(finding.value, lang), place=name, **who(facts, lang))
            yield Line(text=said, findings=(place,), share=finding.value, keys=_counted(facts))
            yield _between(place, finding, facts, lang)
        elif finding.metric == "mae":
            key = "right.number_external" if external else "right.number"
            yield Line(text=say(key, lang, figure=number(finding.value), **who(facts, lang)), findings=(place,))


def _between(place: int, finding: Finding, facts: Facts, lang: str) -> Line:
    few = "" if finding.enough else (" " if lang == "en" else "") + say("right.few", lang)
    if finding.low is None or finding.high is None:
        return Line(text=few.strip(), soft=True)
    low, high = of_100(finding.low, lang), of_100(finding.high, lang)
    said = say("right.between", lang, low=low, high=high, n=finding.n, **who(facts, lang))
    return Line(text=said + few, findings=(place,), soft=True)


def _counted(facts: Facts) -> tuple[str, ...]:
    keys = ("cohort.json:records", "cohort.json:patients")
    return tuple(key for key in keys if facts.value(key) is not None)


def _found(facts: Facts, lang: str) -> Iterator[Line]:
    """Yield of how many with a class it finds how many, on test."""
    found = [
        (place, f)
        for place, f in enumerate(facts.findings)
        if f.metric == "sensitivity" and f.split == "test" and f.class_ and not f.slice and f.value is not None
    ]
    if len(found) > _MOST_CLASSES:
        found = [min(found, key=lambda one: one[1].value or 0.0)]
    for place, finding in found:
        name = str(finding.class_).replace("_", " ")
        said = say("right.found", lang, class_=name, k=of_100(finding.value or 0.0, lang), **who(facts, lang))
        yield Line(text=said, findings=(place,))


def _groups(facts: Facts, lang: str) -> Block:
    gaps = [
        (place, f)
        for place, f in enumerate(facts.findings)
        if f.metric == "accuracy_gap" and f.slice and f.split == "test" and f.value is not None
    ]
    shown = [(place, f) for place, f in gaps if f.enough and f.low is not None and f.low > 0]
    worst = sorted(shown, key=lambda one: -(one[1].low or 0.0))[:_MOST_GROUPS]
    lines = [_gap(place, finding, facts, lang) for place, finding in worst]
    if not gaps:
        lines = [_unchecked("groups", lang)]
    elif not lines:
        lines = [Line(text=say("groups.none" if any(f.enough for _, f in gaps) else "groups.few", lang))]
    return Block(title=say("groups", lang), lines=lines)


def _gap(place: int, finding: Finding, facts: Facts, lang: str) -> Line:
    group = ", ".join(f"{key} {value}" for key, value in finding.slice.items())
    said = say("groups.shown", lang, group=group, k=of_100(finding.value or 0.0, lang), **who(facts, lang))
    return Line(text=said, findings=(place,))


def _data(facts: Facts, lang: str) -> Block:
    records, patients = facts.value("cohort.json:records"), facts.value("cohort.json:patients")
    lines = [Line(text="", missing="unmeasured.records")]
    if records is not None and patients is not None:
        said = say("data.records", lang, records=records, patients=patients)
        lines = [Line(text=said, keys=_counted(facts))]
    if facts.value("study.yaml:cohort.consent") is None:
        lines.append(Line(text="", missing="open.consent"))
    else:
        lines.append(Line(text=say("data.consent", lang)))
    if "model" in facts.files:
        private = facts.value("study.yaml:training.privacy") is not None
        lines.append(Line(text=say("data.private" if private else "data.not_private", lang)))
    return Block(title=say("data", lang), lines=[*lines, _members(facts, lang)])


def _members(facts: Facts, lang: str) -> Line:
    found = [(place, f) for place, f in enumerate(facts.findings) if f.metric == "membership_auc" and f.value]
    if not found:
        return Line(text="", missing="unmeasured.members")
    seen = [place for place, f in found if f.enough and not f.detail.get("unalike") and f.low and f.low > 0.5]
    key = "data.seen" if seen else "data.unseen"
    return Line(text=say(key, lang), findings=tuple(seen or (place for place, _ in found)))
