"""The registry: Releases kept by their hash in a folder, here or far away, and the history of which one is in use.

releases/<SHA-256 of the manifest>/…    each Release as it was built
events/00000001.json …                  who asked for what, each signed and tied to the one before
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from primum.errors import OutputError, ReleaseError, SignatureError
from primum.ethics.policy_reading import parse_policy
from primum.ethics.release.event import Action, Event, is_channel, read_event, use_after
from primum.ethics.release.layout import MANIFEST, POLICY
from primum.ethics.release.verify import Verified, release_id, verify_release
from primum.ethics.signing.keys import SigningKey
from primum.ethics.signing.trust import TrustList
from primum.extras import require

DEPLOYER_ROLE = "deployer"
"""The role of keys that may put a Release into use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What came of asking."""

    event: Event
    effective: bool
    """Whether the channel uses the Release now; else somebody else has to confirm."""
    missing: int
    """How many more people have to."""


class ReleaseRegistry:
    """Releases and the history of their use, below a folder or an fsspec URL."""

    def __init__(self, url: str) -> None:
        fsspec = require("fsspec", extra="oversight", purpose="A registry of Releases")
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as exc:
            raise ReleaseError(f"{url}: no folder and no address that can be opened; check it and its driver.") from exc
        self.url = url
        self._people = lru_cache(maxsize=None)(self._people_of)

    def add(self, folder: Path, *, trust: TrustList | None = None) -> str:
        """Verify a Release, keep it, and return its SHA-256; one that is there already stays.

        Raises:
            ReleaseError: it must not be used.
        """
        _refuse_faults(folder, verify_release(folder, trust=trust))
        sha256 = release_id(folder)
        place = self._place("releases", sha256)
        if not self._files.exists(f"{place}/{MANIFEST}"):
            with self._translated():
                # The manifest last: whatever is cut short before is no Release.
                names = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST]
                for path in [*names, folder / MANIFEST]:
                    target = f"{place}/{path.relative_to(folder).as_posix()}"
                    self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
                    self._files.put_file(str(path), target)
        return sha256

    def fetch(self, sha256: str, out: Path, *, trust: TrustList | None = None) -> Path:
        """Copy a Release to an empty local folder, verify it there and return the folder.

        Raises:
            ReleaseError: there is no such Release, or it must not be used.
            OutputError: the place is taken.
        """
        if out.exists() and any(out.iterdir()):
            raise OutputError(f"{out}: the place is taken; choose an empty folder with --out.")
        with tempfile.TemporaryDirectory(prefix="primum-fetch-") as work:
            copy = Path(work) / "release"
            self._download(sha256, copy)
            _refuse_faults(out, verify_release(copy, trust=trust))
            shutil.copytree(copy, out, dirs_exist_ok=True)
        return out

    def promote(self, sha256: str, *, channel: str, key: SigningKey, trust: TrustList | None = None) -> Change:
        """Ask that a channel use a Release; it takes effect when as many people have asked as its policy wants.

        Raises:
            ReleaseError: there is no such Release, it must not be used, or is in use already.
            SignatureError: the key may not do this.
        """
        if self.current(channel) == sha256:
            raise ReleaseError(f"{channel}: uses Release {sha256} already.")
        return self._ask("promote", sha256, channel=channel, key=key, trust=trust)

    def roll_back(self, *, channel: str, key: SigningKey, trust: TrustList | None = None) -> Change:
        """Ask that a channel use again what it used before; as many people have to ask as for a promotion.

        Raises:
            ReleaseError: it used nothing before, or that must not be used any more.
            SignatureError: the key may not do this.
        """
        used = self._used(channel)
        earlier = [one for one in used if one != used[-1]]
        if not earlier:
            raise ReleaseError(f"{channel}: has used no other Release before; there is nothing to roll back to.")
        return self._ask("roll_back", earlier[-1], channel=channel, key=key, trust=trust)

    def current(self, channel: str) -> str | None:
        """Return the SHA-256 of the Release that a channel uses; None for none."""
        used = self._used(channel)
        return used[-1] if used else None

    def history(self) -> list[Event]:
        """Return every event in order.

        Raises:
            ReleaseError: one is missing, was changed or was put in.
        """
        events: list[Event] = []
        with self._translated():
            folder = self._place("events")
            names = sorted(self._files.ls(folder, detail=False)) if self._files.exists(folder) else []
            for name in names:
                text = self._files.cat_file(name).decode("utf-8", errors="replace")
                previous = events[-1].sha256 if events else ""
                found = read_event(text, number=len(events) + 1, previous=previous)
                if found is None or not str(name).endswith(f"/{len(events) + 1:08d}.json"):
                    raise ReleaseError(f"{self.url}: event {len(events) + 1} is missing, or was changed.")
                events.append(found)
        return events

    def _ask(self, action: Action, sha256: str, *, channel: str, key: SigningKey, trust: TrustList | None) -> Change:
        if not is_channel(channel):
            raise ReleaseError("--channel: expected a name of small letters, digits and dashes, such as production.")
        if trust is not None and not trust.trusts(key=key.public, name=key.name, role=DEPLOYER_ROLE):
            raise SignatureError(f"the key of {key.name} is not trusted in the role {DEPLOYER_ROLE} ({trust.source}).")
        with tempfile.TemporaryDirectory(prefix="primum-fetch-") as work:
            self._download(sha256, Path(work) / "release")
            _refuse_faults(Path(f"Release {sha256}"), verify_release(Path(work) / "release", trust=trust))
        events = self.history()
        event = Event(
            number=len(events) + 1,
            action=action,
            channel=channel,
            release=sha256,
            name=key.name,
            key=key.public,
            at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            previous=events[-1].sha256 if events else "",
        ).signed_by(key)
        before, after = (use_after(seen, channel, self._people) for seen in (events, [*events, event]))
        if after == before:
            raise SignatureError(f"{key.name} has asked for this already; somebody else has to confirm it.")
        self._write(event)
        missing = 0 if after.asked is None else self._people(sha256) - len(after.who)
        return Change(event=event, effective=after.asked is None, missing=missing)

    def _write(self, event: Event) -> None:
        folder = self._place("events")
        with self._translated():
            self._files.makedirs(folder, exist_ok=True)
            self._files.pipe_file(f"{folder}/{event.number:08d}.json", event.text().encode(), mode="create")

    def _used(self, channel: str) -> Sequence[str]:
        return use_after(self.history(), channel, self._people).used

    def _people_of(self, sha256: str) -> int:
        """Return how many people a Release's own policy asks for, after checking that it is that policy."""
        import json

        place = self._place("releases", sha256)
        with self._translated():
            if not self._files.exists(f"{place}/{MANIFEST}"):
                raise ReleaseError(f"{self.url}: there is no Release {sha256}.")
            manifest, policy = (self._files.cat_file(f"{place}/{name}") for name in (MANIFEST, POLICY))
        listed = json.loads(manifest)["files"].get(POLICY) if _sha256(manifest) == sha256 else None
        if listed != _sha256(policy):
            raise ReleaseError(f"{self.url}: Release {sha256} was altered.")
        return parse_policy(policy, source=POLICY).deployment.people

    def _download(self, sha256: str, folder: Path) -> None:
        place = self._place("releases", sha256)
        with self._translated():
            if not self._files.exists(f"{place}/{MANIFEST}"):
                raise ReleaseError(f"{self.url}: there is no Release {sha256}.")
            for name in self._files.find(place):
                target = folder / str(name).removeprefix(place).lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                self._files.get_file(name, str(target))
        if release_id(folder) != sha256:
            raise ReleaseError(f"{self.url}: Release {sha256} was altered.")

    def _place(self, *parts: str) -> str:
        return "/".join([str(self._root).rstrip("/"), *parts])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FileExistsError as exc:
            raise ReleaseError(
                f"{self.url}: somebody else was a moment faster; look at the history and ask again."
            ) from exc
        except OSError as exc:
            if isinstance(exc, OutputError):
                raise
            raise OutputError(f"{self.url}: cannot be read or written; check the address and the rights.") from exc


def _refuse_faults(place: Path, found: Verified) -> None:
    if not found.ok:
        kinds = ", ".join(sorted({fault.kind for fault in found.faults}))
        raise ReleaseError(f"{place}: this Release must not be used ({kinds}); see `primum verify`.")


def _sha256(data: Any) -> str:
    return hashlib.sha256(data).hexdigest()
