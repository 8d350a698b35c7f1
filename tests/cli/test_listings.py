"""`primum studies`, `backbones` and `policies`: what is built in, for people and as JSON."""

from __future__ import annotations

import json

import pytest

from primum.cli.main import main
from primum.evidence import METRICS


def _json(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return json.loads(said.out)


def test_studies(capsys):
    rows = _json(capsys, "studies")["studies"]
    assert "heart" in [row["name"] for row in rows]
    assert all(row["question"].endswith("?") for row in rows)
    assert main(["studies"]) == 0
    assert "heart" in capsys.readouterr().out


def test_backbones(capsys):
    rows = _json(capsys, "backbones")["backbones"]
    minilm = next(row for row in rows if row["name"] == "minilm")
    assert minilm["parameters"] > 20_000_000
    assert minilm["licence"] == "Apache-2.0"
    assert main(["backbones"]) == 0
    assert "minilm" in capsys.readouterr().out


def test_policies(capsys):
    rows = _json(capsys, "policies")["policies"]
    default = next(row for row in rows if row["name"] == "default")
    assert len(default["rules"]) > 2
    assert main(["policies"]) == 0
    shown = capsys.readouterr().out
    assert all(row["name"] in shown and row["title"] in shown for row in rows)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_policy_with_its_rules_and_needs(capsys, lang):
    (row,) = _json(capsys, "policies", "--policy", "hti-1", "--lang", lang)["policies"]
    assert main(["policies", "--policy", "hti-1", "--lang", lang]) == 0
    shown = capsys.readouterr().out
    assert row["needs"]
    assert all(rule in shown for rule in row["rules"])
    assert all(need["clause"] in shown and need["asks"] in shown for need in row["needs"])
    assert main(["policies", "--policy", "hti1"]) == 2
    assert "did you mean 'hti-1'?" in capsys.readouterr().err


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_metrics_with_definition_unit_direction_and_source(capsys, lang):
    rows = _json(capsys, "policies", "--metrics", "--lang", lang)["metrics"]
    assert [row["name"] for row in rows] == list(METRICS)
    for row in rows:
        assert row["definition"] == METRICS.get(row["name"]).definition[lang]
        assert row["unit"] and row["direction"] and row["reference"]
    assert main(["policies", "--metrics", "--lang", lang]) == 0
    shown = capsys.readouterr().out
    assert all(row["name"] in shown and row["definition"] in shown for row in rows)
