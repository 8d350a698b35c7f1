"""Who may use the service: accounts, roles, sessions and API tokens."""

from primum.serve.people import _needs  # noqa: F401 - comes first
from primum.serve.people.access import needs
from primum.serve.people.keeper import People
from primum.serve.people.permissions import ACTIONS, ROLES, SCOPES, Action, Role, allowed
from primum.serve.people.place import database_place
from primum.serve.people.principal import Principal
from primum.serve.people.rules import PeopleRules

__all__ = [
    "ACTIONS",
    "ROLES",
    "SCOPES",
    "Action",
    "People",
    "PeopleRules",
    "Principal",
    "Role",
    "allowed",
    "database_place",
    "needs",
]
