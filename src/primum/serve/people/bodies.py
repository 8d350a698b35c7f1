"""What the routes of accounts take and give."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from primum.serve.people.accounts import Account
from primum.serve.people.permissions import Role
from primum.serve.people.tokens import LONGEST_DAYS, Token


class Body(BaseModel):
    """A body that takes no unknown key."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SignIn(Body):
    """A name and a password."""

    name: str = Field(max_length=200)
    password: str = Field(max_length=1024)


class ChangePassword(Body):
    """One's own password, and the next."""

    old: str = Field(max_length=1024)
    new: str = Field(max_length=1024)


class NewAccount(Body):
    """An account to be made."""

    name: str = Field(max_length=200)
    role: Role


class ChangeAccount(Body):
    """What of an account changes."""

    role: Role | None = None
    active: bool | None = None


class NewToken(Body):
    """An API token to be made."""

    label: str = Field(max_length=200, description="What it is for.")
    scopes: list[str] = Field(min_length=1, max_length=20, description="What it may do.")
    days: int = Field(default=90, ge=1, le=LONGEST_DAYS, description="Until it ends.")


class SessionShown(BaseModel):
    """Who is signed in."""

    ok: bool = True
    id: str
    name: str
    role: Role
    must_change: bool = Field(description="Whether the password must be changed before anything else.")
    csrf: str = Field(description="To be sent as X-CSRF-Token with every request that changes something.")


class AccountShown(BaseModel):
    """An account."""

    id: str
    name: str
    role: Role
    active: bool
    must_change: bool
    created: float = Field(description="Seconds since 1970, UTC.")
    last_login: float | None = Field(description="Seconds since 1970, UTC.")

    @classmethod
    def of(cls, account: Account) -> AccountShown:
        """Return what is shown of an account."""
        return cls(**{name: getattr(account, name) for name in cls.model_fields})


class AccountMade(AccountShown):
    """An account with the password that its owner must change at first use; it is shown this once."""

    password: str


class PasswordMade(BaseModel):
    """A password that must be changed at first use; it is shown this once."""

    ok: bool = True
    password: str


class TokenShown(BaseModel):
    """An API token, without its secret."""

    id: str
    label: str
    scopes: list[str]
    created: float
    expires: float

    @classmethod
    def of(cls, token: Token) -> TokenShown:
        """Return what is shown of a token."""
        return cls(
            **{name: getattr(token, name) for name in cls.model_fields if name != "scopes"}, scopes=[*token.scopes]
        )


class TokenMade(TokenShown):
    """A new token with its secret, which is shown this once."""

    token: str


class Done(BaseModel):
    """It is done."""

    ok: bool = True
