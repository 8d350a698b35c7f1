"""The software that a Release was made with, as a CycloneDX 1.6 list, from the metadata of what is installed.

Source: ECMA-424 (CycloneDX 1.6). It holds no time and no random number: equal environments give equal bytes.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from primum.ethics.canonical import canonical

_ROOT, _EXTRAS = "primum", ("train",)


def software_list(model: Mapping[str, str], *, name: str) -> dict[str, Any]:
    """Return the CycloneDX object: primum, whatever it needs to train and answer, and the model's files.

    Args:
        model: SHA-256 by path of the model's files.
        name: of the study.
    """
    found, needs = _closure()
    components = [_component(found[key]) for key in sorted(found) if key != _ROOT]
    components += [_file(path, sha256) for path, sha256 in sorted(model.items())]
    main = {"type": "machine-learning-model", "bom-ref": f"model:{name}", "name": name}
    graph = [
        {"ref": _ref(found[key]), "dependsOn": sorted(_ref(found[n]) for n in needs[key])} for key in sorted(found)
    ]
    content: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": main},
        "components": [_component(found[_ROOT]), *components],
        "dependencies": [{"ref": main["bom-ref"], "dependsOn": [_ref(found[_ROOT])]}, *graph],
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, canonical(content))
    return {**content, "serialNumber": f"urn:uuid:{number}"}


def _closure() -> tuple[dict[str, Distribution], dict[str, set[str]]]:
    """Return what is installed of primum's needs, by name, and who needs whom; what is not installed is left out."""
    found = {_ROOT: distribution(_ROOT)}
    needs: dict[str, set[str]] = {}
    asked: dict[str, frozenset[str]] = {_ROOT: frozenset(_EXTRAS)}
    open_: list[tuple[str, frozenset[str]]] = [(_ROOT, asked[_ROOT])]
    while open_:
        name, extras = open_.pop()
        for needed, its_extras in _needed(found[name], extras):
            try:
                found.setdefault(needed, distribution(needed))
            except PackageNotFoundError:
                continue
            needs.setdefault(name, set()).add(needed)
            known = asked.get(needed)
            if known is None or not its_extras <= known:
                asked[needed] = (known or frozenset()) | its_extras
                open_.append((needed, asked[needed]))
    return found, {name: needs.get(name, set()) - {name} for name in found}


def _needed(package: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for line in package.requires or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield canonicalize_name(requirement.name), frozenset(requirement.extras)


def _component(package: Distribution) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": _ref(package),
        "name": package.metadata["Name"],
        "version": package.version,
        "purl": _ref(package),
    }
    licence = package.metadata["License-Expression"] if "License-Expression" in package.metadata else None
    if licence:
        component["licenses"] = [{"expression": licence}]
    return component


def _file(path: str, sha256: str) -> dict[str, Any]:
    return {"type": "file", "bom-ref": f"file:{path}", "name": path, "hashes": [{"alg": "SHA-256", "content": sha256}]}


def _ref(package: Distribution) -> str:
    return f"pkg:pypi/{canonicalize_name(package.metadata['Name'])}@{package.version.replace('+', '%2B')}"
