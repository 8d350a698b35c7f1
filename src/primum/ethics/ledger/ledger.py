"""The Ledger: entries are added at its end, read, and checked; nothing else can be done to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from primum.errors import LedgerError
from primum.ethics.canonical import canonical
from primum.ethics.database import engine_of, upgrade, writing
from primum.ethics.ledger.checking import Checked, check_rows, entry_of
from primum.ethics.ledger.entry import EMPTY, Entry, Head, hash_of
from primum.ethics.ledger.kinds import check_content
from primum.ethics.ledger.place import address_of
from primum.ethics.ledger.tables import LOCK, SCHEMA, entries, heads
from primum.ethics.signing.keys import SigningKey

_ROWS = 1000
# Statements of every append, made once: SQLAlchemy compiles each of them at its first use and knows it again.
_HEAD, _NEW_HEAD, _NEXT_HEAD, _NEW_ENTRIES = sa.select(heads), sa.insert(heads), sa.update(heads), sa.insert(entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to become an entry."""

    kind: str
    subject: str
    content: Mapping[str, Any]


Also = Callable[[sa.Connection, Sequence[Entry]], None]
"""What is written in the transaction of some entries, which it is given: both are stored, or neither."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """What one caller wants written, and what became of it."""

    drafts: Sequence[Draft]
    also: Also | None = None
    made: list[Entry] | None = None
    failed: BaseException | None = None

    @property
    def done(self) -> bool:
        """Whether it was written, or failed."""
        return self.made is not None or self.failed is not None


class Ledger:
    """An open ledger.

    Processes may share its database. Threads may share a Ledger: what they append while another thread waits for the
    disk is written together, in one transaction, in the order in which it came (a group commit).

    Args:
        engine: of its database, whose tables are up to date.
        shown: its address for messages, without a password.
        key: signs each new head; None: heads are not signed.
    """

    def __init__(self, engine: sa.Engine, *, shown: str, key: SigningKey | None = None) -> None:
        self._engine = engine
        self._shown = shown
        self._key = key
        self._waiting: list[_Waiting] = []
        self._turn = threading.Condition()
        self._busy = False

    @classmethod
    def open(cls, place: str, *, key: SigningKey | None = None, create: bool = True) -> Ledger:
        """Return the ledger at a path or SQLAlchemy URL; its tables are created or upgraded.

        Args:
            place: a path means SQLite.
            key: signs each new head.
            create: whether a file that is not there is made.
        Raises:
            LedgerError: there is none, or the database cannot be opened; the message hides a password.
            ExtraMissingError: SQLAlchemy or the database's driver is not installed.
        """
        address = address_of(place)
        shown = address.database if address.get_backend_name() == "sqlite" else address.render_as_string()
        if address.get_backend_name() == "sqlite" and address.database:
            _check_file(Path(address.database), create=create)
        ledger = cls(engine_of(address), shown=str(shown), key=key)
        with ledger._translated():
            upgrade(ledger._engine, SCHEMA)
        return ledger

    def append(self, kind: str, subject: str, **content: Any) -> Entry:
        """Add one entry at the end and return it, once it is safely stored.

        Args:
            kind: a name from KINDS.
            subject: the SHA-256 or short name of what it happened to.
            content: the kind's fields.
        Raises:
            LedgerError: the entry may not hold this, or the database cannot be written.
        """
        return self.append_all([Draft(kind=kind, subject=subject, content=content)])[0]

    def append_all(self, drafts: Sequence[Draft], *, also: Also | None = None) -> list[Entry]:
        """Add entries at the end, all or none of them, with no other writer's in between.

        Args:
            drafts: of the entries.
            also: writes more into the same database, in the same transaction; where it fails, the entries are not
                written either. It may be called again, in another transaction, after one that failed.
        """
        for draft in drafts:
            check_content(draft.kind, draft.subject, draft.content)
        mine = _Waiting(drafts, also)
        with self._turn:
            self._waiting.append(mine)
            self._turn.wait_for(lambda: mine.done or not self._busy)
            if not mine.done:  # ours to write, with everybody's who waits
                self._busy = True
                together, self._waiting = self._waiting, []
        if not mine.done:
            self._write(together)
            with self._turn:
                self._busy = False
                self._turn.notify_all()
        if mine.failed is not None:
            raise mine.failed
        assert mine.made is not None
        return mine.made

    def entries(self, *, kind: str | None = None, subject: str | None = None, last: int | None = None) -> list[Entry]:
        """Return entries in order: of one kind, about one subject, or only the last few."""
        asked = sa.select(entries).order_by(entries.c.number.desc())
        if kind is not None:
            asked = asked.where(entries.c.kind == kind)
        if subject is not None:
            asked = asked.where(entries.c.subject == subject)
        if last is not None:
            asked = asked.limit(last)
        with self._translated(), self._engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(asked).mappings()]
        found = [(row["number"], entry_of(row)) for row in reversed(rows)]
        for number, entry in found:
            if entry is None:
                raise LedgerError(f"{self._shown}: entry {number} was changed; run `primum ledger verify`.")
        return [entry for _, entry in found if entry is not None]

    def head(self) -> Head:
        """Return where the ledger ends, to be kept elsewhere: who has it can tell whether the ledger was cut."""
        with self._translated(), self._engine.connect() as connection:
            return _read_head(connection) or EMPTY

    def verify(self, *, against: Iterable[Head] = (), keys: Collection[str] | None = None) -> Checked:
        """Read everything and return the first entry that was changed, removed, moved or inserted.

        Args:
            against: heads exported earlier.
            keys: public keys of which one must have signed the head; None: it need not be signed.
        """
        with self._translated(), self._engine.connect() as connection, connection.begin():
            head = _read_head(connection)
            with closing(_rows(connection)) as rows:
                return check_rows(rows, head, against=against, keys=keys)

    def close(self) -> None:
        """Give the database's connections back."""
        self._engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, together: Sequence[_Waiting]) -> None:
        """Write what callers wait for, in one transaction; where that fails, each in its own, so that one's fault is
        not another's.
        """
        try:
            self._transact(together)
        except BaseException as exc:
            if len(together) == 1:
                together[0].failed = exc
                return
            for one in together:
                self._write([one])

    def _transact(self, together: Sequence[_Waiting]) -> None:
        with self._translated(), writing(self._engine, lock=LOCK) as connection:
            head = _read_head(connection)
            made = _chained([draft for one in together for draft in one.drafts], head or EMPTY)
            if made:
                connection.execute(_NEW_ENTRIES, [_row(entry) for entry in made])
                _write_head(connection, self._signed(made[-1]), fresh=head is None)
            of_each = []
            for one in together:
                of_each.append(made[: len(one.drafts)])
                made = made[len(one.drafts) :]
                if one.also is not None:
                    one.also(connection, of_each[-1])
        for one, of_one in zip(together, of_each, strict=True):
            one.made = of_one

    def _signed(self, last: Entry) -> Head:
        head = Head(number=last.number, hash=last.hash)
        if self._key is None:
            return head
        signature = self._key.sign(head.signed_text())
        return Head(number=head.number, hash=head.hash, key=self._key.public, signature=signature)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as exc:
            raise LedgerError(
                f"{self._shown}: the ledger cannot be read or written; check the address (--db, PRIMUM_LEDGER), the "
                "rights and whether it is a ledger."
            ) from exc


