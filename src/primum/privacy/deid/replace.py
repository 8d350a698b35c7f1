"""What is put in the place of an identifier: a mask, a surrogate, a moved date or something more general."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from primum.errors import InputError, nearest
from primum.privacy.deid.keyed import Keyed
from primum.privacy.deid.kinds import KINDS, Action
from primum.privacy.deid.lists import vocabulary
from primum.privacy.deid.moving import moved
from primum.privacy.deid.spans import Span
from primum.privacy.deid.surrogates import surrogate

ACTIONS: Mapping[str, frozenset[str]] = {
    "mask": frozenset(KINDS),
    "surrogate": frozenset(KINDS) - {"date", "age", "place", "address", "organisation"},
    "shift": frozenset({"date"}),
    "generalise": frozenset({"age", "place", "address"}),
    "keep": frozenset(KINDS),
}
"""What can be done to which kinds."""
_STATE = re.compile(r",? ([A-Z]{2})(?:,? \d{5}(?:-\d{4})?)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with each kind of identifier."""

    actions: Mapping[str, Action]
    """An action for every kind."""
    keyed: Keyed | None = field(default=None, repr=False)
    """The key of surrogates and moved dates."""
    day_first: bool = False
    """Whether 03/04/2021 is the third of April."""

    def apply(self, text: str, spans: Iterable[Span], *, patient: str) -> str:
        """Return the text with each span replaced.

        Args:
            text: the text that the spans were found in.
            spans: in order, without overlap.
            patient: whose text it is: the same patient gets the same surrogates and the same move of dates.
        """
        parts, place = [], 0
        for span in spans:
            parts.append(text[place : span.start])
            parts.append(self._instead(text[span.start : span.end], span.kind, patient))
            place = span.end
        parts.append(text[place:])
        return "".join(parts)

    def _instead(self, found: str, kind: str, patient: str) -> str:
        action = self.actions[kind]
        if action == "keep":
            return found
        if action == "generalise":
            return _generalised(found, kind)
        if self.keyed is None or action == "mask":
            return mask(kind)
        if action == "shift":
            return moved(found, self.keyed.days(patient), day_first=self.day_first) or mask(kind)
        return surrogate(found, kind, patient=patient, keyed=self.keyed)


def mask(kind: str) -> str:
    """Return what stands for an identifier that is masked, e.g. [NAME]."""
    return f"[{kind.upper()}]"


def plan_of(
    *, base: str = "mask", changes: Mapping[str, str] | None = None, keyed: Keyed | None = None, day_first: bool = False
) -> Plan:
    """Return the plan that masks everything, or takes each kind's surrogate, with `changes` for single kinds.

    Raises:
        InputError: an unknown kind or action, an action that does not suit a kind, or a key that is missing.
    """
    if base not in ("mask", "surrogate"):
        raise InputError(f"replace: expected mask or surrogate, got {base!r}.")
    actions: dict[str, Action] = {kind: "mask" if base == "mask" else KINDS.get(kind).otherwise for kind in KINDS}
    for kind, action in (changes or {}).items():
        KINDS.get(kind)
        if action not in ACTIONS:
            raise InputError(
                f"action: {action!r} is not known{nearest(action, ACTIONS)}; choose one of {', '.join(ACTIONS)}."
            )
        if kind not in ACTIONS[action]:
            fit = ", ".join(one for one, kinds in ACTIONS.items() if kind in kinds)
            raise InputError(f"action: {action} does not suit {kind}; choose one of {fit}.")
        actions[kind] = cast(Action, action)
    if keyed is None and any(action in ("surrogate", "shift") for action in actions.values()):
        raise InputError(
            "key: surrogates and moved dates need a key that you keep; "
            "make one with `openssl rand -hex 32 > deid.key` and give it with --key deid.key."
        )
    return Plan(actions=actions, keyed=keyed, day_first=day_first)


def _generalised(found: str, kind: str) -> str:
    """Return an age as 90+, a place by its state or province where it names one."""
    if kind == "age":
        return "90+"
    state = _STATE.search(found)
    if state:
        return f"{mask(kind)}, {state[1]}"
    province = next((one for one in vocabulary("provinces_zh") if found.startswith(one)), "")
    return f"{province}{mask(kind)}"
