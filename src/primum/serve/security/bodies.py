"""Bodies of requests: read whole within a limit of size and time, and refused where no reader should see them."""

from __future__ import annotations

import asyncio
import json
import re

from starlette.types import Message, Receive, Scope

from primum.serve.security.faults import Refused
from primum.serve.security.limits import Limits

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_ESCAPED_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
_NUL = "%00"


async def read_body(scope: Scope, receive: Receive, limits: Limits) -> bytes:
    """Return the whole body of a request.

    Raises:
        Refused: it is larger than it may be, comes too slowly, or breaks off.
    """
    said = dict(scope["headers"]).get(b"content-length", b"0")
    if not said.isdigit():
        raise Refused("malformed", "The header Content-Length is not a number.")
    if int(said[:20]) > limits.body_bytes:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.body_s):
            return await _gathered(receive, limits)
    except TimeoutError:
        raise Refused("timeout", f"The request's body did not come within {limits.body_s:g} seconds.") from None


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a channel that hands out a body that was read already, and then what the real one says."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def check_body(scope: Scope, body: bytes, limits: Limits) -> None:
    """Check that a body is text that everything behind can hold: UTF-8, no NUL, not nested too deep.

    Raises:
        Refused: it is not; its content is not repeated.
    """
    kind = dict(scope["headers"]).get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind == b"application/x-www-form-urlencoded" and (_NUL.encode() in body or b"\0" in body):
        raise Refused("malformed", "The form holds a NUL character.")
    if kind == b"application/json" or kind.endswith(b"+json"):
        check_json(body, limits)


def check_address(scope: Scope) -> None:
    """Check that path and query hold no NUL, which no database takes.

    Raises:
        Refused: they do.
    """
    if b"%00" in scope.get("query_string", b"") or "\0" in scope["path"]:
        raise Refused("malformed", "The address holds a NUL character.")


def check_words(*words: str) -> None:
    """Check that fields of a form of several parts, which nobody looked into before, are whole characters.

    Raises:
        Refused: one holds a NUL, or half of a surrogate pair.
    """
    for one in words:
        if "\0" in one or any("\ud800" <= letter <= "\udfff" for letter in one):
            raise Refused("malformed", "The form holds a NUL or half of a character.")


async def _gathered(receive: Receive, limits: Limits) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused("malformed", "The request broke off.")
        part = message.get("body", b"")
        size += len(part)
        if size > limits.body_bytes:
            raise _too_large(limits)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def check_json(body: bytes, limits: Limits) -> None:
    """Check that JSON is UTF-8, not nested too deep, and without NUL or half characters.

    Raises:
        Refused: it is not.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("malformed", "The body is not UTF-8.") from None
    depth = 0
    if body.count(b"[") + body.count(b"{") > limits.depth:
        for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
            depth += 1 if bracket.group() in b"[{" else -1
            if depth > limits.depth:
                raise Refused("malformed", f"The body is nested deeper than {limits.depth} levels.")
    if b"\\u0000" in body or _ESCAPED_HALF.search(body):
        _check_characters(body)


def _check_characters(body: bytes) -> None:
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused("malformed", "The body holds half of a surrogate pair.") from None
    except (ValueError, RecursionError):
        return  # no JSON: said by whoever reads it
    if "\\u0000" in text.replace("\\\\", ""):
        raise Refused("malformed", "The body holds a NUL character.")


def _too_large(limits: Limits) -> Refused:
    return Refused("too_large", f"The body is larger than {limits.body_bytes} bytes.")
