"""Signing, releasing, verifying, the registry and the ledger at the command line: exit codes, words, what is kept."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pyarrow.csv
import pytest
import yaml

from primum.cli.main import main
from primum.ethics.signing.keys import public_of


@pytest.fixture
def place(overseen_run, people, tmp_path, monkeypatch):
    """A working folder with a finished run, keys and a list of trusted keys."""
    for name in ("PRIMUM_LEDGER", "PRIMUM_LEDGER_KEY", "PRIMUM_TRUST", "PRIMUM_RELEASE_KEY", "PRIMUM_KEY_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(overseen_run, tmp_path / "runs" / "small")
    roles = {
        "Ada": ["clinical_lead", "deployer"],
        "Bo": ["ethics_board", "deployer"],
        "Releases": ["release", "ledger"],
    }
    listed = [{"name": name, "key": public_of(people[name])[1], "roles": given} for name, given in roles.items()]
    (tmp_path / "trust.yaml").write_text(yaml.safe_dump({"people": listed}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def said(capsys):
    """Run a command and return its exit code and what it said."""

    def run(*arguments: object):
        code = main([str(argument) for argument in arguments])
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


@pytest.fixture
def sign(said, people):
    """Sign the run as its policy asks."""

    def signed():
        for name, role in (("Ada", "clinical_lead"), ("Bo", "ethics_board")):
            options = ("--as", role, "--key", people[name], "--reason", "Figures read.")
            assert said("sign", "runs/small", *options)[0] == 0

    return signed


@pytest.fixture
def release(said, sign, people, place):
    """The Release of the signed run."""
    sign()
    assert said("release", "runs/small", "--out", "releases/small", "--key", people["Releases"])[0] == 0
    return Path("releases/small")


def _entries(place="runs/ledger.sqlite"):
    with sqlite3.connect(place) as connection:
        rows = connection.execute("SELECT kind, content FROM primum_ledger_entries ORDER BY number").fetchall()
    connection.close()
    return [(kind, json.loads(content)) for kind, content in rows]


def test_a_run_leaves_its_hashes_in_the_ledger(overseen_run):
    entries = _entries(overseen_run.parent / "ledger.sqlite")
    assert [kind for kind, _ in entries] == ["run", "verdict"]
    assert entries[0][1]["records"] == 120 and entries[1][1]["outcome"] == "review"


def test_signing_is_told_kept_and_recorded(place, said, people):
    reason = "Read; the gap for women is to be watched."
    code, out, _ = said(
        "sign", "runs/small", "--as", "clinical_lead", "--key", people["Ada"], "--reason", reason, "--json"
    )
    value = json.loads(out)
    assert code == 0 and value["name"] == "Ada" and value["trusted"] is False
    kept = json.loads(Path(value["out"]).read_text(encoding="utf-8"))
    assert (kept["reason"], kept["role"], kept["decision"]) == (reason, "clinical_lead", "approve")
    kind, content = _entries()[-1]
    assert kind == "signature" and content["role"] == "clinical_lead"
    assert reason not in json.dumps(content)


def test_a_key_on_no_list_is_named_so(place, said, people):
    options = ("--as", "ethics_board", "--trust", "trust.yaml")
    assert (
        "Not trusted: the key of Ada as ethics_board" in said("sign", "runs/small", "--key", people["Ada"], *options)[1]
    )
    assert "Not trusted" not in said("sign", "runs/small", "--key", people["Bo"], *options)[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--as", "clinical_lead", "--decision", "refuse"), "a refusal needs a reason"),
        (("--as", "Chef"), "expected a role"),
    ],
)
def test_a_signature_that_cannot_be_leaves_nothing(place, said, people, arguments, message):
    code, _, err = said("sign", "runs/small", "--key", people["Ada"], *arguments)
    assert code == 2 and message in err
    assert not Path("runs/small/signatures").exists() and not Path("runs/ledger.sqlite").exists()


def test_a_signature_that_cannot_be_recorded_is_not_kept(place, said, people):
    Path("runs/ledger.sqlite").write_text("no database " * 100, encoding="utf-8")
    code, _, err = said("sign", "runs/small", "--as", "clinical_lead", "--key", people["Ada"])
    assert code == 2 and "the ledger cannot be read or written" in err
    assert not Path("runs/small/signatures").exists()


def test_what_is_neither_run_nor_release_is_not_signed(place, said, people):
    code, _, err = said("sign", "runs", "--as", "clinical_lead", "--key", people["Ada"])
    assert code == 2 and "neither a finished run nor a Release" in err


def test_an_unsigned_run_is_not_released(place, said, people):
    code, _, err = said("release", "runs/small", "--out", "out", "--key", people["Releases"])
    assert code == 2 and "nobody has approved as clinical_lead" in err
    assert not Path("out").exists()
    assert said("release", "runs/small", "--out", "out")[2].count("--key") == 1


def test_a_blocked_run_is_exit_4_with_its_reasons(place, said, people):
    path = Path("runs/small/verdict.json")
    verdict = json.loads(path.read_text(encoding="utf-8"))
    verdict["verdict"] = verdict["rules"][0]["outcome"] = "block"
    path.write_text(json.dumps(verdict), encoding="utf-8")
    code, out, _ = said("release", "runs/small", "--out", "out", "--key", people["Releases"])
    assert code == 4 and "safety.accuracy" in out and "never becomes a Release" in out
    assert not Path("out").exists()
    assert json.loads(said("release", "runs/small", "--out", "out", "--json")[1])["verdict"] == "block"


def test_a_release_is_verified_and_used(release, said, place):
    code, out, _ = said("verify", release, "--trust", "trust.yaml")
    assert code == 0 and "may be used" in out and "Ada approves as clinical_lead" in out and "Not trusted" not in out
    assert "No list of trusted keys" in said("verify", release)[1]
    Path("new.csv").write_text("id,age,ward\na,40,1\n", encoding="utf-8")
    assert said("predict", release, "new.csv", "--out", "answers.csv", "--trust", "trust.yaml")[0] == 0
    assert pyarrow.csv.read_csv("answers.csv").num_rows == 1
    assert [kind for kind, _ in _entries()] == ["signature", "signature", "release"]


def test_an_altered_release_is_refused_everywhere(release, said):
    card = release / "card.md"
    card.write_bytes(card.read_bytes() + b" ")
    code, out, _ = said("verify", release)
    assert code == 4 and "MUST NOT be used" in out and "card.md was altered" in out
    assert "不得使用" in said("verify", release, "--lang", "zh")[1]
    value = json.loads(said("verify", release, "--json")[1])
    assert value["ok"] is False and value["faults"][0]["file"] == "card.md"
    Path("new.csv").write_text("id,age,ward\na,40,1\n", encoding="utf-8")
    code, _, err = said("predict", release, "new.csv", "--out", "answers.csv")
    assert code == 2 and "card.md was altered" in err and not Path("answers.csv").exists()
    code, _, err = said("report", release, "--out", "page.html")
    assert code == 2 and not Path("page.html").exists()
    assert said("verify", "runs/small")[0] == 2


def test_an_untrusted_release_is_refused(release, said, people):
    listed = yaml.safe_load(Path("trust.yaml").read_text(encoding="utf-8"))
    listed["people"] = [one for one in listed["people"] if one["name"] != "Bo"]
    Path("trust.yaml").write_text(yaml.safe_dump(listed), encoding="utf-8")
    code, out, _ = said("verify", release, "--trust", "trust.yaml")
    assert code == 4 and "as ethics_board" in out and "Not trusted: the key of Bo as ethics_board" in out


def test_a_report_is_made_again_elsewhere(release, said):
    for folder in ("runs/small", release):
        before = (Path(folder) / "report.html").read_bytes()
        code, _, err = said("report", folder)
        assert code == 2 and "part of what was signed" in err
        assert said("report", folder, "--out", Path(folder) / "report.html")[0] == 2
        assert said("report", folder, "--out", "page.html", "--lang", "zh")[0] == 0
        assert (Path(folder) / "report.html").read_bytes() == before
        assert 'lang="zh-CN"' in Path("page.html").read_text(encoding="utf-8")


def test_two_people_deploy_and_the_ledger_says_who(release, said, people):
    sha256 = json.loads(said("registry", "add", release, "--registry", "registry", "--json")[1])["sha256"]
    promote = ("registry", "promote", sha256, "--registry", "registry", "--trust", "trust.yaml", "--key")
    code, out, _ = said(*promote, people["Ada"])
    assert code == 0 and "1 more must confirm" in out
    assert said(*promote, people["Ada"])[0] == 2
    assert "not trusted in the role deployer" in said(*promote, people["Releases"])[2]
    assert said("registry", "fetch", "--registry", "registry", "--out", "use")[0] == 2
    assert "now uses Release" in said(*promote, people["Bo"])[1]
    assert json.loads(said("registry", "show", "--registry", "registry", "--json")[1])["current"] == sha256
    assert said("registry", "fetch", "--registry", "registry", "--out", "use", "--trust", "trust.yaml")[0] == 0
    assert said("verify", "use")[0] == 0
    assert (
        "nothing to roll back to" in said("registry", "rollback", "--registry", "registry", "--key", people["Ada"])[2]
    )
    deployed = [content for kind, content in _entries("ledger.sqlite") if kind == "deployment"]
    assert [(one["name"], one["effective"]) for one in deployed] == [("Ada", 0), ("Bo", 1)]


def test_the_ledger_is_shown_checked_and_exported(release, said, people, monkeypatch):
    code, out, _ = said("ledger", "show")
    assert code == 0 and out.count("signature") >= 2 and "release" in out
    kinds = {one["kind"] for one in json.loads(said("ledger", "show", "--json", "--last", 2)[1])["entries"]}
    assert kinds == {"signature", "release"}
    assert json.loads(said("ledger", "show", "--json", "--kind", "release")[1])["entries"][0]["number"] == 3
    assert "'releases' is not known" in said("ledger", "show", "--kind", "releases")[2]
    assert said("ledger", "head", "--out", "head.json")[0] == 0
    assert said("ledger", "verify", "--against", "head.json")[0] == 0
    code, out, _ = said("ledger", "verify", "--trust", "trust.yaml")
    assert code == 4 and "not signed by a trusted key" in out
    monkeypatch.setenv("PRIMUM_LEDGER_KEY", str(people["Releases"]))
    assert said("sign", "runs/small", "--as", "auditor", "--key", people["Cy"])[0] == 0
    code, out, _ = said("ledger", "verify", "--trust", "trust.yaml")
    assert code == 0 and "Its end is signed" in out


def test_a_changed_ledger_is_exit_4_and_names_the_entry(release, said):
    with sqlite3.connect("runs/ledger.sqlite") as connection:
        connection.execute("DROP TRIGGER primum_ledger_no_update")
        connection.execute("UPDATE primum_ledger_entries SET kind = 'login' WHERE number = 2")
    connection.close()
    code, out, _ = said("ledger", "verify")
    assert code == 4 and "Entry 2 was changed" in out
    assert "第 2 条被改动" in said("ledger", "verify", "--lang", "zh")[1]
    assert json.loads(said("ledger", "verify", "--json")[1])["number"] == 2


def test_another_ledger_can_be_named(place, said, people, monkeypatch):
    assert said("ledger", "verify", "--db", "none.sqlite")[0] == 2
    monkeypatch.setenv("PRIMUM_LEDGER", str(place / "ours.sqlite"))
    assert said("sign", "runs/small", "--as", "clinical_lead", "--key", people["Ada"])[0] == 0
    assert not Path("runs/ledger.sqlite").exists() and len(_entries("ours.sqlite")) == 1
    assert said("ledger", "verify")[0] == 0


def test_keys_are_made_shown_and_locked(place, said, monkeypatch):
    code, out, _ = said("keys", "new", "dee.key", "--name", "Dee", "--json")
    made = json.loads(out)
    assert code == 0 and json.loads(said("keys", "show", "dee.key", "--json")[1]) == made
    line = said("keys", "show", "dee.key")[1].splitlines()[-1]
    person = yaml.safe_load("people:\n" + line)["people"][0]
    assert (person["name"], person["key"]) == ("Dee", made["public"])
    assert said("keys", "new", "dee.key", "--name", "Dee")[0] == 2
    code, _, err = said("keys", "new", "locked.key", "--name", "Dee", "--passphrase")
    assert code == 2 and "PRIMUM_KEY_PASSPHRASE" in err and not Path("locked.key").exists()
    monkeypatch.setenv("PRIMUM_KEY_PASSPHRASE", "some words")
    assert said("keys", "new", "locked.key", "--name", "Dee", "--passphrase")[0] == 0
    sign = ("sign", "runs/small", "--as", "clinical_lead", "--key", "locked.key")
    assert said(*sign)[0] == 0
    monkeypatch.setenv("PRIMUM_KEY_PASSPHRASE", "other words")
    assert "the passphrase is wrong" in said(*sign)[2]
    monkeypatch.delenv("PRIMUM_KEY_PASSPHRASE")
    assert "the key is locked" in said(*sign)[2]
