"""The program as a whole: help, usage errors, failures, exit codes."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from primum.cli import studies
from primum.cli.failures import resume_command, write_traceback
from primum.cli.main import app, main
from primum.cli.terminal import Answer
from primum.errors import DefectError, InputError, OutputError

COMMANDS = (
    *("init", "check", "run", "search", "assess", "report", "predict", "deid", "studies", "backbones", "policies"),
    *("sign", "release", "verify", "explain", "fetch", "mark", "erase", "serve"),
)
GROUPS = {
    "keys": ("new", "show"),
    "people": ("add", "list", "reset"),
    "ledger": ("show", "verify", "head"),
    "registry": ("add", "promote", "rollback", "fetch", "show"),
}


@pytest.fixture
def command_that(monkeypatch):
    """Let `primum studies` do what the test says."""
    group = typer.main.get_command(app)

    def install(action):
        monkeypatch.setattr("primum.cli.main.app", lambda **kwargs: action())

    assert "studies" in group.commands
    return install


def _raise(exc):
    def action():
        raise exc

    return action


def test_help_groups_every_command(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in (*COMMANDS, *GROUPS):
        assert f" {name} " in shown


def test_no_arguments_show_the_help(capsys):
    assert main([]) == 2
    assert "Usage: primum" in capsys.readouterr().out


EVERY = (*COMMANDS, *(f"{group} {name}" for group, names in GROUPS.items() for name in names))


@pytest.mark.parametrize("name", EVERY)
def test_every_command_has_help_example_and_the_common_options(name, capsys):
    assert main([*name.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    for wanted in ("--json", "--quiet", "--lang", f"Example: primum {name}"):
        assert wanted in shown


def test_the_commands_are_all_listed_here():
    commands = typer.main.get_command(app).commands
    assert set(commands) == {*COMMANDS, *GROUPS}
    assert {name: tuple(commands[name].commands) for name in GROUPS} == GROUPS


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_alone_shows_its_help(group, capsys):
    assert main([group]) == 2
    assert f"Usage: primum {group}" in capsys.readouterr().out


@pytest.mark.parametrize("name", EVERY)
def test_every_argument_and_option_has_help(name):
    command = typer.main.get_command(app)
    for word in name.split():
        command = command.commands[word]
    parameters = command.params
    assert parameters
    for parameter in parameters:
        assert getattr(parameter, "help", None), parameter.name


def test_unknown_command_names_the_nearest(capsys):
    assert main(["runn"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "primum: No such command 'runn'. Did you mean 'run'? Run `primum --help` to see what it takes.\n"


def test_missing_argument_is_one_sentence_in_chinese_too(capsys):
    assert main(["run", "--lang", "zh"]) == 2
    assert capsys.readouterr().err.startswith("primum：Missing argument 'STUDY'. 运行")


def test_usage_error_with_json_is_one_object(capsys):
    assert main(["run", "--json"]) == 2
    said = capsys.readouterr()
    assert json.loads(said.out) == {
        "ok": False,
        "error": "Missing argument 'STUDY'. Run `primum run --help` to see what it takes.",
    }


def test_input_error_ends_in_one_sentence_and_exit_code_two(command_that, capsys):
    command_that(_raise(InputError("records.csv: no such file.")))
    assert main(["studies"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "primum: records.csv: no such file.\n")


@pytest.mark.parametrize(("outcome", "code"), [("pass", 0), ("review", 3), ("block", 4)])
def test_an_answers_exit_code_is_the_programs(command_that, capsys, outcome, code):
    command_that(lambda: Answer(text=outcome, exit_code=code))
    assert main(["studies"]) == code
    assert capsys.readouterr().out == f"{outcome}\n"


def test_what_a_library_prints_does_not_spoil_the_json(command_that, capsys):
    def chatty():
        print("LOAD REPORT")
        return Answer(text='{"a": 1}')

    command_that(chatty)
    assert main(["studies", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"a": 1}
    assert "LOAD REPORT" in said.err


def test_a_foreign_exceptions_message_is_never_shown(command_that, capsys):
    def fails():
        note = "PLANTED-7f3a"
        raise ValueError(f"could not convert {note}")

    command_that(fails)
    assert main(["studies", "--json"]) == 1
    said = capsys.readouterr()
    path = Path(said.err.split("written to ")[1].split(";")[0])
    written = path.read_text(encoding="utf-8")
    path.unlink()
    assert "PLANTED" not in said.out + said.err
    assert "PLANTED" not in written.replace('note = "PLANTED-7f3a"', "")
    assert "ValueError" in written
    assert "test_main.py" in written
    assert json.loads(said.out)["ok"] is False


def test_a_defect_of_ours_keeps_its_message(command_that, capsys):
    command_that(_raise(DefectError("the split plan lost a record")))
    assert main(["studies"]) == 1
    path = Path(capsys.readouterr().err.split("written to ")[1].split(";")[0])
    assert "DefectError: the split plan lost a record" in path.read_text(encoding="utf-8")
    path.unlink()


def test_traceback_follows_the_causes():
    try:
        try:
            raise KeyError("secret")
        except KeyError as exc:
            raise RuntimeError("also secret") from exc
    except RuntimeError as exc:
        path = write_traceback(exc)
    written = path.read_text(encoding="utf-8")
    path.unlink()
    assert "KeyError\n" in written
    assert "RuntimeError\n" in written
    assert "KeyError: " not in written


@pytest.mark.parametrize(
    "exc",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("I/O error: No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_the_users_to_mend(command_that, capsys, exc):
    command_that(_raise(exc))
    assert main(["studies"]) == 2
    assert capsys.readouterr().err == (
        "primum: the disk is full; free some space or choose another folder with --out.\n"
    )


def test_interrupted_run_says_how_to_go_on(command_that, capsys):
    command_that(_raise(KeyboardInterrupt()))
    assert main(["run", "my study.yaml", "--out", "o"]) == 130
    assert capsys.readouterr().err.endswith("Go on with: primum run 'my study.yaml' --out o --resume\n")


@pytest.mark.parametrize(
    ("given", "again"),
    [
        (["run", "heart", "--resume"], "primum run heart --resume"),
        (["search", "heart"], "primum search heart"),
        (["studies"], ""),
        ([], ""),
    ],
)
def test_resume_command(given, again):
    assert resume_command(given) == again


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("primum 0.")


def test_module_is_the_same_program():
    done = subprocess.run([sys.executable, "-m", "primum", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("primum 0.")


def test_output_error_is_an_input_error():
    assert issubclass(OutputError, InputError)
    assert studies.EXAMPLE == "primum studies"
