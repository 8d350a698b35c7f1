"""Write docs/reference from the code; with --check, say which pages are out of date instead and end with 1."""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import primum
from primum import errors
from primum.cli.main import app
from primum.ethics import Need, Rule, load_policy, policy_names
from primum.evidence import METRICS
from primum.study.spec import StudySpec

FOLDER = Path(__file__).parent / "reference"
PLAIN_TYPES = (
    (r" \| None", ""),
    (r"dict\[.*", "mapping"),
    (r"Optional\[(.*)\]", r"\1"),
    (r"tuple\[float, float\]", "two numbers"),
    (r"tuple\[str\]", "list of text"),
    (r"tuple\[float\]", "list of numbers"),
    (r"tuple\[(.*)\]", r"list of \1"),
    (r"\bstr\b", "text"),
    (r"\bfloat\b", "number"),
    (r"\bint\b", "whole number"),
    (r"\bbool\b", "true or false"),
    (r" \| ", " or "),
)
MADE = "<!-- Made from the code by docs/build_reference.py; `make reference` makes it again. -->\n\n"


def cli_page() -> str:
    """Return the page of every command, its arguments, options and example."""
    parts = [
        "# Commands\n\n",
        "`primum COMMAND --help` shows the same. Every command takes `--json`, `--quiet` and `--lang en|zh`.\n\n",
        "Exit codes: 0 verdict pass, or done; 3 review; 4 block; 2 the input is wrong; 1 a defect of primum; ",
        "130 stopped with Ctrl-C.\n",
    ]
    for name, command in commands():
        parts.append(f"\n## primum {name}\n\n{inspect.cleandoc(command.help or '')}\n\n")
        parts.append("| argument or option | meaning |\n|---|---|\n")
        parts += [f"| {_usage(parameter)} | {_cell(parameter.help)} |\n" for parameter in command.params]
        parts.append(f"\n```bash\n{command.epilog.removeprefix('Example: ')}\n```\n")
    return "".join(parts)


def commands() -> list[tuple[str, Any]]:
    """Return every command with its name; those of a group after their group's."""
    found = []
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found += [(name, command)] if inner is None else [(f"{name} {one}", each) for one, each in inner.items()]
    return found


