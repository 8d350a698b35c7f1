"""Whoever reads Chinese is refused in Chinese: every sentence of the code has its own, and every path says it."""

from __future__ import annotations

import ast
import re
import string
from importlib.resources import files

import pytest

from primum import errors
from primum.serve.security.faults import KINDS, FieldFault, Refused
from primum.serve.security.speaking import in_words, known, of_kind, translated

TERMINAL = re.compile(
    r"--|tls_cert|is no description of a sign-on|the database cannot be opened|its run wrote no model"
)
"""What is said where the service is started, and never over HTTP."""
INSIDE = {"not one answer a question", "this patient's key was destroyed; nothing of theirs can be opened or sealed."}
"""What becomes another refusal before it goes out."""


def _template(node):
    """Return a string of the code with its values numbered; None where it is put together elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    numbers = iter(range(10))
    return "".join(one.value if isinstance(one, ast.Constant) else f"{{{next(numbers)}}}" for one in node.values)


def _sentences():
    """Yield every sentence that the service's code refuses with."""
    pending = [files("primum.serve")]
    while pending:
        folder = pending.pop()
        for path in folder.iterdir():
            if path.is_dir():
                pending.append(path)
            elif path.name.endswith(".py"):
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Call):
                        yield from _of_call(node)


def _of_call(node):
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name == "Refused":
        given = node.args[1:2]
    elif name == "FieldFault":
        given = [one.value for one in node.keywords if one.arg == "message"]
    else:
        given = node.args[:1] if name.endswith("Error") and hasattr(errors, name) else []
    return [found for found in map(_template, given) if found is not None]


def test_every_sentence_of_the_code_is_in_the_catalogue():
    said = {one for one in _sentences() if not TERMINAL.search(one)} - INSIDE
    assert len(said) > 80
    assert said <= set(known("zh"))


def _places(sentence):
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_the_catalogue_is_chinese_and_invents_no_values():
    for english, chinese in known("zh").items():
        assert re.search(r"[\u4e00-\u9fff]", chinese), english
        assert _places(chinese) <= _places(english), english


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("must be a number (years).", "须为数字 (years)。"),
        ("is no column of the study (did you mean 'age'?).", "不是研究中的列（您是否指“age”？）。"),
        ("Question 2: The inputs are not as the study's columns: inputs.age.",
         "第 2 个问题：输入与研究的列不符：inputs.age。"),
        ("The password is too short: use 12 characters or more, a few words will do.",
         "密码太短：请使用至少 12 个字符，几个词即可。"),
        ("FHIR R4: the Bundle breaks the specification at its top level; mend it there.",
         "FHIR R4：Bundle 在 其顶层 处不符合规范，请在该处更正。"),
        ("String should have at most 200 characters", "最多 200 个字符。"),
        ("Input should be a thing that nobody has translated", None),
        ("Nobody has translated this.", None),
    ],
)  # fmt: skip
def test_values_are_put_into_the_right_places(english, chinese):
    assert translated(english, "zh") == chinese
    assert translated(english, "en") == english


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_is_never_shown_in_english(kind):
    refused = Refused(kind, "Nobody has translated this.", errors=[FieldFault(field="x", message="nor this")])
    told = in_words(refused, "zh")
    assert (told.status, told.errors[0].field) == (refused.status, "x")
    for said in (told.message, told.errors[0].message, of_kind(kind, "zh")):
        assert not re.search(r"[A-Za-z]", said)
    assert in_words(refused, "en") is refused