def _check_file(path: Path, *, create: bool) -> None:
    if path.is_file():
        return
    if not create:
        raise LedgerError(f"{path}: there is no ledger; name it with --db or PRIMUM_LEDGER.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise LedgerError(f"{path}: its folder cannot be made; name another place with PRIMUM_LEDGER.") from exc


def _chained(drafts: Sequence[Draft], head: Head) -> list[Entry]:
    made: list[Entry] = []
    number, previous = head.number, head.hash
    for draft in drafts:
        number += 1
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        entry = Entry(
            number=number,
            at=at,
            kind=draft.kind,
            subject=draft.subject,
            content=dict(draft.content),
            previous=previous,
            hash="",
        )
        previous = hash_of(previous, entry.body())
        made.append(Entry(**{**entry.body(), "previous": entry.previous, "hash": previous}))
    return made


def _row(entry: Entry) -> dict[str, Any]:
    return {**entry.to_json(), "content": canonical(dict(entry.content))}


def _read_head(connection: sa.Connection) -> Head | None:
    row = connection.execute(_HEAD).mappings().first()
    return None if row is None else Head(**{name: value for name, value in row.items() if name != "id"})


def _write_head(connection: sa.Connection, head: Head, *, fresh: bool) -> None:
    if fresh:
        connection.execute(_NEW_HEAD, {"id": 1, **head.to_json()})
    else:
        connection.execute(_NEXT_HEAD, head.to_json())


def _rows(connection: sa.Connection) -> Generator[Mapping[str, Any], None, None]:
    asked = sa.select(entries).order_by(entries.c.number).execution_options(yield_per=_ROWS)
    with connection.execute(asked) as found:
        for row in found.mappings():
            yield dict(row)