def _usage(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{parameter.human_readable_name}`"
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.type.name.upper()}"
    return ", ".join(f"`{name}`" for name in parameter.opts) + (f" `{value.strip()}`" if value else "")


def study_page() -> str:
    """Return the page of every key of study.yaml."""
    parts = [
        "# study.yaml\n\nUnknown keys are errors that name the nearest known one. A run writes every default ",
        "into its own `study.yaml`.\n\n| key | type | default | meaning |\n|---|---|---|---|\n",
    ]
    for key, field in study_keys(StudySpec):
        parts.append(f"| `{key}` | {_type(field.annotation)} | {_default(field)} | {_meaning(field)} |\n")
    return "".join(parts)


def study_keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every key of a study with its field, nested keys joined with dots."""
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        yield key, field
        inner, listed = _model_in(field.annotation)
        if inner is not None:
            yield from study_keys(inner, f"{key}[]." if listed else f"{key}.")


def _model_in(annotation: Any, *, listed: bool = False) -> tuple[type[BaseModel] | None, bool]:
    if inspect.isclass(annotation) and not get_args(annotation):
        return (annotation, listed) if issubclass(annotation, BaseModel) else (None, False)
    listed = listed or getattr(annotation, "__origin__", None) is tuple
    for part in get_args(annotation):
        found = _model_in(part, listed=listed)
        if found[0] is not None:
            return found
    return None, False


def _type(annotation: Any) -> str:
    inner, listed = _model_in(annotation)
    if inner is not None:
        return "list" if listed else "mapping"
    shown = annotation.__name__ if inspect.isclass(annotation) and not get_args(annotation) else str(annotation)
    shown = re.sub(r"Annotated\[(\w+(?:\[[^\]]*\])?),[^\]]*\]+", r"\1", shown)
    shown = re.sub(r"typing\.|, \.\.\.", "", shown)
    shown = re.sub(r"Literal\[([^\]]*)\]", lambda found: found[1].replace("'", "").replace(", ", " or "), shown)
    for python, plain in PLAIN_TYPES:
        shown = re.sub(python, plain, shown)
    return _cell(shown)


def _meaning(field: FieldInfo) -> str:
    inner, _ = _model_in(field.annotation)
    return _cell(field.description or (_first_line(inner) if inner is not None else ""))


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "required" if field.is_required() else ""
    if isinstance(field.default, BaseModel) or field.default in ("", (), {}, None):
        return ""
    shown = ", ".join(map(str, field.default)) if isinstance(field.default, tuple) else str(field.default)
    return f"`{_cell(shown.lower() if isinstance(field.default, bool) else shown)}`"


def metrics_page() -> str:
    """Return the page of every metric that a finding may carry."""
    parts = [
        "# Metrics\n\nWhat a finding may measure and a rule may speak of; ",
        "`primum policies --metrics` lists the same.\n\n",
        "| metric | definition | unit | better | source |\n|---|---|---|---|---|\n",
    ]
    for name in METRICS:
        metric = METRICS.get(name)
        definition = _cell(metric.definition["en"])
        parts.append(f"| `{name}` | {definition} | {metric.unit} | {metric.direction} | {_cell(metric.reference)} |\n")
    return "".join(parts)


def policies_page() -> str:
    """Return the page of every built-in policy and its rules."""
    parts = ["# Policies\n\nA policy is a YAML file; copy one and edit it, then name its path in the study.\n"]
    default = load_policy("default")
    for name in sorted(policy_names(), key=lambda one: (one != "default", one)):
        policy = load_policy(name)
        source = f" Source: {policy.source}." if policy.source else ""
        roles = ", ".join(policy.signatures.roles)
        parts.append(f"\n## {name}\n\n{policy.title.en}.{source} Signatures: {roles}.\n\n")
        if name != "default":
            parts.append("The rules of `default`; those below read otherwise here.\n\n")
        parts.append(
            "| rule | metric | must be | strength | otherwise | because | answers to |\n|---|---|---|---|---|---|---|\n"
        )
        parts += [_rule(rule) for rule in policy.rules if name == "default" or rule not in default.rules]
        if policy.needs:
            parts.append(
                "\n| need | clause | asks for | answered by figures of | open means |\n|---|---|---|---|---|\n"
            )
        parts += [_need(need) for need in policy.needs]
    return "".join(parts)


def _rule(rule: Rule) -> str:
    tolerance = rule.must_be.model_dump(exclude_none=True)
    wanted = ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in tolerance.items())
    where = f"`{rule.where.metric}` on {' or '.join(rule.where.split)}"
    cells = (where, wanted, rule.strength, rule.on_failure, _cell(rule.because.en), ", ".join(rule.answers_to))
    return f"| `{rule.name}` | {' | '.join(cells)} |\n"


def _need(need: Need) -> str:
    figures = ", ".join(f"`{metric}`" for metric in need.metrics) or "none: a document"
    return f"| `{need.name}` | {need.clause} | {_cell(need.asks.en)} | {figures} | {need.if_open} |\n"


def errors_page() -> str:
    """Return the page of the errors that primum raises on purpose."""
    tree = inspect.cleandoc(errors.__doc__ or "").partition("\n\n")[2]
    return f"# Errors\n\nIn `primum.errors`; every one is a `PrimumError`.\n\n```text\n{tree}\n```\n"


def python_page() -> str:
    """Return the page of every public name of every package."""
    parts = ["# Python\n\nThe public names of each package, with the first line of what they say of themselves.\n"]
    for package in packages():
        if package.__all__:
            parts.append(f"\n## {package.__name__}\n\n| name | what it is |\n|---|---|\n")
            parts += [
                f"| `{name}{_signature(value)}` | {_cell(_first_line(value))} |\n" for name, value in _public(package)
            ]
    return "".join(parts)


def packages() -> list[Any]:
    """Return primum and every package in it that names what it exports."""
    names = ["primum", *(info.name for info in pkgutil.walk_packages(primum.__path__, "primum.") if info.ispkg)]
    found = [importlib.import_module(name) for name in names]
    return [package for package in found if hasattr(package, "__all__")]


def _public(package: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(package, name)) for name in package.__all__]


def _signature(value: Any) -> str:
    if not inspect.isfunction(value):
        return ""
    names = [f"{'*' * (p.kind == p.VAR_POSITIONAL)}{n}" for n, p in inspect.signature(value).parameters.items()]
    return f"({', '.join(names)})"


def _first_line(value: Any) -> str:
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return f"A value of type {type(value).__name__}."
    return inspect.cleandoc(value.__doc__ or "").partition("\n")[0]


def _cell(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


PAGES = {
    "commands.md": cli_page,
    "study.md": study_page,
    "metrics.md": metrics_page,
    "policies.md": policies_page,
    "errors.md": errors_page,
    "python.md": python_page,
}


def outdated() -> list[str]:
    """Return the names of the pages that differ from what the code says now."""
    return [name for name, page in PAGES.items() if not _same(FOLDER / name, MADE + page())]


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def main() -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; end with 1 when a page is out of date")
    if parser.parse_args().check:
        old = outdated()
        if old:
            print(f"docs/reference: {', '.join(old)} out of date; run `make reference`.", file=sys.stderr)
        return int(bool(old))
    FOLDER.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(MADE + page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
