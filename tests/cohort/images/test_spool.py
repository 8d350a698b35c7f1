"""The column of images of a cohort: against the pixels that files were made of, and what is said of bad files."""

import os
import threading

import numpy as np
import pytest
from PIL import Image

from primum.cohort import InputRoles, Roles, TargetRole, read_cohort, take
from primum.cohort.build import read_records
from primum.cohort.images import changed_images, spool
from primum.cohort.join import ExternalFile, with_external
from primum.cohort.summary import summarise
from primum.errors import CohortError, ColumnError

N = 24


def _pixels(i):
    return np.random.default_rng(i).integers(256, size=(32, 32), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "films").mkdir()
    for i in range(N):
        Image.fromarray(_pixels(i)).save(tmp_path / "films" / f"{i}.png")
    return tmp_path


def _table(folder, names):
    rows = "".join(f"{name},{'ill' if i % 2 else 'well'}\n" for i, name in enumerate(names))
    (folder / "records.csv").write_text("film,y\n" + rows, encoding="utf-8")
    return folder / "records.csv"


@pytest.fixture
def roles(role):
    return Roles(inputs=InputRoles(image=role(column="film")), target=TargetRole(column="y"))


def test_pictures_come_back_in_order_and_absent_ones_are_black(folder, roles):
    names = [f"films/{i}.png" if i != 3 else "" for i in range(N)]
    images = read_cohort(_table(folder, names), roles).records.image
    assert (len(images), images.size, images.channels) == (N, 32, 1)
    for i, picture in enumerate(images.take(np.arange(N))):
        np.testing.assert_array_equal(picture[..., 0], 0 if i == 3 else _pixels(i))
    assert [key is None for key in images.keys] == [i == 3 for i in range(N)]
    np.testing.assert_array_equal(images.take([5, 3, 5])[[0, 2], ..., 0], np.stack([_pixels(5)] * 2))


def test_one_colour_image_makes_the_column_colour_and_grey_ones_fill_all_channels(folder, roles):
    colour = np.random.default_rng(99).integers(256, size=(32, 32, 3), dtype=np.uint8)
    Image.fromarray(colour).save(folder / "films" / "7.png")
    images = read_cohort(_table(folder, [f"films/{i}.png" for i in range(N)]), roles).records.image
    assert images.channels == 3
    np.testing.assert_array_equal(images.take([7])[0], colour)
    np.testing.assert_array_equal(images.take([6])[0], np.stack([_pixels(6)] * 3, axis=2))


def test_equal_content_is_one_key_and_one_place_whatever_it_is_called(folder, roles):
    Image.fromarray(_pixels(1)).save(folder / "films" / "copy.png")
    names = ["films/1.png", "films/copy.png", "films/2.png", "films/1.png"] * 6
    cohort = read_cohort(_table(folder, names), roles)
    images = cohort.records.image
    assert images.keys[0] == images.keys[1] == images.keys[3] != images.keys[2]
    assert os.fstat(images._handle).st_size == 2 * 32 * 32
    told = summarise(cohort, np.full(N, "train", dtype=object))
    assert told["inputs"]["image"] == {"column": "film", "size": 32, "colour": "grey", "images": N, "different": 2}
    assert told["repeats"]["duplicate_records"] == N - 3  # film 1 of the ill and of the well, film 2 of the well


def test_the_cache_has_no_name_and_is_gone_with_the_column(folder, roles, monkeypatch):
    temporary = folder / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    cohort = read_cohort(_table(folder, [f"films/{i}.png" for i in range(N)]), roles)
    assert list(temporary.iterdir()) == []
    handle = cohort.records.image._handle
    del cohort
    with pytest.raises(OSError):
        os.fstat(handle)


