"""Which Release answers where none is named: asked for by people, in effect when as many asked as its policy wants.

The Ledger is the only memory of it, so that replicas over one database agree and the history cannot be changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from primum.ethics.ledger import Ledger
from primum.ethics.policy_reading import parse_policy
from primum.ethics.release.event import Action, Event, Use, use_after
from primum.ethics.release.layout import POLICY
from primum.serve.engine import Engine, OpenedRelease
from primum.serve.people.principal import Principal
from primum.serve.security.faults import Refused

CHANNEL = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What came of asking."""

    release: str
    """Whom it is about."""
    effective: bool
    """Whether it answers by default now; else somebody else has to ask for the same."""
    missing: int
    """How many more people have to."""


class Uses:
    """Who asked for which Release.

    Args:
        ledger: where it is written.
        engine: the Releases that are served here.
    """

    def __init__(self, ledger: Ledger, engine: Engine) -> None:
        self._ledger = ledger
        self._engine = engine

    def refresh(self) -> None:
        """Let the Release that is in use answer by default, where it is served here."""
        used = [one for one in self._use(self._events()).used if one in self._engine.releases]
        if used:
            self._engine.default = self._engine.releases[used[-1]]

    def history(self) -> list[Event]:
        """Return who asked for what, in order."""
        return self._events()

    def promote(self, release: OpenedRelease, who: Principal) -> Changed:
        """Ask that a Release answer by default.

        Raises:
            Refused: it does already, or this person asked for it before.
        """
        if self._engine.default.id == release.id:
            raise Refused("conflict", "This Release is in use already.", key="in_use")
        return self._ask("promote", release.id, who)

    def roll_back(self, release: OpenedRelease, who: Principal) -> Changed:
        """Ask that the Release before this one answer again.

        Raises:
            Refused: this one is not in use, there is none before it here, or this person asked for it before.
        """
        if self._engine.default.id != release.id:
            raise Refused("conflict", "This Release is not in use, so there is nothing to roll back.", key="not_in_use")
        used = self._use(self._events()).used
        earlier = [one for one in used if one != release.id and one in self._engine.releases]
        if not earlier:
            raise Refused("conflict", "No other Release was in use before; promote one.", key="none_before")
        return self._ask("roll_back", earlier[-1], who)

    def _ask(self, action: Action, release: str, who: Principal) -> Changed:
        before = self._events()
        event = _event(len(before) + 1, action, release, who.name, at="")
        was, now = self._use(before), self._use([*before, event])
        if was == now:
            raise Refused("conflict", "You asked for this already; somebody else has to confirm it.", key="asked")
        effective = now.asked is None
        self._ledger.append(
            "deployment", release, action=action, channel=CHANNEL, name=who.name, effective=int(effective)
        )
        self.refresh()
        missing = 0 if effective else self._people(release) - len(now.who)
        return Changed(release=release, effective=effective, missing=missing)

    def _use(self, events: list[Event]) -> Use:
        return use_after(events, CHANNEL, self._people)

    def _events(self) -> list[Event]:
        found = [one for one in self._ledger.entries(kind="deployment") if one.content.get("channel") == CHANNEL]
        return [
            _event(number, one.content["action"], one.subject, str(one.content["name"]), at=one.at)
            for number, one in enumerate(found, start=1)
        ]

    def _people(self, release: str) -> int:
        """Return how many people a Release's own policy asks for; of one that is not served here any more, 1."""
        there = self._engine.releases.get(release)
        if there is None:
            return 1
        return parse_policy((there.folder / POLICY).read_bytes(), source=POLICY).deployment.people


def _event(number: int, action: Action, release: str, name: str, *, at: str) -> Event:
    return Event(number=number, action=action, channel=CHANNEL, release=release, name=name, key="", at=at, previous="")
