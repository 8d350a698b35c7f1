"""Cases in the database: each stored whole, sealed, and written into the Ledger by the same transaction."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from primum.errors import ServiceError, ShreddedError
from primum.ethics.canonical import canonical, sha256_text
from primum.ethics.database import engine_of, upgrade, writing
from primum.ethics.ledger import Draft, Entry, Ledger
from primum.ethics.ledger.place import address_of
from primum.privacy.at_rest import MasterKeys, Place
from primum.privacy.at_rest.envelope import seal_with, unseal_with
from primum.serve.cases import keys
from primum.serve.cases.case import Case, CaseHead, Decision, Verb, state_after
from primum.serve.cases.tables import SCHEMA, cases, decisions
from primum.serve.cases.tables import keys as key_table
from primum.serve.people.principal import Principal
from primum.serve.security.faults import Refused

_MOST_SHOWN = 200
_INSERT = sa.insert(cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A Case that is about to be stored."""

    head: CaseHead
    """Its ledger number is not known yet."""
    patient: str | None
    content: bytes
    """JSON of inputs, answer and patient: what is sealed."""
    figures: Mapping[str, Any]
    """What goes into the Ledger."""


class Cases:
    """The Cases of a database.

    Args:
        engine: of the database, whose tables are up to date.
        ledger: in the same database.
        masters: what wraps the patients' keys.
        readers: reviews that a held Case needs, 1 or 2.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        ledger: Ledger,
        masters: MasterKeys,
        readers: int = 1,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._masters = masters
        self._readers = readers
        self._clock = clock
        with writing(engine, lock=SCHEMA.lock) as connection:
            self._index = keys.index_key(connection, masters)

    @classmethod
    def open(cls, place: str, *, ledger: Ledger, masters: MasterKeys, readers: int = 1) -> Cases:
        """Return the Cases of the database at a path or SQLAlchemy URL; its tables are created or upgraded.

        Raises:
            ServiceError: the database cannot be opened.
            SealError: the master keys are others than those that it was begun with.
        """
        address = address_of(place)
        try:
            if address.get_backend_name() == "sqlite" and address.database:
                Path(address.database).parent.mkdir(parents=True, exist_ok=True)
            engine = engine_of(address)
            try:
                upgrade(engine, SCHEMA)
                return cls(engine, ledger=ledger, masters=masters, readers=readers)
            except BaseException:
                engine.dispose()
                raise
        except (SQLAlchemyError, OSError) as exc:
            raise ServiceError(
                f"{address.render_as_string()}: the database cannot be opened; check the address (--db) and the rights."
            ) from exc

    def add_all(self, new: Sequence[NewCase]) -> list[int]:
        """Store Cases with their ledger entries, all or none, and return the entries' numbers once they are safe.

        Raises:
            LedgerError: the database cannot be written.
            ShreddedError: one is of a patient who was erased.
        """
        drafts = [Draft(kind="case", subject=one.head.id, content=one.figures) for one in new]

        def store(connection: sa.Connection, entries: Sequence[Entry]) -> None:
            known: dict[str, bytes] = {}
            fresh: list[dict[str, Any]] = []
            for one in new:
                tag = keys.tag_for(self._index, one.patient, one.head.id)
                if one.patient is None:  # a key of its own, certainly new: nothing is looked up, all are stored at once
                    known[tag], row = keys.made_key(self._masters, tag)
                    fresh.append(row)
                elif tag not in known:
                    known[tag] = keys.key_for(connection, self._masters, tag)
            keys.store_keys(connection, fresh)
            rows = [self._row(one, entry.number, known) for one, entry in zip(new, entries, strict=True)]
            connection.execute(_INSERT, rows)

        return [entry.number for entry in self._ledger.append_all(drafts, also=store)]

    def _row(self, new: NewCase, ledger: int, known: Mapping[str, bytes]) -> dict[str, Any]:
        head = new.head
        tag = keys.tag_for(self._index, new.patient, head.id)
        place = Place(patient=tag, record=head.id, field="case")
        sealed = seal_with(known[tag], new.content, place, generation=keys.GENERATION)
        return {**_columns(head), "patient": tag, "ledger": ledger, "sealed": sealed}

    def get(self, case: str) -> Case:
        """Return a Case, opened.

        Raises:
            Refused: there is none.
        """
        with self._read() as connection:
            row = connection.execute(sa.select(cases).where(cases.c.id == case)).mappings().first()
            if row is None:
                raise Refused("not_found", "There is no such Case.")
            key = None if row["sealed"] is None else keys.find_key(connection, self._masters, row["patient"])
            asked = sa.select(decisions).where(decisions.c.case == case).order_by(decisions.c.number)
            made = connection.execute(asked).mappings().all()
        content = {"inputs": None, "answer": None, "patient": None}
        if key is not None:
            place = Place(patient=row["patient"], record=case, field="case")
            content = json.loads(unseal_with(key, row["sealed"], place))
            content["answer"]["trace"]["ledger"] = row["ledger"]
        given = tuple(_decision(dict(one), key, row["patient"]) for one in made)
        return Case(head=_head(dict(row)), decisions=given, **content)

    def heads(
        self,
        *,
        owner: str | None = None,
        patient: str | None = None,
        waiting: bool = False,
        limit: int = 50,
        before: float | None = None,
    ) -> list[CaseHead]:
        """Return Cases without opening them: the newest first, those that wait for a review by urgency.

        Args:
            owner: account that asked.
            patient: id of the patient.
            waiting: only held Cases that are not closed.
            limit: how many at most; 200 at the very most.
            before: only those asked before this moment, seconds since 1970.
        """
        asked = sa.select(cases).limit(min(limit, _MOST_SHOWN))
        if owner is not None:
            asked = asked.where(cases.c.owner == owner)
        if patient is not None:
            asked = asked.where(cases.c.patient == keys.tag_for(self._index, patient, ""))
        if before is not None:
            asked = asked.where(cases.c.at < before)
        if waiting:
            asked = asked.where(cases.c.held, cases.c.state != "closed")
            asked = asked.order_by(cases.c.urgency.desc(), cases.c.at, cases.c.id)
        else:
            asked = asked.order_by(cases.c.at.desc(), cases.c.id)
        with self._read() as connection:
            return [_head(dict(row)) for row in connection.execute(asked).mappings()]

    def decide(
        self, case: str, who: Principal, decision: Verb, *, answer: str | None, reason: str, review: bool
    ) -> CaseHead:
        """Write down what a person decides on a Case, and return how it stands.

        Args:
            case: its id.
            who: the person.
            decision: accept, correct or refuse.
            answer: what the person holds to be right; only with `correct`.
            reason: why.
            review: whether it is given as a review; then not by the one who asked, and only on a held Case.
        Raises:
            Refused: there is no such Case, it is closed or erased, or this person may not decide on it (again).
        """
        sealed: dict[str, Any] = {"answer": answer, "reason": reason}
        figures = {
            "decision": decision,
            "name": who.name,
            "role": who.role,
            "reason_sha256": sha256_text(f"{case}\n{canonical(sealed)}"),
        }

        def store(connection: sa.Connection, entries: Sequence[Entry]) -> None:
            row, made = self._locked(connection, case)
            check_decision(_head(row), made, who, review=review)
            key = keys.find_key(connection, self._masters, row["patient"])
            if key is None:
                raise Refused("conflict", "The content of this Case was erased.", key="erased")
            number = len(made) + 1
            place = Place(patient=row["patient"], record=case, field=f"decision-{number}")
            content = seal_with(key, canonical(sealed), place, generation=keys.GENERATION)
            given: dict[str, Any] = {
                "at": self._clock(),
                "by": who.id,
                "by_name": who.name,
                "role": who.role,
                "review": review,
                "decision": decision,
                "ledger": entries[0].number,
            }
            connection.execute(sa.insert(decisions).values(case=case, number=number, sealed=content, **given))
            both = [_decision(one, key, row["patient"]) for one in made]
            both.append(Decision(answer=answer, reason=reason, **given))
            state = state_after(row["held"], both, readers=self._readers)
            connection.execute(sa.update(cases).where(cases.c.id == case).values(state=state))

        self._ledger.append_all([Draft(kind="review", subject=case, content=figures)], also=store)
        return self.get(case).head

    def assign(self, case: str, account: str, name: str) -> CaseHead:
        """Give a held Case to a reviewer, or to nobody with two empty words.

        Raises:
            Refused: there is no such Case, or it is not waiting.
        """
        with writing(self._engine, lock=SCHEMA.lock) as connection:
            row, _ = self._locked(connection, case)
            if not row["held"] or row["state"] == "closed":
                raise Refused("conflict", "This Case waits for nobody.", key="not_waiting")
            chosen = sa.update(cases).where(cases.c.id == case)
            connection.execute(chosen.values(assigned=account, assigned_name=name))
        return self.get(case).head

    def erase(self, patient: str) -> int:
        """Destroy a patient's key and the content of their Cases, and return how many there were.

        Heads stay, which name nobody; nothing of the patient can be stored again.
        """
        tag = keys.tag_for(self._index, patient, "")
        with self._read() as connection:
            found = [row.id for row in connection.execute(sa.select(cases.c.id).where(cases.c.patient == tag))]
        self._destroy([(tag, found)], subject="cases", method="key_destroyed")
        return len(found)

    def forget(self, *, older_than_s: float) -> int:
        """Erase the content of Cases that were asked longer ago than this, and return how many there were."""
        until = self._clock() - older_than_s
        with self._read() as connection:
            asked = sa.select(cases.c.id, cases.c.patient).where(cases.c.at < until, cases.c.sealed.is_not(None))
            found = [(row.patient, row.id) for row in connection.execute(asked)]
        if found:
            self._destroy([(None, [case for _, case in found])], subject="cases", method="retention")
        return len(found)

    def _destroy(self, of: Iterable[tuple[str | None, Sequence[str]]], *, subject: str, method: str) -> None:
        together = [(tag, list(ids)) for tag, ids in of]
        count = sum(len(ids) for _, ids in together)

        def store(connection: sa.Connection, entries: Sequence[Entry]) -> None:
            for tag, ids in together:
                for start in range(0, len(ids), 500):
                    some = ids[start : start + 500]
                    connection.execute(sa.update(cases).where(cases.c.id.in_(some)).values(sealed=None))
                    connection.execute(sa.update(decisions).where(decisions.c.case.in_(some)).values(sealed=None))
                    own = [keys.tag_for(self._index, None, case) for case in some]
                    connection.execute(sa.delete(key_table).where(key_table.c.patient.in_(own)))
                if tag is not None:
                    keys.destroy(connection, tag)

        draft = Draft(kind="erasure", subject=subject, content={"records": count, "method": method})
        self._ledger.append_all([draft], also=store)

    def _locked(self, connection: sa.Connection, case: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
        row = connection.execute(sa.select(cases).where(cases.c.id == case).with_for_update()).mappings().first()
        if row is None:
            raise Refused("not_found", "There is no such Case.")
        asked = sa.select(decisions).where(decisions.c.case == case).order_by(decisions.c.number)
        return dict(row), [dict(one) for one in connection.execute(asked).mappings()]

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as exc:
            raise Refused("unavailable", "The Cases cannot be read now; try again.") from exc

    def close(self) -> None:
        """Give the database's connections back."""
        self._engine.dispose()


