"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from primum.serve.people.permissions import Action, Role, allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A person or system that has shown who it is."""

    id: str
    """Of the account, 32 hexadecimal digits; what a Case's owner and a Review's author are kept as."""
    name: str
    """What the account goes by, in the Ledger too."""
    role: Role
    via: Literal["session", "token"]
    """A page or program that signed in, or an API token."""
    scopes: frozenset[str] = frozenset()
    """What the token was made for; empty for a session, which may do all that its role may."""

    def may(self, action: Action) -> bool:
        """Return whether it may take an action."""
        return allowed(self.role, action, scopes=self.scopes if self.via == "token" else None)
