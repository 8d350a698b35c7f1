"""Who may do what: one table from an action to the roles that may take it.

Duties are kept apart: who manages accounts sees no patient, who audits sees hashes and figures, and who puts a Release
into use is not who is answered by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["clinician", "reviewer", "board", "auditor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
Action = Literal[
    "answer",
    "decide",
    "cases.own",
    "cases.all",
    "review",
    "releases.read",
    "releases.change",
    "ledger.read",
    "assurance.read",
    "people.manage",
    "metrics.read",
    "self",
]
_EVERYBODY = frozenset(ROLES)
_CARERS: frozenset[Role] = frozenset({"clinician", "reviewer"})

ACTIONS: Mapping[Action, frozenset[Role]] = {
    "answer": _CARERS,
    "decide": _CARERS,
    "cases.own": _CARERS,
    "cases.all": frozenset({"reviewer"}),
    "review": frozenset({"reviewer"}),
    "releases.read": _EVERYBODY,
    "releases.change": frozenset({"board", "admin"}),
    "ledger.read": frozenset({"auditor", "board", "admin"}),
    "assurance.read": _EVERYBODY,
    "people.manage": frozenset({"admin"}),
    "metrics.read": frozenset({"admin", "auditor"}),
    "self": _EVERYBODY,
}
"""`self` is what all may do with their own account: sign out, change the password, make and revoke API tokens."""

SCOPES: tuple[Action, ...] = tuple(action for action in ACTIONS if action not in ("self", "people.manage"))
"""What an API token may be made for. No token manages accounts or makes tokens: who finds one stays within it."""


def allowed(role: Role, action: Action, *, scopes: frozenset[str] | None = None) -> bool:
    """Return whether a role may take an action; with a token's scopes, only where the token was made for it too."""
    return role in ACTIONS[action] and (scopes is None or action in scopes)
