"""`primum fetch` as a user meets it: a folder and a table that a study reads, or nothing."""

from __future__ import annotations

import csv
import json
import stat

import pytest

from primum.cli.main import main

NOTICE = "AI, not for diagnosis without review"
pydicom = pytest.importorskip("pydicom")


@pytest.fixture
def fetched(address, tmp_path, capsys):
    """Return what a fetch says, with its exit code, and the folder it was to write."""

    def run(*given, out="films"):
        code = main(["fetch", address, *given, "--out", str(tmp_path / out), "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out), said.err, tmp_path / out

    return run


def rows_of(folder):
    with (folder / "records.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_pictures_and_a_table_are_written(fetched, films, tmp_path):
    (tmp_path / "studies.txt").write_text("1.2.826.0.1.8\n", encoding="utf-8")
    code, answer, _, out = fetched("--study", "1.2.826.0.1.7", "--studies", str(tmp_path / "studies.txt"))
    assert (code, answer["studies"], answer["pictures"], answer["left_out"]) == (0, 2, 3, 0)
    rows = rows_of(out)
    for row, film in zip(rows, films, strict=True):
        assert pydicom.dcmread(out / row["image"]) == film
    assert [(row["patient"], row["study"]) for row in rows] == [("1", "1"), ("1", "1"), ("2", "2")]
    assert {(row["modality"], row["sex"], row["age"]) for row in rows} == {("DX", "F", "61")}
    assert stat.S_IMODE(out.stat().st_mode) == 0o700


def test_a_study_reads_the_table(fetched, store, film, capsys):
    store.add(*(film(number, study=number, patient=number) for number in range(1, 49)))
    *_, out = fetched("--where", "Modality=DX")
    rows = rows_of(out)
    with (out / "records.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*rows[0], "finding"])
        writer.writeheader()
        writer.writerows({**row, "finding": "ab"[number % 2]} for number, row in enumerate(rows))
    (out / "study.yaml").write_text(
        "study: films\ncohort: {source: records.csv, id: id, patient: patient, inputs: {image: image}, "
        "target: {column: finding}, sensitive: [sex], split: {by: patient}}\n",
        encoding="utf-8",
    )
    assert main(["check", str(out / "study.yaml"), "--json"]) in (0, 3, 4)
    assert "verdict" in json.loads(capsys.readouterr().out)


def test_nothing_of_a_patient_is_left_with_deid(fetched, films, secret, tmp_path):
    pytest.importorskip("rapidocr_onnxruntime")
    code, answer, _, out = fetched("--where", "Modality=DX", "--deid")
    rows = rows_of(out)
    assert (code, answer["pictures"], len(rows)) == (0, 3, 3)
    for row, film in zip(sorted(rows, key=lambda row: row["image"]), rows, strict=True):
        found = pydicom.dcmread(out / row["image"])
        assert found.PatientIdentityRemoved == "YES" and found.StudyInstanceUID != films[0].StudyInstanceUID
        assert film["sex"] == "F" and film["age"] == "61"
    assert len({row["patient"] for row in rows}) == len({row["study"] for row in rows}) == 2
    held = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert secret.encode() not in held and b"1.2.826.0.1.7" not in held
    assert sorted(path.name for path in out.iterdir()) == ["images", "records.csv"]
    assert (out / "images" / "review.csv").is_file() and sorted(tmp_path.iterdir()) == [out]


def test_what_a_model_marked_is_left_out(fetched, films, store, film):
    store.add(film(9, study=8, series_description=NOTICE))
    code, answer, _, out = fetched("--study", "1.2.826.0.1.8")
    assert (code, answer["pictures"], answer["left_out"]) == (0, 1, 1)
    assert len(list((out / "images").iterdir())) == len(rows_of(out)) == 1


def test_without_a_folder_pictures_are_counted_and_none_is_fetched(address, films, store, capsys):
    assert main(["fetch", address, "--where", "Modality=DX", "--lang", "zh", "--quiet"]) == 0
    assert "有 2 项检查、3 幅影像符合条件" in capsys.readouterr().out
    assert not any(path.endswith(".1.1") for _, path, _ in store.asked)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "fetch: name studies by --study or --studies, or look for them by --where."),
        (["--study", "1.2", "--where", "Modality=DX"], "name studies by --study or --studies, or look for them"),
        (["--study", "QZXPLANTED"], "--study: number 1 is no UID"),
        (["--studies", "nowhere.txt"], "nowhere.txt: it cannot be read; write one Study Instance UID a line."),
        (["--where", "Modality=DX", "--where", "QZXPLANTED"], "--where: number 2 is not KEYWORD=VALUE"),
        (["--where", "Shade=QZXPLANTED"], "--where: number 1 is not KEYWORD=VALUE with a keyword of DICOM"),
        (["--where", "PatientName=QZXPLANTED"], "the studies hold no image."),
        (["--study", "1.2.826.0.1.7", "--most", "1"], "more than 1 match"),
        (["--study", "1.2.826.0.1.7", "--key", "k"], "--key is for --deid; give both."),
        (["--study", "1.2.3"], "the studies hold no image."),
    ],
)
def test_a_question_that_will_not_do_ends_with_2_and_writes_nothing(given, says, fetched, films, secret, tmp_path):
    code, answer, err, out = fetched(*given)
    assert code == 2 and says in answer["error"] and not list(tmp_path.iterdir())
    assert secret not in answer["error"] + err


def test_an_archive_that_fails_half_way_leaves_nothing(fetched, films, store, secret, tmp_path):
    store.failing = [None, None, None, 500]  # two pages of the search, the first picture, and then
    code, answer, err, _ = fetched("--study", "1.2.826.0.1.7")
    assert code == 2 and not list(tmp_path.iterdir())
    assert "it failed (500)" in answer["error"] and len(store.asked) == 4 and secret not in answer["error"] + err


def test_a_folder_that_is_there_is_kept(fetched, films, store, tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "mine").write_text("mine", encoding="utf-8")
    code, answer, *_ = fetched("--study", "1.2.826.0.1.7")
    assert code == 2 and "exists already" in answer["error"] and not store.asked
    assert (tmp_path / "films" / "mine").read_text(encoding="utf-8") == "mine"
