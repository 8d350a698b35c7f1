"""Thousands of generated requests to a service in this process: none ends in a 5xx, every refusal has the one shape.

    python benchmarks/api_fuzz.py RELEASE [--requests 5000] [--seed 7] [--lang zh]

schemathesis makes requests from the OpenAPI document, right ones and wrong ones; the documents' own examples, with one
value after another put out of shape, reach further in. Each is sent as every role and as nobody, half of them with ids
that exist. Prints how many requests got which status, and every fault: a 5xx, an error of another shape, a status that
the document does not tell of, a connection that broke; with --lang zh a refusal that holds an English sentence.
"""

from __future__ import annotations

import argparse
import copy
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from primum.serve.people.rates import Rates
from primum.serve.security.faults import KINDS

ADDRESS = "http://hospital.test"
SHAPE = {"ok", "error", "message", "status", "errors", "request"}
SAID_FOR_ALL = {400, 404, 405, 408, 413, 415}
"""Statuses that any address may answer whatever its document says: not there, or not to be read."""
NOBODY = "nobody"
_JUNK: tuple[Any, ...] = (
    None, "", "\u0000", "x" * 5000, -1, 0, 1e308, True, [], {}, [[]], {"": None}, "２０", "\ud7ff", 2**70,
)  # fmt: skip
_CHINESE, _LATIN = re.compile("[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]+(?: [A-Za-z]+){2,}")
_HEADERS = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding", "user-agent"}


@dataclass(kw_only=True)
class Seen:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    operations: Counter[str] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        """How many were sent."""
        return sum(self.statuses.values())


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes


