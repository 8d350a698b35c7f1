"""The hospital's own sign-on, against a provider of our own that signs with a real key."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest
from joserfc import jwk, jwt

from primum.errors import InputError, ServiceError
from primum.serve.people.sign_on import Provider, SignOn
from primum.serve.security import Refused

ISSUER = "https://login.hospital.test/realm"
KEY = jwk.RSAKey.generate_key(2048, {"kid": "one"}, private=True)
OTHER = jwk.RSAKey.generate_key(2048, {"kid": "one"}, private=True)
GIVEN = {
    "issuer": ISSUER,
    "client_id": "primum",
    "client_secret": "a secret of the service",
    "address": "https://primum.hospital.test/",
    "roles": {"cardiology-lead": "reviewer", "cardiology": "clinician"},
}


class FakeProvider:
    """Hands out codes and tokens; what it says of a person may be bent."""

    def __init__(self) -> None:
        self.challenge, self.nonce, self.asked = "", "", {}
        self.claims, self.key, self.algorithm = {}, KEY, "RS256"

    def authorize(self, address: str) -> str:
        """Do as the provider's page does, and return the state that comes back."""
        said = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{ISSUER}/authorize?")
        assert said["response_type"] == "code" and said["code_challenge_method"] == "S256"
        assert said["redirect_uri"] == "https://primum.hospital.test/sso/back"
        self.challenge, self.nonce = said["code_challenge"], said["nonce"]
        return said["state"]

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request of the service."""
        path = request.url.path
        if path.endswith("openid-configuration"):
            names = ("authorize", "token", "keys")
            places = dict(zip(("authorization_endpoint", "token_endpoint", "jwks_uri"), names, strict=True))
            return httpx2.Response(200, json={k: f"{ISSUER}/{v}" for k, v in places.items()} | {"issuer": ISSUER})
        if path.endswith("/keys"):
            return httpx2.Response(200, json={"keys": [KEY.as_dict(private=False)]})
        self.asked = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        return httpx2.Response(200, json={"access_token": "x", "token_type": "Bearer", "id_token": self._token()})

    def _token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "primum",
            "sub": "u-17",
            "iat": now,
            "exp": now + 60,
            "nonce": self.nonce,
            "name": "Dr. Rosalind",
            "groups": ["staff", "cardiology"],
        }
        return jwt.encode({"alg": self.algorithm, "kid": "one"}, {**claims, **self.claims}, self.key)


@pytest.fixture
def provider():
    """The provider."""
    return FakeProvider()


@pytest.fixture
def sign_on(provider):
    """The service's side."""
    return SignOn(Provider.model_validate(GIVEN), transport=httpx2.MockTransport(provider))


def _through(sign_on, provider, place="/reviews"):
    address, cookie = anyio.run(sign_on.begin, place)
    state = provider.authorize(address)
    return anyio.run(lambda: sign_on.finish(cookie, state=state, code="abc"))


def test_who_comes_back_is_known_by_issuer_and_identifier(sign_on, provider):
    identity, place = _through(sign_on, provider)
    assert (identity.subject, identity.name, identity.role) == (f"{ISSUER} u-17", "Dr. Rosalind", "clinician")
    assert place == "/reviews"
    proof = hashlib.sha256(provider.asked["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(proof).rstrip(b"=").decode() == provider.challenge
    assert provider.asked["code"] == "abc"


def test_the_first_group_with_a_role_counts(sign_on, provider):
    provider.claims = {"groups": ["cardiology", "cardiology-lead"]}
    assert _through(sign_on, provider)[0].role == "reviewer"
    provider.claims = {"groups": ["kitchen"]}
    with pytest.raises(Refused, match="None of your groups"):
        _through(sign_on, provider)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 3600},
        {"sub": None},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_a_token_for_somebody_else_or_of_another_time_is_not_believed(sign_on, provider, claims):
    provider.claims = claims
    with pytest.raises(Refused, match="was not confirmed"):
        _through(sign_on, provider)


def test_a_token_signed_by_another_key_or_with_the_secret_is_not_believed(sign_on, provider):
    provider.key = OTHER
    with pytest.raises(Refused, match="was not confirmed"):
        _through(sign_on, provider)
    provider.key, provider.algorithm = jwk.OctKey.import_key(GIVEN["client_secret"] * 2), "HS256"
    with pytest.raises(Refused, match="was not confirmed"):
        _through(sign_on, provider)


def test_what_was_not_begun_here_is_refused(sign_on, provider):
    address, cookie = anyio.run(sign_on.begin, "/")
    provider.authorize(address)
    seal, _, text = cookie.partition(".")
    bent = json.loads(bytes.fromhex(text)) | {"place": "/people"}
    for kept, state in (
        (cookie, "another state"),
        ("", ""),
        ("zz.zz", "x"),
        (f"{seal}.{json.dumps(bent).encode().hex()}", bent["state"]),
    ):
        with pytest.raises(Refused, match="not begun here"):
            anyio.run(lambda kept=kept, state=state: sign_on.finish(kept, state=state, code="abc"))


def test_a_provider_that_is_silent_is_said_to_be(provider):
    def fails(request):
        raise httpx2.ConnectError("no route")

    silent = SignOn(Provider.model_validate(GIVEN), transport=httpx2.MockTransport(fails))
    with pytest.raises(Refused, match="does not answer") as caught:
        anyio.run(silent.begin, "/")
    assert caught.value.status == 503


def test_an_account_is_made_once_and_follows_its_groups(people, sign_on, provider, ledger):
    first = people.vouched(_through(sign_on, provider)[0])
    assert first.account.has_password is False
    provider.claims = {"groups": ["cardiology-lead"], "name": "Dr. Rosalind Franklin"}
    second = people.vouched(_through(sign_on, provider)[0], before=first.secret)
    assert (second.account.id, second.account.role) == (first.account.id, "reviewer")
    assert people.sessions.find(first.secret) is None and people.sessions.find(second.secret) is not None
    with pytest.raises(Refused, match="name or the password is wrong"):
        people.sign_in("Dr. Rosalind", "", address="here")
    people.change(first.account.id, by="admin", active=False)
    with pytest.raises(Refused, match="account is closed"):
        people.vouched(_through(sign_on, provider)[0])
    said = [(one.content["action"], one.content["by"]) for one in ledger.entries(kind="account")]
    assert said == [("made", "sign-on"), ("role_changed", "sign-on"), ("closed", "admin")]


def test_the_file_is_its_owners_and_says_all_that_it_must(tmp_path):
    path = tmp_path / "sso.yaml"
    path.write_text(json.dumps(GIVEN), encoding="utf-8")
    path.chmod(0o644)
    with pytest.raises(InputError, match="for its owner alone"):
        SignOn.read(path)
    os.chmod(path, 0o600)
    assert isinstance(SignOn.read(path), SignOn)
    path.write_text(json.dumps({**GIVEN, "roles": {"x": "chief"}, "issuer": "no"}), encoding="utf-8")
    with pytest.raises(ServiceError, match="look at: issuer, roles") as caught:
        SignOn.read(path)
    assert GIVEN["client_secret"] not in str(caught.value)
