"""Whoever can write to the database file can change the ledger, and is found out."""

from __future__ import annotations

import random
import shutil
import sqlite3

import pytest

from primum.ethics.canonical import canonical
from primum.ethics.ledger import Ledger
from primum.ethics.ledger.entry import hash_of
from primum.ethics.signing import new_key

N, EDITS = 40, 200
COLUMNS = ("number", "at", "kind", "subject", "content", "previous", "hash")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A ledger with signed heads, and the key."""
    folder = tmp_path_factory.mktemp("ledger")
    key = new_key(folder / "key.json", name="Ledger")
    with Ledger.open(str(folder / "ledger.sqlite"), key=key) as ledger:
        for number in range(N):
            ledger.append("case", f"{number:064x}", abstained=number % 2, answer_sha256=f"{number:064x}")
    return folder / "ledger.sqlite", key


def _rows(connection):
    return [
        dict(zip(COLUMNS, row, strict=True))
        for row in connection.execute(f"SELECT {', '.join(COLUMNS)} FROM primum_ledger_entries ORDER BY number")
    ]


def _store(connection, rows):
    connection.execute("DELETE FROM primum_ledger_entries")
    marks = ", ".join("?" for _ in COLUMNS)
    connection.executemany(
        f"INSERT INTO primum_ledger_entries ({', '.join(COLUMNS)}) VALUES ({marks})",
        [tuple(row[column] for column in COLUMNS) for row in rows],
    )


def _change(rows, chance):
    row, column = chance.choice(rows), chance.choice(COLUMNS[1:])
    text = row[column]
    place = chance.randrange(len(text))
    other = chance.choice([c for c in "0123456789abcdef {}Z" if c != text[place]])
    row[column] = text[:place] + other + text[place + 1 :]


def _delete(rows, chance):
    del rows[chance.randrange(len(rows))]


def _delete_and_close_the_gap(rows, chance):
    del rows[chance.randrange(len(rows) - 1)]
    for number, row in enumerate(rows, start=1):
        row["number"] = number


def _swap(rows, chance):
    one, other = chance.sample(rows, 2)
    one["number"], other["number"] = other["number"], one["number"]
    rows.sort(key=lambda row: row["number"])


def _insert(rows, chance):
    place = chance.randrange(len(rows) + 1)
    rows.insert(place, dict(chance.choice(rows)))
    for number, row in enumerate(rows, start=1):
        row["number"] = number


def _insert_with_a_right_hash(rows, chance):
    """The cleverest: a forged entry at the end whose hash is right."""
    row = dict(rows[-1], number=len(rows) + 1, previous=rows[-1]["hash"], content=canonical({"abstained": 1}))
    body = {**{k: row[k] for k in ("number", "at", "kind", "subject")}, "content": {"abstained": 1}}
    rows.append(dict(row, hash=hash_of(row["previous"], body)))


def _rewrite_the_end(rows, chance):
    """Change an entry and compute every hash after it anew."""
    place = chance.randrange(len(rows))
    rows[place]["content"] = canonical({"abstained": 7})
    previous = rows[place]["previous"]
    for row in rows[place:]:
        import json

        body = {**{k: row[k] for k in ("number", "at", "kind", "subject")}, "content": json.loads(row["content"])}
        row["previous"], previous = previous, hash_of(previous, body)
        row["hash"] = previous


EDITORS = (_change, _delete, _delete_and_close_the_gap, _swap, _insert, _insert_with_a_right_hash, _rewrite_the_end)


def test_the_untouched_ledger_is_whole(written):
    path, key = written
    with Ledger.open(str(path)) as ledger:
        checked = ledger.verify(keys={key.public})
        assert checked.ok and checked.entries == N


def test_two_hundred_random_edits_are_all_detected(written, tmp_path):
    path, key = written
    chance = random.Random(7)
    found = {}
    for number in range(EDITS):
        copy = tmp_path / f"{number}.sqlite"
        shutil.copyfile(path, copy)
        edit = EDITORS[number % len(EDITORS)]
        connection = sqlite3.connect(copy)
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER primum_ledger_no_{verb}")
        before = _rows(connection)
        rows = _rows(connection)
        edit(rows, chance)
        assert rows != before, edit.__name__
        _store(connection, rows)
        connection.commit()
        connection.close()
        with Ledger.open(str(copy)) as ledger:
            checked = ledger.verify(keys={key.public})
        first = next(
            (i for i, (a, b) in enumerate(zip(before, rows, strict=False), 1) if a != b),
            min(len(before), len(rows)) + 1,
        )
        assert not checked.ok, edit.__name__
        if edit is not _rewrite_the_end:  # there every entry fits the one before it, and only the signed head does not
            assert checked.number == first, edit.__name__
        found.setdefault(edit.__name__, set()).add(checked.fault)
        copy.unlink()
    assert len(found) == len(EDITORS)


@pytest.mark.parametrize("keep", [0, 1, N - 1])
def test_a_ledger_cut_at_its_end_with_its_head_is_known_by_an_exported_head(written, tmp_path, keep):
    """Entries and head are set back together, as a restored copy of the file would be."""
    path, key = written
    copy = tmp_path / "cut.sqlite"
    shutil.copyfile(path, copy)
    with Ledger.open(str(path)) as ledger:
        exported = ledger.head()
    connection = sqlite3.connect(copy)
    connection.execute("DROP TRIGGER primum_ledger_no_delete")
    last = connection.execute("SELECT hash FROM primum_ledger_entries WHERE number = ?", (keep,)).fetchone()
    connection.execute("DELETE FROM primum_ledger_entries WHERE number > ?", (keep,))
    head = last[0] if last else "0" * 64
    connection.execute("UPDATE primum_ledger_head SET number = ?, hash = ?, key = '', signature = ''", (keep, head))
    connection.commit()
    connection.close()
    with Ledger.open(str(copy)) as ledger:
        assert ledger.verify().ok  # nothing inside tells of it
        assert ledger.verify(against=[exported]).fault == "cut"
        assert ledger.verify(keys={key.public}).fault == "head_unsigned"


def test_a_head_row_changed_alone_is_detected(written, tmp_path):
    path, key = written
    for number, statement in enumerate(
        (
            "UPDATE primum_ledger_head SET number = number - 1",
            "UPDATE primum_ledger_head SET hash = replace(hash, substr(hash, 1, 1), 'x')",
            "UPDATE primum_ledger_head SET signature = 'ab'",
            "DELETE FROM primum_ledger_head",
        )
    ):
        copy = tmp_path / f"{number}.sqlite"
        shutil.copyfile(path, copy)
        connection = sqlite3.connect(copy)
        connection.execute(statement)
        connection.commit()
        connection.close()
        with Ledger.open(str(copy)) as ledger:
            assert not ledger.verify().ok, statement
