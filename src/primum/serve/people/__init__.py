"""Who may use the service: accounts, roles, sessions and API tokens."""

from primum.serve.people.access import needs
from primum.serve.people.permissions import ACTIONS, ROLES, SCOPES, Action, Role, allowed
from primum.serve.people.principal import Principal

__all__ = ["ACTIONS", "ROLES", "SCOPES", "Action", "Principal", "Role", "allowed", "needs"]
