"""Worker processes: the same bytes, counts and errors as one process, in order, with bounded memory."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter

import pyarrow as pa
import pytest
from pyarrow import parquet

from primum.cohort.records import Records, TextList
from primum.errors import ColumnError, DefectError
from primum.privacy.deid import Choice, Deidentifier, deidentify, mask_records, of_cohort, plan_of, sources
from primum.privacy.deid.crew import LARGE, Crew, workers_for
from primum.privacy.deid.keyed import Keyed

ROWS = 120


def _note(row):
    return (
        f"Seen by Dr. Okonkwo on 03/{1 + row % 28:02}/2021, tel 555-201-{1000 + row}. 患者张伟，住院号{100000 + row}。"
    )


def _deid():
    return Deidentifier(plan=plan_of(base="surrogate", keyed=Keyed(key=b"k" * 32)), codes=Keyed(key=b"c" * 32))


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(sources, "_ROWS", 50)
    monkeypatch.setattr(of_cohort, "_CHUNK", 40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("much")
    rows = [{"id": f"p{row % 90}", "note": _note(row), "n": row} for row in range(ROWS)]
    with (place / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "note", "n"])
        writer.writeheader()
        writer.writerows(rows)
    (place / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    parquet.write_table(pa.Table.from_pylist(rows), place / "c.parquet")
    for number in range(7):
        (place / f"t{number}.txt").write_text(_note(number), encoding="utf-8")
    (place / "u.json").write_text(json.dumps(rows[:3]), encoding="utf-8")
    return place


def _bytes(place):
    return {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


def test_workers_write_the_same_bytes_and_count_the_same(folder, tmp_path):
    made = {}
    for workers in (1, 3):
        done = deidentify(folder, tmp_path / str(workers), _deid(), choice=Choice(patient="id"), workers=workers)
        made[workers] = (done, _bytes(tmp_path / str(workers)))
    assert made[1][0] == made[3][0]
    assert len(made[1][1]) == 11
    assert set(made[1][1]) == set(made[3][1])
    for name, held in made[1][1].items():
        assert held == made[3][1][name], name
    # patients' ids are coded in the tables; each text of the table and the lines holds one name, number and date
    assert made[1][0].found["date"] == 3 * ROWS + 7 + 3


def test_a_fault_of_a_record_is_raised_as_in_one_process_and_nothing_is_written(tmp_path):
    rows = [json.dumps({"id": "a", "note": _note(row)}) for row in range(120)]
    rows[110] = json.dumps({"note": "Dr. Okonkwo"})
    (tmp_path / "a.jsonl").write_text("\n".join(rows), encoding="utf-8")
    said = []
    for workers in (1, 2):
        with pytest.raises(ColumnError, match="a record has no 'id'") as caught:
            deidentify(
                tmp_path / "a.jsonl", tmp_path / "b.jsonl", _deid(), choice=Choice(patient="id"), workers=workers
            )
        said.append(str(caught.value))
        assert not (tmp_path / "b.jsonl").exists()
    assert said[0] == said[1]


def test_records_are_masked_alike_and_missing_texts_stay_missing():
    texts = [None if row % 50 == 0 else _note(row) for row in range(150)]
    records = Records(n=len(texts), text=TextList(texts))
    made = {}
    for workers in (1, 2):
        counts: Counter[str] = Counter()
        masked = mask_records(records, counts=counts, workers=workers)
        made[workers] = ([one for chunk in masked.text.chunks(700) for one in chunk], counts)
    assert made[1] == made[2]
    assert made[1][0][0] is None
    assert made[1][1]["any"] == sum(text is not None for text in texts)


def _pid(deid, job):
    deid.counts["name"] += job
    return os.getpid(), job


def _fails(deid, job):
    raise ValueError("Dr. Okonkwo")


def _ends(deid, job):
    os._exit(3)


def test_answers_come_in_order_from_other_processes_and_jobs_are_read_as_needed():
    taken = []

    def jobs():
        for number in range(60):
            taken.append(number)
            yield number

    deid = _deid()
    with Crew(deid, workers=2) as crew:
        answers = crew.map(_pid, jobs())
        first = next(answers)
        assert len(taken) == 4  # two workers, two pieces each
        rest = list(answers)
    assert [job for _, job in (first, *rest)] == list(range(60))
    pids = {pid for pid, _ in (first, *rest)}
    assert os.getpid() not in pids
    assert len(pids) == 2
    assert deid.counts["name"] == sum(range(60))


def test_a_defect_says_its_kind_and_never_the_text():
    with Crew(_deid(), workers=2) as crew, pytest.raises(DefectError, match="failed: ValueError") as caught:
        list(crew.map(_fails, [1]))
    assert "Okonkwo" not in str(caught.value)
    with Crew(_deid(), workers=2) as crew, pytest.raises(DefectError, match="ended before its work was done"):
        list(crew.map(_ends, [1]))


def test_processes_end_with_the_crew():
    with Crew(_deid(), workers=2) as crew:
        next(crew.map(_pid, [1, 2]))
        processes = list(crew._processes)
        assert all(process.poll() is None for process in processes)
    assert all(process.poll() is not None for process in processes)


def test_little_work_and_recognisers_given_as_objects_stay_in_this_process():
    assert workers_for(None, LARGE - 1) == 1
    assert workers_for(None, LARGE) == len(os.sched_getaffinity(0))
    assert workers_for(3, 0) == 3

    class Nobody:
        def spans(self, text):
            return []

    with Crew(Deidentifier(plan=plan_of(), recognisers=[Nobody()]), workers=2) as crew:
        assert list(crew.map(_pid, [5])) == [(os.getpid(), 5)]
