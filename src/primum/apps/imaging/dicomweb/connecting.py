"""The way to an archive: its address, who asks, and what no answer of it may do.

The address must be encrypted, unless it is this machine's own. Redirections are not followed: a picture, and the token
that goes with it, would then be sent to a host that nobody named. A netrc file is not read for the same reason. Proxies
and certificates of the hospital's own are taken from the environment (HTTPS_PROXY, REQUESTS_CA_BUNDLE).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from primum.apps.imaging.dicomweb.archive import Archive
from primum.errors import ArchiveError, InputError
from primum.extras import require

TOKEN_VARIABLE = "PRIMUM_DICOMWEB_TOKEN"
"""A bearer token."""
USER_VARIABLE, PASSWORD_VARIABLE = "PRIMUM_DICOMWEB_USER", "PRIMUM_DICOMWEB_PASSWORD"
"""Or a name and a password (basic)."""
_HERE = frozenset({"localhost", "127.0.0.1"})
_CONNECT_S, _READ_S = 10.0, 60.0
_MOST_BYTES = 1 << 30
"""Of one answer after it is unpacked: more is no picture, or one nobody can hold in memory twice."""
_JSON = ("application/dicom+json", "application/json")
_PURPOSE = "Asking an archive"


def connect(
    url: str, *, environment: Mapping[str, str] | None = None, most_bytes: int = _MOST_BYTES, wait_s: float = 0.5
) -> Archive:
    """Return an archive by its DICOMweb address; nothing is asked yet.

    Args:
        url: where its paths begin, e.g. https://archive.example.org/dicom-web.
        environment: where token, or name and password, stand; None: the process's own.
        most_bytes: of one answer.
        wait_s: before the first repetition of a question that was not answered; the next wait is twice as long.
    Raises:
        InputError: the address is none, carries a password, or is not encrypted; or the environment names both ways.
        ExtraMissingError: the client is not installed.
    """
    host = _host_of(url)
    client: Any = require("dicomweb_client.web", extra="dicomweb", purpose=_PURPOSE)
    session = _session(_authorising(os.environ if environment is None else environment), most_bytes)
    try:
        asked = client.DICOMwebClient(
            url.rstrip("/"), session=session, timeout=(_CONNECT_S, _READ_S), chunk_size=most_bytes
        )
    except ValueError as exc:
        raise InputError("the archive's address: expected https://host/path.") from exc
    asked.set_http_retry_params(retry=False)  # it would send a picture again as well, and wait for what cannot mend
    return Archive(client=asked, session=session, host=host, wait_s=wait_s, most_bytes=most_bytes)


def _host_of(url: str) -> str:
    """Return the host that an address names, and its port where it names one."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise InputError("the archive's address: expected https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise InputError(
            f"the archive's address: it carries a password, which others can read there; set {TOKEN_VARIABLE}, or "
            f"{USER_VARIABLE} and {PASSWORD_VARIABLE}, instead."
        )
    if parts.scheme == "http" and parts.hostname not in _HERE:
        raise InputError(f"{parts.hostname}: pictures of patients travel encrypted only; name it by https.")
    return parts.hostname if port is None else f"{parts.hostname}:{port}"


def _authorising(environment: Mapping[str, str]) -> Callable[[Any], Any]:
    """Return what adds to a request who asks."""
    token = environment.get(TOKEN_VARIABLE, "")
    user, password = environment.get(USER_VARIABLE, ""), environment.get(PASSWORD_VARIABLE, "")
    if token and (user or password):
        raise InputError(f"{TOKEN_VARIABLE} and {USER_VARIABLE}: both are set; unset one.")
    if bool(user) != bool(password):
        raise InputError(f"{USER_VARIABLE} and {PASSWORD_VARIABLE}: set both, or neither.")
    if any(not one.isprintable() for one in (token, user, password)):
        raise InputError(f"{TOKEN_VARIABLE}, {USER_VARIABLE}, {PASSWORD_VARIABLE}: one holds a line end; take it out.")
    if user:
        auth: Any = require("requests.auth", extra="dicomweb", purpose=_PURPOSE)
        basic: Callable[[Any], Any] = auth.HTTPBasicAuth(user.encode(), password.encode())
        return basic

    def bearing(request: Any) -> Any:
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return bearing


def _session(authorise: Callable[[Any], Any], most_bytes: int) -> Any:
    requests: Any = require("requests", extra="dicomweb", purpose=_PURPOSE)

    class Bounded(requests.adapters.HTTPAdapter):  # type: ignore[misc]  # the library ships no types
        """Answers of bounded size, whose kind is named without its parameters, as the client expects it."""

        def send(self, *given: Any, **named: Any) -> Any:
            answer = super().send(*given, **named)
            kind = str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
            if kind in _JSON:
                answer.headers["Content-Type"] = kind
            answer.raw.stream = _bounded(answer.raw.stream, most_bytes)
            return answer

    session = requests.Session()
    session.auth, session.max_redirects = authorise, 0
    session.headers.update({"Accept": _JSON[0]})
    session.mount("https://", Bounded())
    session.mount("http://", Bounded())
    return session


def _bounded(stream: Callable[..., Iterator[bytes]], most_bytes: int) -> Callable[..., Iterator[bytes]]:
    def read(*given: Any, **named: Any) -> Iterator[bytes]:
        so_far = 0
        for chunk in stream(*given, **named):
            so_far += len(chunk)
            if so_far > most_bytes:
                raise ArchiveError(f"the archive: an answer is larger than {most_bytes >> 20} MiB; ask for less.")
            yield chunk

    return read
