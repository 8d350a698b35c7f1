"""Which signatures a policy asks for, and which of them are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from primum.ethics.policy import SignaturesAsked
from primum.ethics.signing.signature import Signature
from primum.ethics.signing.trust import TrustList

Lack = Literal["role", "reason", "refused", "same_person"]
"""A role has not approved; its approval gives no reason, which a verdict of review asks for; somebody refused; one
person approved in two roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """One thing that stands between a run and its Release."""

    lack: Lack
    role: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a run or Release stands to the signatures asked for."""

    lacking: Sequence[Lacking]
    counted: Sequence[Signature]
    """The latest decision of each trusted person in each role."""
    untrusted: Sequence[Signature]
    """Decisions of keys that are on no list, or not in this role; they count for nothing where there is a list."""

    def approvals(self, roles: Iterable[str]) -> list[Signature]:
        """Return the approvals in these roles."""
        wanted = set(roles)
        return [one for one in self.counted if one.decision == "approve" and one.role in wanted]


def standing_of(
    signatures: Iterable[Signature], asked: SignaturesAsked, *, verdict: str, trust: TrustList | None
) -> Standing:
    """Return what is there of the signatures asked for and what is lacking.

    Args:
        signatures: valid ones, about the right bytes.
        asked: by the policy.
        verdict: pass or review; review needs a reason with every approval.
        trust: whose keys count; None: everybody's, and all of them are named as untrusted.
    """
    latest: dict[tuple[str, str], Signature] = {}
    for one in sorted(signatures, key=lambda each: (each.at, each.signature)):
        latest[one.key, one.role] = one
    found = list(latest.values())
    known = [one for one in found if trust is not None and trust.trusts(key=one.key, name=one.name, role=one.role)]
    counted = found if trust is None else known
    lacking = [Lacking(lack="refused", role=one.role, name=one.name) for one in counted if one.decision == "refuse"]
    chosen: list[Signature] = []
    for role in asked.roles:
        approving = [one for one in counted if one.role == role and one.decision == "approve"]
        reasoned = [one for one in approving if one.reason or verdict != "review"]
        if not reasoned:
            lacking.append(Lacking(lack="reason" if approving else "role", role=role))
        chosen += reasoned
    if asked.different_people and not lacking:
        lacking += _one_for_two(asked.roles, chosen)
    return Standing(lacking=lacking, counted=counted, untrusted=[one for one in found if one not in known])


def _one_for_two(roles: Sequence[str], chosen: Sequence[Signature]) -> list[Lacking]:
    """Return the first role for which nobody is left, if each person may stand for one role only."""
    by_role = {role: {_person(one) for one in chosen if one.role == role} for role in roles}
    taken: dict[str, str] = {}

    def seat(role: str, tried: set[str]) -> bool:
        for person in sorted(by_role[role] - tried):
            tried.add(person)
            if person not in taken or seat(taken[person], tried):
                taken[person] = role
                return True
        return False

    for role in roles:
        if not seat(role, set()):
            return [Lacking(lack="same_person", role=role, name=next(o.name for o in chosen if o.role == role))]
    return []


def _person(signature: Signature) -> str:
    """Return what tells people apart: the name, so that a second key makes nobody a second person."""
    return " ".join(signature.name.split()).casefold()
