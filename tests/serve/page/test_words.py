"""What the page says: in both languages, with nothing inline and nothing unescaped."""

from __future__ import annotations

import re
import string
from importlib.resources import files

import pytest
import yaml
from jinja2 import StrictUndefined, meta

from primum.ethics.ledger import KINDS
from primum.i18n import LANGUAGES
from primum.serve.cases.case import VERBS
from primum.serve.page.rendering import ROOMS, environment
from primum.serve.page.wording import words
from primum.serve.people import ACTIONS, ROLES, SCOPES
from primum.serve.security.faults import KINDS as REFUSALS

PAGE = files("primum.serve.page")
TEMPLATES = sorted(environment().list_templates(extensions=["html"]))
SOURCES = {name: environment().loader.get_source(environment(), name)[0] for name in TEMPLATES}
CODE = {path.name: path.read_text(encoding="utf-8") for path in PAGE.iterdir() if path.name.endswith(".py")}


def _texts(lang):
    return words(lang)._texts


def _placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_say_the_same_things():
    english, chinese = (_texts(lang) for lang in LANGUAGES)
    assert len(english) > 200
    assert set(english) == set(chinese)
    for key in english:
        assert _placeholders(english[key]) == _placeholders(chinese[key]), key
        assert english[key].strip() and chinese[key].strip(), key


def test_chinese_is_chinese():
    same = {"page.other_language", "list.comma"}
    for key, text in _texts("zh").items():
        assert key in same or re.search(r"[\u3001-\u9fff]", text), key


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_sentence_that_a_template_asks_for_is_there(name):
    asked = set(re.findall(r'words\(\s*"([a-z_.]+)"\s*[,)]', SOURCES[name]))
    asked |= set(re.findall(r"words\(\s*'([a-z_.]+)'\s*[,)]", SOURCES[name]))
    assert asked <= set(_texts("en"))


def test_names_that_are_put_together_are_there():
    known = set(_texts("en"))
    together = {
        "room": ROOMS,
        "role": ROLES,
        "duty": ROLES,
        "scope": SCOPES,
        "kind": KINDS,
        "field": {field for kind in KINDS for field in KINDS.get(kind).fields},
        "verb": VERBS,
        "decide": VERBS,
        "state": ("open", "waiting", "disputed", "closed"),
        "urgency": ("1", "2", "3"),
        "because": ("escalate", "contradiction", "abstained", "novel", "disagreement"),
        "because_short": ("escalate", "contradiction", "abstained", "novel", "disagreement"),
        "verdict": ("pass", "review"),
        "refused": set(REFUSALS) - {"invalid", "password_change"},
    }
    for prefix, names in together.items():
        assert {f"{prefix}.{name}" for name in names} <= known, prefix


def test_every_refusal_of_the_service_has_its_sentence():
    serve = files("primum.serve")
    sources = [
        path.read_text("utf-8")
        for part in serve.iterdir()
        if part.is_dir()
        for path in part.iterdir()
        if path.name.endswith(".py")
    ]
    sources += [path.read_text("utf-8") for path in serve.iterdir() if path.name.endswith(".py")]
    keys = {key for text in sources for key in re.findall(r'key="([a-z_]+)"', text)}
    assert len(keys) > 12
    assert {f"refused.{key}" for key in keys} <= set(_texts("en"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_is_inline_or_from_elsewhere(name):
    source = SOURCES[name]
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", source)
    assert not re.search(r'(src|href|action)="(https?:)?//', source)
    assert "|safe" not in source.replace(" ", "") and "autoescape" not in source


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_form_that_changes_something_carries_the_token(name):
    forms = re.findall(r'<form[^>]*method="post".*?</form>', SOURCES[name], re.DOTALL)
    for form in forms:
        assert 'name="csrf"' in form or 'action="/login"' in form
    assert SOURCES[name].count('method="post"') == len(forms)


def test_a_missing_value_is_a_defect_and_everything_is_escaped():
    made = environment()
    assert made.undefined is StrictUndefined and made.autoescape is True
    assert made.from_string("{{ x }}").render(x='<b a="1">') == "&lt;b a=&#34;1&#34;&gt;"
    assert meta.find_undeclared_variables(made.parse(SOURCES["login.html"])) >= {"words", "csrf", "next"} - {"csrf"}


def test_the_script_is_the_published_one_with_its_licence():
    """Zero-Clause BSD; the hash is of the file dist/htmx.min.js in the package htmx.org 2.0.11."""
    import hashlib

    script = (PAGE / "static" / "htmx.min.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == HTMX
    assert b'version:"2.0.11"' in script
    assert "Zero-Clause BSD" in (PAGE / "static" / "htmx.LICENSE.txt").read_text(encoding="utf-8")


HTMX = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"


def test_every_action_that_a_room_asks_for_is_one():
    assert {action for _, action in ROOMS.values()} <= set(ACTIONS)
    assert yaml.safe_load((PAGE / "words" / "en" / "frame.yaml").read_text("utf-8"))["page"]["yes"] == "yes"