def fuzz(
    app: FastAPI,
    tokens: Mapping[str, str],
    *,
    ids: Callable[[], Mapping[str, list[str]]],
    count: int,
    seed_: int = 7,
    lang: str = "en",
) -> Seen:
    """Send generated requests until there were `count` of them, and return what came back.

    Args:
        app: a service that was started; its limits on how often one may ask are lifted.
        tokens: API token by who sends it; everything is sent as nobody too.
        ids: value by path parameter of things that exist now.
        count: requests at least.
        seed_: of all that is drawn.
        lang: that is asked for.
    """
    people = app.state.people
    people.of_accounts, people.of_addresses = Rates(10**9), Rates(10**9)
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.config.base_url = ADDRESS
    client = TestClient(app, base_url=ADDRESS, follow_redirects=False, headers={"accept-language": lang})
    told = {_name(method, path): set(one.get("responses", {})) for path, method, one in _documented(app)}
    seen, rng = Seen(), random.Random(seed_)
    senders = _Senders(tokens, rng)
    operations = [found.ok() for found in schema.get_all_operations()]
    bent = list(_bent(app, rng))
    rounds = 0
    while seen.requests < count:
        share = max(1, (count - seen.requests) // (2 * len(operations)))
        for operation in operations:
            for mode in GenerationMode:
                for sent in _generated(
                    operation, mode, number=max(1, share // 2), seed_=seed_ + rounds, ids=ids, rng=rng
                ):
                    _send(client, sent, senders, told, seen)
        for sent in rng.sample(bent, min(len(bent), share * len(operations))):
            _send(client, _filled(sent, ids(), rng), senders, told, seen)
        rounds += 1
    return seen


def _name(method: str, path: str) -> str:
    return f"{method.upper()} {path}"


def _documented(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, one in methods.items():
            yield path, method, one


def _generated(
    operation: Any, mode: GenerationMode, *, number: int, seed_: int, ids: Callable[..., Any], rng: random.Random
) -> list[Sent]:
    found: list[Sent] = []

    @seed(seed_)
    @settings(
        max_examples=number,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def draw(case: Any, real: bool) -> None:
        there = ids() if real else {}
        for name in case.path_parameters or {}:
            if there.get(name):
                case.path_parameters[name] = rng.choice(there[name])
        made = requests.Request(**case.as_transport_kwargs(base_url=ADDRESS)).prepare()
        body = made.body or b""
        found.append(
            Sent(
                operation=_name(operation.method, operation.path),
                method=str(made.method),
                url=str(made.url),
                headers={k: v for k, v in made.headers.items() if k.lower() not in _HEADERS},
                content=body.encode() if isinstance(body, str) else bytes(body),
            )
        )

    try:
        draw()
    except Exception as exc:  # schemathesis cannot make a wrong request of what takes anything
        if not found and type(exc).__name__ not in ("Unsatisfiable", "SkipTest"):
            raise
    return found


def _bent(app: FastAPI, rng: random.Random) -> Iterator[Sent]:
    """Yield the bodies that the document gives as examples, each with one value put out of shape."""
    for path, method, one in _documented(app):
        for kind, media in one.get("requestBody", {}).get("content", {}).items():
            for example in _examples(app, media):
                for place in _places(example):
                    for junk in rng.sample(_JUNK, 5):
                        body = _put(copy.deepcopy(example), place, junk)
                        made = requests.Request("POST", ADDRESS, json=body).prepare().body
                        yield Sent(
                            operation=_name(method, path),
                            method=method.upper(),
                            url=ADDRESS + path,
                            headers={"content-type": kind},
                            content=made if isinstance(made, bytes) else str(made).encode(),
                        )


def _examples(app: FastAPI, media: Mapping[str, Any]) -> list[Any]:
    schema = media.get("schema", {})
    named = schema.get("$ref", "").rpartition("/")[2]
    inner = app.openapi().get("components", {}).get("schemas", {}).get(named, schema)
    one = [media["example"]] if "example" in media else [inner["example"]] if "example" in inner else []
    fields = {name: kept["examples"][0] for name, kept in inner.get("properties", {}).items() if kept.get("examples")}
    return [*one, *schema.get("examples", []), *([fields] if fields else [])]


def _places(value: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield so_far
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _places(inner, (*so_far, key))


def _put(value: Any, place: tuple[Any, ...], junk: Any) -> Any:
    if not place:
        return junk
    inner = value
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    return value


def _filled(sent: Sent, there: Mapping[str, list[str]], rng: random.Random) -> Sent:
    """Return a request with ids of things that exist in its address."""
    url = sent.url
    for name in re.findall(r"{(\w+)}", url):
        url = url.replace(f"{{{name}}}", rng.choice(there.get(name) or ["0" * 32]))
    return replace(sent, url=url)


class _Senders:
    """Who sends: two times in three somebody who was let in there before, else anybody."""

    def __init__(self, tokens: Mapping[str, str], rng: random.Random) -> None:
        self.tokens = tokens
        self._rng = rng
        self._let_in: dict[str, set[str]] = {}

    def choose(self, operation: str) -> str:
        known = sorted(self._let_in.get(operation, ()))
        return self._rng.choice(known if known and self._rng.random() < 2 / 3 else [*self.tokens, NOBODY])

    def learn(self, operation: str, who: str, status: int) -> None:
        if status not in (401, 403):
            self._let_in.setdefault(operation, set()).add(who)


def _send(client: TestClient, sent: Sent, senders: _Senders, told: Mapping[str, set[str]], seen: Seen) -> None:
    who = senders.choose(sent.operation)
    token = senders.tokens.get(who)
    headers = {**sent.headers, **({} if token is None else {"authorization": f"Bearer {token}"})}
    try:
        answer = client.request(sent.method, sent.url, headers=headers, content=sent.content)
    except Exception as exc:
        seen.statuses[0] += 1
        seen.faults.append(f"{sent.operation}: broke with {type(exc).__name__}")
        return
    seen.statuses[answer.status_code] += 1
    seen.operations[sent.operation] += 1
    senders.learn(sent.operation, who, answer.status_code)
    found = [*_faults(answer, told.get(sent.operation, set()))]
    in_chinese = client.headers["accept-language"] == "zh" and b'"en"' not in sent.content and "lang=" not in sent.url
    if in_chinese and answer.status_code >= 400 and not found:
        found += [f"says in English: {one}" for one in in_english(answer.json())]
    for fault in found:
        seen.faults.append(f"{sent.operation}: {fault}")


def _faults(answer: Any, told: set[str]) -> Iterator[str]:
    status = answer.status_code
    if status >= 500:
        yield f"answered {status}"
    if told and str(status) not in told and status not in SAID_FOR_ALL:
        yield f"answered {status}, which its document does not tell of"
    if status < 400:
        return
    if "json" not in answer.headers.get("content-type", ""):
        yield f"answered {status} with {answer.headers.get('content-type', 'nothing')}"
        return
    said = answer.json()
    if said.get("resourceType") == "OperationOutcome":
        return
    shaped = (
        set(said) == SHAPE and said["ok"] is False and said["status"] == status and KINDS.get(said["error"]) == status
    )
    if not shaped or not all(set(one) == {"field", "message"} for one in said["errors"]):
        yield f"answered {status} in another shape"


def in_english(said: Mapping[str, Any]) -> list[str]:
    """Return the sentences of a refusal that are not in Chinese, or have three English words in a row."""
    outcome = [one.get("diagnostics", "") for one in said.get("issue", ())]
    sentences = [
        *outcome,
        *([said["message"]] if "message" in said else []),
        *(e["message"] for e in said.get("errors", ())),
    ]
    return [one for one in sentences if _LATIN.search(one) or not _CHINESE.search(one)]


def ids_of(app: FastAPI) -> Callable[[], dict[str, list[str]]]:
    """Return what says which Cases, Releases and accounts there are now."""

    def there() -> dict[str, list[str]]:
        releases = list(app.state.engine.releases)
        return {
            "case": [head.id for head in app.state.cases.heads(limit=20)],
            "release": releases,
            "service": [one[:12] for one in releases],
            "version": ["R4", "R5"],
        }

    return there


def main() -> int:
    """Fuzz a service over a Release and print what came back."""
    asking = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asking.add_argument("release", type=Path)
    asking.add_argument("--requests", type=int, default=5000)
    asking.add_argument("--seed", type=int, default=7)
    asking.add_argument("--lang", choices=["en", "zh"], default="en")
    given_ = asking.parse_args()
    from primum.serve.app import create_app
    from primum.serve.people import ROLES, SCOPES, allowed
    from primum.serve.settings import Settings

    with tempfile.TemporaryDirectory(prefix="primum-fuzz-") as name:
        place = {"db": f"{name}/s.sqlite", "keys": f"{name}/k.key"}
        app = create_app(Settings(releases=(given_.release,), any_key=True, timeout_s=60, **place))
        people, tokens = app.state.people, {}
        for role in ROLES:
            account, _ = people.add(role, role, password="seven small boats at sea")
            scopes = [scope for scope in SCOPES if allowed(role, scope)]
            tokens[role] = people.tokens.make(account, "fuzz", scopes, days=2)[1]
        began = time.perf_counter()
        with TestClient(app):
            seen = fuzz(app, tokens, ids=ids_of(app), count=given_.requests, seed_=given_.seed, lang=given_.lang)
    print(f"{seen.requests} requests to {len(seen.operations)} operations in {time.perf_counter() - began:.0f} s")
    for status, count in sorted(seen.statuses.items()):
        print(f"  {status}: {count}")
    for fault, count in Counter(seen.faults).most_common():
        print(f"FAULT {fault} ({count})")
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
