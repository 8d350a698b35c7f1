"""Opening a Release for service: only one that is verified, approved, in date, and answers without torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from primum.cohort.roles import Roles
from primum.errors import ReleaseError
from primum.ethics.release import Manifest
from primum.ethics.signing import TrustList
from primum.evidence.finding import Finding, read_findings
from primum.extras import require
from primum.model.served import SERVED_FILE
from primum.serve.engine.rows import attributes_of
from primum.study.opened import OpenedRun, open_run
from primum.study.reasoning import reasons_ignore_model
from primum.study.released import verified_release

_ALIKE = ("accuracy", "balanced_accuracy", "mae")
"""What is told of the patients of a group; the first that was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRelease:
    """A verified Release, ready to answer."""

    id: str
    """SHA-256 of its manifest."""
    folder: Path
    manifest: Manifest
    run: OpenedRun
    roles: Roles
    """Of all columns of the study."""
    card: Mapping[str, Any]
    expires: datetime | None
    """When it must not answer any more; None for never."""
    reasons_ignore_model: bool
    """Whether its run found that a model which learnt nothing gets the same reasons: then none is shown."""
    alike: tuple[Finding, ...]
    """How right the model was about the test patients of each group, where they were enough to tell."""

    @property
    def study(self) -> str:
        """Name of its study."""
        return self.run.spec.study

    @property
    def columns(self) -> frozenset[str]:
        """Every column that a question may have: inputs, attributes, hospital."""
        return frozenset((*self.roles.inputs.columns(), *(role.column for role in attributes_of(self.roles).values())))

    def in_date(self, now: datetime | None = None) -> bool:
        """Return whether it may still answer."""
        return self.expires is None or (now or datetime.now(UTC)) < self.expires


def open_release(folder: Path, *, trust: TrustList | None, any_key: bool = False, threads: int = 1) -> OpenedRelease:
    """Return a Release that may be served.

    Args:
        folder: what `primum release` wrote.
        trust: whose keys count.
        any_key: whether keys on no list count, where there is no list.
        threads: that one text may use.
    Raises:
        ReleaseError: it may not be served; every reason is named.
    """
    if trust is None and not any_key:
        raise ReleaseError(
            f"{folder}: a Release is served only if people on a list of trusted keys signed it; give the list with "
            "--trust or PRIMUM_TRUST, or --any-key to try it out."
        )
    verified = verified_release(folder, trust=trust)
    assert verified.manifest is not None
    if not (folder / "model" / SERVED_FILE).is_file():
        raise ReleaseError(
            f"{folder}: its run wrote no model that answers without torch (model/{SERVED_FILE}); run the study again "
            "with `model.engine: auto`."
        )
    run = open_run(folder, threads=threads, torch_allowed=False)
    if run.roles.image is not None:
        require("PIL", extra="imaging", purpose="Answering about images")
    return OpenedRelease(
        id=verified.manifest.sha256,
        folder=folder,
        manifest=verified.manifest,
        run=run,
        roles=run.all_roles("the record"),
        card=json.loads((folder / "card.json").read_text(encoding="utf-8")),
        expires=verified.expires,
        reasons_ignore_model=reasons_ignore_model(folder),
        alike=_alike(read_findings(folder / "findings.jsonl")),
    )


def _alike(findings: list[Finding]) -> tuple[Finding, ...]:
    for metric in _ALIKE:
        found = {
            tuple(sorted(one.slice.items())): one
            for one in findings
            if one.metric == metric and one.split == "test" and one.slice and one.enough and one.class_ is None
            and not one.versus and one.value is not None
        }  # fmt: skip
        if found:
            return tuple(found.values())
    return ()
