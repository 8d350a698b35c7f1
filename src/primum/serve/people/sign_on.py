"""The hospital's own sign-on: OpenID Connect, the code flow with PKCE, and a role for each of its groups.

Source: OpenID Connect Core 1.0, section 3.1; RFC 7636 (PKCE); RFC 9700 (best practice).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError

from primum.errors import ServiceError
from primum.extras import require
from primum.files import read_private
from primum.serve.people.permissions import Role
from primum.serve.people.secrets_kept import derived, new_secret, same
from primum.serve.security.faults import Refused

_PURPOSE = "The hospital's own sign-on"
_LEEWAY_S = 60
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures with a public key only: one that is made with the client's secret, or none, is no proof here."""


class Provider(BaseModel):
    """Who vouches for people, as a file says it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: HttpUrl = Field(description="Address of the provider, below which .well-known/openid-configuration is.")
    client_id: str = Field(min_length=1, description="What the provider knows the service as.")
    client_secret: str = Field(min_length=16, description="Known to provider and service alone.")
    address: HttpUrl = Field(description="Where people reach the service; the provider must allow ADDRESS/sso/back.")
    roles: Mapping[str, Role] = Field(
        min_length=1, description="Role by group; the first group that somebody has counts."
    )
    groups: str = Field("groups", description="Claim that holds the groups.")
    name: str = Field("name", description="Claim that holds the name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom the provider vouches for."""

    subject: str
    """Issuer, a blank, and the identifier there, which never changes."""
    name: str
    role: Role


class SignOn:
    """Sends people to a provider and reads what it says of them when they come back.

    Args:
        provider: who vouches.
        transport: how it is reached; None: over the network.
    """

    def __init__(self, provider: Provider, *, transport: Any = None) -> None:
        self._provider = provider
        self._issuer = str(provider.issuer).rstrip("/")
        self._transport = transport
        self._client_class = require(
            "authlib.integrations.httpx_client", extra="sso", purpose=_PURPOSE
        ).AsyncOAuth2Client

    @classmethod
    def read(cls, path: Path) -> SignOn:
        """Return the sign-on of a file that only its owner may read.

        Raises:
            ServiceError: the file does not say what it must.
        """
        text = read_private(path, what="a file with a secret", make="write it as the how-to on people says")
        try:
            return cls(Provider.model_validate(yaml.safe_load(text)))
        except (ValidationError, yaml.YAMLError) as exc:
            wrong = (
                ", ".join(str(one["loc"][0]) for one in exc.errors()) if isinstance(exc, ValidationError) else "YAML"
            )
            raise ServiceError(f"{path}: is no description of a sign-on; look at: {wrong}.") from exc

    async def begin(self, place: str) -> tuple[str, str]:
        """Return the provider's address to go to, and what a cookie keeps until one comes back.

        Args:
            place: of this site, where one was going.
        """
        kept = {"state": new_secret(), "nonce": new_secret(), "verifier": new_secret(), "place": place}
        async with self._client() as client:
            found = await self._get(client, f"{self._issuer}/.well-known/openid-configuration")
            address, _ = client.create_authorization_url(
                found["authorization_endpoint"],
                state=kept["state"],
                nonce=kept["nonce"],
                code_verifier=kept["verifier"],
            )
        text = json.dumps(kept)
        return str(address), f"{self._sealed(text)}.{text.encode().hex()}"

    async def finish(self, cookie: str, *, state: str, code: str) -> tuple[Identity, str]:
        """Return who came back, and where they were going.

        Raises:
            Refused: it is not who was sent, the provider does not vouch, or gives no group with a role.
        """
        kept = self._opened(cookie)
        if kept is None or not same(kept["state"], state):
            raise Refused("forbidden", "The sign-on was not begun here; begin again.", key="sso_other")
        async with self._client() as client:
            found = await self._get(client, f"{self._issuer}/.well-known/openid-configuration")
            keys = await self._get(client, found["jwks_uri"])
            try:
                token = await client.fetch_token(found["token_endpoint"], code=code, code_verifier=kept["verifier"])
                claims = self._claims(token, keys, kept["nonce"])
            except Exception as exc:  # whatever a library says of a stranger's token, it is not believed
                raise Refused("forbidden", "The sign-on was not confirmed; begin again.", key="sso_refused") from exc
        return self._identity(claims), kept["place"]

    def _client(self) -> Any:
        provider = self._provider
        return self._client_class(
            provider.client_id,
            provider.client_secret,
            scope="openid profile",
            redirect_uri=f"{str(provider.address).rstrip('/')}/sso/back",
            code_challenge_method="S256",
            timeout=10,
            **({} if self._transport is None else {"transport": self._transport}),
        )

    async def _get(self, client: Any, address: str) -> dict[str, Any]:
        try:
            answer = await client.request("GET", address, withhold_token=True)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except Exception as exc:  # of the network, or of what stands there
            raise Refused("unavailable", "The hospital's sign-on does not answer.", key="sso_silent") from exc
        return found

    def _claims(self, token: Mapping[str, Any], keys: dict[str, Any], nonce: str) -> Mapping[str, Any]:
        jwt = require("joserfc.jwt", extra="sso", purpose=_PURPOSE)
        jwk = require("joserfc.jwk", extra="sso", purpose=_PURPOSE)
        core = require("authlib.oidc.core", extra="sso", purpose=_PURPOSE)
        told = jwt.decode(token["id_token"], jwk.KeySet.import_key_set(keys), algorithms=list(_ALGORITHMS))
        audience = {"essential": True, "value": self._provider.client_id}
        options = {"iss": {"essential": True, "value": self._issuer}, "aud": audience}
        params = {"nonce": nonce, "client_id": self._provider.client_id}
        claims: Mapping[str, Any] = core.CodeIDToken(told.claims, told.header, options, params)
        claims.validate(leeway=_LEEWAY_S)  # type: ignore[attr-defined]
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        groups = claims.get(self._provider.groups) or []
        role = next((role for group, role in self._provider.roles.items() if group in groups), None)
        if role is None:
            raise Refused("forbidden", "None of your groups has a role here.", key="sso_no_role")
        subject = str(claims["sub"])
        return Identity(
            subject=f"{self._issuer} {subject}", name=str(claims.get(self._provider.name) or subject), role=role
        )

    def _sealed(self, text: str) -> str:
        return derived(self._provider.client_secret, f"sign-on\n{text}")

    def _opened(self, cookie: str) -> dict[str, str] | None:
        seal, _, rest = cookie.partition(".")
        try:
            text = bytes.fromhex(rest).decode("utf-8")
        except ValueError:
            return None
        return json.loads(text) if same(seal, self._sealed(text)) else None