def test_all_bad_files_are_named_by_row_and_reason_and_never_by_name(folder, roles):
    secret = "DOE-JOHN-19330313"
    content = (folder / "films" / "0.png").read_bytes()
    (folder / "films" / f"{secret}.png").write_bytes(content[:200])
    (folder / "films" / "text.png").write_text("no image", encoding="utf-8")
    os.mkfifo(folder / "films" / "pipe.png")
    names = [f"films/{i}.png" for i in range(N)]
    names[2] = names[9] = f"films/{secret}.png"
    names[4], names[5], names[6] = "films/text.png", f"gone/{secret}.png", "films/pipe.png"
    names[7] = "films"
    with pytest.raises(CohortError, match="column 'film'") as caught:
        read_cohort(_table(folder, names), roles)
    said = str(caught.value)
    assert "rows 3, 10 name a file that is cut off or damaged" in said
    assert "row 5 names a file that is none of PNG, JPEG, TIFF, DICOM, NIfTI" in said
    assert "rows 6, 7, 8 name a file that is not there" in said
    assert secret not in said


def test_faults_of_one_kind_are_one_sentence_about_the_column(folder, roles):
    names = [f"films/{i}.png" for i in range(N - 1)] + ["films/none.png"]
    with pytest.raises(ColumnError, match=r"^column 'film': row 24 names a file that is not there; put it there"):
        read_cohort(_table(folder, names), roles)


def test_large_files_are_refused_unread(folder, roles, role):
    names = [f"films/{i}.png" for i in range(N)]
    small = Roles(inputs=InputRoles(image=role(column="film", megabytes=0.0005)), target=TargetRole(column="y"))
    with pytest.raises(ColumnError, match="name a file of more than 0.0005 megabytes"):
        read_cohort(_table(folder, names), small)


def test_files_are_decoded_by_several_threads_and_each_once(folder, roles, monkeypatch):
    read, lock = [], threading.Lock()
    plain = spool.read_picture
    barrier = threading.Barrier(2, timeout=20)

    def counted(content, role):
        with lock:
            read.append(threading.get_ident())
            first = len(read) <= 2
        if first:
            barrier.wait()  # passes only if a second file is decoded at the same time
        return plain(content, role)

    monkeypatch.setattr(spool, "read_picture", counted)
    monkeypatch.setattr(spool.os, "sched_getaffinity", lambda pid: {0, 1})
    read_cohort(_table(folder, [f"films/{i % 12}.png" for i in range(N)]), roles)
    assert len(read) == 12 and len(set(read)) == 2


def test_chosen_joined_and_changed_columns_show_the_same_pictures(folder, roles):
    path = _table(folder, [f"films/{i}.png" for i in range(N)])
    cohort = read_cohort(path, roles)
    part = take(cohort, np.array([4, 1]))
    np.testing.assert_array_equal(part.records.image.take([0, 1])[..., 0], np.stack([_pixels(4), _pixels(1)]))
    both = with_external(cohort, {"north": ExternalFile(source=path, own_ids=True)})
    np.testing.assert_array_equal(both.records.image.take([N + 4, 4])[..., 0], np.stack([_pixels(4)] * 2))
    changed = changed_images(cohort.records.image, "image_noise", seed=3)
    alone = changed.take([5])[0]
    np.testing.assert_array_equal(changed.take([9, 5, 2])[1], alone)  # whatever else is asked
    assert not np.array_equal(alone, cohort.records.image.take([5])[0])
    assert set(changed.keys).isdisjoint(cohort.records.image.keys)


def test_the_fingerprint_knows_the_content_and_not_the_name(folder, roles):
    names = [f"films/{i}.png" for i in range(N)]
    first = read_cohort(_table(folder, names), roles).fingerprint
    (folder / "films" / "0.png").rename(folder / "films" / "renamed.png")
    assert read_cohort(_table(folder, ["films/renamed.png", *names[1:]]), roles).fingerprint == first
    Image.fromarray(_pixels(77)).save(folder / "films" / "1.png")
    assert read_cohort(_table(folder, ["films/renamed.png", *names[1:]]), roles).fingerprint != first


def test_new_records_are_read_alike_and_a_table_in_memory_has_no_folder(folder, roles, monkeypatch):
    path = _table(folder, [f"films/{i}.png" for i in range(N)])
    _, records = read_records(path, roles.inputs)
    np.testing.assert_array_equal(records.image.take([8])[0, ..., 0], _pixels(8))
    monkeypatch.chdir(folder)
    _, records = read_records({"film": ["films/8.png", None]}, roles.inputs)
    np.testing.assert_array_equal(records.image.take([0])[0, ..., 0], _pixels(8))
