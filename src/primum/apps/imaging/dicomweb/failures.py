"""What an archive's failure means, in one sentence that names the host and no patient, study or instance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from primum.apps.imaging.source import silent
from primum.errors import ArchiveError
from primum.extras import require

_SAID = {
    401: "it does not let us in (401); set {token}, or {user} and {password}",
    403: "the account may not do this (403); ask who looks after the archive",
    404: "it has no such study or picture, or speaks DICOMweb at another path (404); check the address",
    406: "it cannot send DICOM as it is stored (406); ask who looks after the archive",
    409: "it refused all of the files (409)",
    413: "it takes no message of this size (413)",
    415: "it does not take DICOM at this path (415); check the address",
    429: "it is asked too often (429); try again later",
}
_PASSING = frozenset({429, 502, 503, 504})
"""Statuses after which a question may be put again."""


def told(host: str, status: int) -> ArchiveError:
    """Return the error that says what a status of the archive means."""
    from primum.apps.imaging.dicomweb.connecting import PASSWORD_VARIABLE, TOKEN_VARIABLE, USER_VARIABLE

    other = f"it failed ({status}); try again later" if status >= 500 else f"it does not take the question ({status})"
    said = _SAID.get(status, other).format(token=TOKEN_VARIABLE, user=USER_VARIABLE, password=PASSWORD_VARIABLE)
    return ArchiveError(f"{host}: {said}.")


def passes(exc: BaseException) -> bool:
    """Return whether a failure may be gone when a question is put again."""
    requests: Any = require("requests.exceptions", extra="dicomweb", purpose="Asking an archive")
    if isinstance(exc, requests.SSLError):
        return False
    if isinstance(exc, requests.HTTPError) and exc.response is not None:
        return exc.response.status_code in _PASSING
    return isinstance(exc, (requests.ConnectionError, requests.Timeout, requests.ChunkedEncodingError))


@contextmanager
def translated(host: str) -> Iterator[None]:
    """Turn what fails inside into an ArchiveError; the client's own messages quote addresses and contents.

    Raises:
        ArchiveError: the archive cannot be reached, refuses, or answers with something that is not DICOM.
    """
    requests: Any = require("requests.exceptions", extra="dicomweb", purpose="Asking an archive")
    try:
        with silent():
            yield
    except ArchiveError:
        raise
    except requests.HTTPError as exc:
        raise told(host, 0 if exc.response is None else exc.response.status_code) from exc
    except requests.SSLError as exc:
        why = "its certificate is not trusted here; name the hospital's certificates by REQUESTS_CA_BUNDLE"
        raise ArchiveError(f"{host}: {why}.") from exc
    except requests.TooManyRedirects as exc:
        raise ArchiveError(f"{host}: it sends us to another address, which is not followed; name that one.") from exc
    except requests.Timeout as exc:
        raise ArchiveError(f"{host}: it does not answer in time; try again later.") from exc
    except requests.ConnectionError as exc:
        raise ArchiveError(f"{host}: it cannot be reached; check the address and the network.") from exc
    except Exception as exc:  # client and pydicom raise from many trees on what is no DICOM, and quote it
        raise ArchiveError(f"{host}: its answer is not DICOMweb; check the address.") from exc