def check_decision(head: CaseHead, made: Sequence[Mapping[str, Any]], who: Principal, *, review: bool) -> None:
    """Check that a person may decide on a Case as it stands.

    Raises:
        Refused: they may not.
    """
    if head.state == "closed":
        raise Refused("conflict", "This Case was decided already.", key="closed")
    if any(one["by"] == who.id for one in made):
        raise Refused("conflict", "You decided on this Case already; somebody else has to.", key="decided_already")
    if not review and head.owner != who.id:
        raise Refused("forbidden", "Only who asked decides here; a reviewer decides by a review.", key="not_owner")
    if review and head.owner == who.id:
        raise Refused("forbidden", "Nobody reviews their own Case.", key="own_case")
    if review and not head.held:
        raise Refused("conflict", "This Case is not held, so there is nothing to review.", key="not_held")


def _columns(head: CaseHead) -> dict[str, Any]:
    return {
        "id": head.id,
        "at": head.at,
        "release": head.release,
        "study": head.study,
        "owner": head.owner,
        "owner_name": head.owner_name,
        "state": head.state,
        "held": head.held,
        "urgency": head.urgency,
        "because": ",".join(head.because),
        "input_sha256": head.input_sha256,
        "answer_sha256": head.answer_sha256,
        "assigned": head.assigned,
        "assigned_name": head.assigned_name,
    }


def _head(row: Mapping[Any, Any]) -> CaseHead:
    fields = {name: row[name] for name in CaseHead.__slots__ if name not in ("because", "erased")}
    because = tuple(filter(None, row["because"].split(",")))
    return CaseHead(because=because, erased=row["sealed"] is None, **fields)


def _decision(row: Mapping[Any, Any], key: bytes | None, tag: str) -> Decision:
    content: dict[str, Any] = {"answer": None, "reason": ""}
    if key is not None and row["sealed"] is not None:
        place = Place(patient=tag, record=row["case"], field=f"decision-{row['number']}")
        content = json.loads(unseal_with(key, row["sealed"], place))
    names = ("at", "by", "by_name", "role", "review", "decision", "ledger")
    return Decision(**content, **{name: row[name] for name in names})


def erased_before(exc: ShreddedError) -> Refused:
    """Return the refusal of a question about a patient who was erased."""
    return Refused("conflict", "This patient was erased; nothing about them is kept, and nothing is answered.")
