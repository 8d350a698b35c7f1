"""How long people may stay, and how the service is reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PeopleRules:
    """What holds for everybody who uses the service."""

    idle_s: float = 30 * 60.0
    """A session unused for so long has ended."""
    longest_s: float = 12 * 3600.0
    """A session that began so long ago has ended, used or not."""
    secure: bool = False
    """Whether people reach the service over TLS, its own or a proxy's: cookies then go over nothing else."""
    account_per_minute: int = 12_000
    """Requests of one account in a minute, in one process; more are answered 429."""
    address_per_minute: int = 1_200
    """Requests of one address in a minute by nobody in particular, in one process."""

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; over TLS browsers hold it to this host and path."""
        return "__Host-primum" if self.secure else "primum_session"
