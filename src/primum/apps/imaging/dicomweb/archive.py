"""What an archive is asked: studies and pictures found (QIDO-RS), fetched (WADO-RS), and files stored (STOW-RS)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from primum.apps.imaging.dicomweb.failures import passes, translated
from primum.errors import ArchiveError
from primum.extras import require

T = TypeVar("T")
_ATTEMPTS = 3
_PAGE = 200
_STUDY, _SERIES, _INSTANCE, _CLASS = "0020000D", "0020000E", "00080018", "00080016"
_PURPOSE = "Asking an archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Where a picture is."""

    study: str
    series: str
    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive that speaks DICOMweb. Questions are repeated where a failure may pass; sending never is."""

    client: Any
    """Of the library dicomweb-client."""
    session: Any
    """Its connections, of the library requests."""
    host: str
    """For messages and the ledger."""
    wait_s: float
    """Before the first repetition."""
    most_bytes: int
    """Of one message."""

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def studies(self, where: Mapping[str, str], *, most: int) -> list[str]:
        """Return the Study Instance UIDs that match, in the archive's order.

        Args:
            where: from DICOM keywords to values, as QIDO-RS matches them.
            most: studies; more are refused.
        Raises:
            ArchiveError: there are more, or the archive cannot be asked.
        """

        def page(offset: int) -> Any:
            return self.client.search_for_studies(search_filters=dict(where), limit=_PAGE, offset=offset)

        return [_uid(one, _STUDY) for one in self._all(page, _STUDY, most=most)]

    def pictures(self, study: str, *, most: int) -> list[Instance]:
        """Return the images of a study: what its SOP class says is one.

        Raises:
            ArchiveError: there are more than `most`, or the archive cannot be asked.
        """

        def page(offset: int) -> Any:
            return self.client.search_for_instances(study_instance_uid=study, limit=_PAGE, offset=offset)

        return [
            Instance(study=study, series=_uid(one, _SERIES), instance=_uid(one, _INSTANCE))
            for one in self._all(page, _INSTANCE, most=most)
            if _is_picture(_uid(one, _CLASS))
        ]

    def picture(self, place: Instance) -> Any:
        """Return an instance as a pydicom data set, in the transfer syntax that the archive keeps it in.

        Raises:
            ArchiveError: it cannot be had, or is another one than was asked for.
        """
        found = self._read(lambda: self.client.retrieve_instance(place.study, place.series, place.instance))
        if str(found.get("SOPInstanceUID", "")) != place.instance:
            raise ArchiveError(f"{self.host}: it sent another picture than the one asked for.")
        return found

    def store(self, files: Sequence[Any]) -> Any:
        """Send data sets, once, and return the archive's answer: its lists of what it stored and what it did not.

        Raises:
            requests.exceptions.RequestException: as the client raises it, for the caller to tell what became of them.
        """
        return self.client.store_instances(list(files))

    def _all(self, page: Callable[[int], Any], key: str, *, most: int) -> Iterator[Any]:
        """Yield what all pages hold, each once; an archive that knows no pages repeats the first."""
        seen: set[str] = set()
        while True:
            found = list(self._read(partial(page, len(seen))))
            new = {_uid(one, key): one for one in found}
            new = {uid: one for uid, one in new.items() if uid not in seen}
            seen |= set(new)
            if len(seen) > most:
                raise ArchiveError(f"{self.host}: more than {most} match; narrow the question, or raise --most.")
            yield from new.values()
            if not new:
                return

    def _read(self, ask: Callable[[], T]) -> T:
        """Return an answer; the question is put again, after a longer and longer wait, where its failure may pass."""
        with translated(self.host):
            for attempt in range(_ATTEMPTS):
                try:
                    return ask()
                except Exception as exc:
                    if attempt == _ATTEMPTS - 1 or not passes(exc):
                        raise
                time.sleep(self.wait_s * 2**attempt)
        raise AssertionError("the last attempt returns or raises")


def _uid(found: Any, tag: str) -> str:
    """Return an identifier of a search's result.

    Raises:
        ArchiveError: there is none.
    """
    try:
        uid = str(found[tag]["Value"][0])
    except (KeyError, IndexError, TypeError):
        uid = ""
    if not uid or len(uid) > 64 or set(uid) - set("0123456789."):
        raise ArchiveError("the archive: what it found has no identifier; its answer is not DICOMweb.")
    return uid


def _is_picture(sop_class: str) -> bool:
    uid: Any = require("pydicom.uid", extra="imaging", purpose=_PURPOSE)
    return "Image Storage" in uid.UID(sop_class).name
