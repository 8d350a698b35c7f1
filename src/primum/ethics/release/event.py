"""One event of a registry: a person asks that a Release be put into use, signed and tied to the event before it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from primum.ethics.canonical import canonical, readable, sha256_text
from primum.ethics.signing.keys import SigningKey, is_signed

Action = Literal["promote", "roll_back"]
_HASH, _CHANNEL = re.compile(r"[0-9a-f]{64}"), re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What one person asked for."""

    number: int
    action: Action
    channel: str
    """What uses the Release, e.g. production."""
    release: str
    """SHA-256 of the Release's manifest."""
    name: str
    key: str
    at: str
    previous: str
    """SHA-256 of the event before it; empty for the first."""
    signature: str = ""

    def signed_text(self) -> str:
        """Return what the signature is over: every other field."""
        content = asdict(self)
        del content["signature"]
        return "primum deployment 1\n" + canonical(content)

    def signed_by(self, key: SigningKey) -> Event:
        """Return the event with its signature."""
        return Event(**{**asdict(self), "signature": key.sign(self.signed_text())})

    def text(self) -> str:
        """Return the file's content; there is one form."""
        return readable({"format": 1, **asdict(self)})

    @property
    def sha256(self) -> str:
        """The hash of the file."""
        return sha256_text(self.text())


def is_channel(name: str) -> bool:
    """Return whether a name can be that of a channel."""
    return _CHANNEL.fullmatch(name) is not None


def read_event(text: str, *, number: int, previous: str) -> Event | None:
    """Return the event of a file; None where it is not signed, not whole, or does not follow the one before it."""
    try:
        content = json.loads(text)
        if content.pop("format") != 1:
            return None
        found = Event(**content)
        fits = (found.text(), found.number, found.previous) == (text, number, previous)
        plain = found.action in get_args(Action) and is_channel(found.channel) and _HASH.fullmatch(found.release)
        signed = is_signed(found.signed_text(), key=found.key, signature=found.signature)
        return found if fits and plain and signed else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How a channel stands after some events."""

    used: Sequence[str]
    """The Releases it has used, oldest first; the last one is in use."""
    asked: tuple[Action, str] | None
    """The change that was asked for and is not confirmed yet."""
    who: frozenset[str]
    """Who has asked for it."""


def use_after(events: Sequence[Event], channel: str, people: Callable[[str], int]) -> Use:
    """Return which Releases a channel has used, and who has asked for a change that is not confirmed yet.

    A change takes effect when as many different people as the policy asks for have asked for it, one after another;
    whoever asks for something else begins anew.

    Args:
        events: of all channels, in order.
        channel: which one.
        people: how many must ask, by the SHA-256 of the Release.
    """
    used: list[str] = []
    asked: tuple[Action, str] | None = None
    who: frozenset[str] = frozenset()
    for event in (one for one in events if one.channel == channel):
        if asked != (event.action, event.release):
            asked, who = (event.action, event.release), frozenset()
        who = who | {" ".join(event.name.split()).casefold()}
        if len(who) >= people(event.release):
            used.append(event.release)
            asked, who = None, frozenset()
    return Use(used=used, asked=asked, who=who)
