"""Images with questions: as base64 and as files, guarded, sealed, without their headers; and what is refused."""

from __future__ import annotations

import base64
import io
import json
import logging
import zlib

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from primum.cohort import Records
from primum.cohort.images import HeldImages, read_picture
from primum.cohort.records import VitalColumn
from primum.serve.cases.tables import pictures

SECRET = "Quattlebaum"


def film(i):
    pixels = np.random.default_rng(i).integers(60, 120, size=(48, 40)).astype(np.uint8)
    if i % 2:
        pixels[6:18, 6:18] = 230
    return pixels


def file_of(pixels, kind="PNG", **options):
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, kind, **options)
    return written.getvalue()


def dicom_of(pixels):
    """A secondary capture whose header names a patient."""
    pydicom = pytest.importorskip("pydicom")
    data = pydicom.dcmread(pydicom.data.get_testdata_file("CT_small.dcm", download=False))
    data.PatientName, data.PatientID, data.OtherPatientIDs = f"{SECRET}^Ann", f"{SECRET}-7", f"{SECRET}-8"
    data.add_new(0x00091001, "LO", f"private {SECRET}")
    data.PixelData, (data.Rows, data.Columns) = (pixels.astype(np.int16) * 4).tobytes(), pixels.shape
    data.RescaleIntercept, data.RescaleSlope, data.WindowCenter, data.WindowWidth = 0, 1, 512, 1024
    written = io.BytesIO()
    data.save_as(written)
    return written.getvalue()


def encoded(content):
    return base64.b64encode(content).decode()


@pytest.fixture(scope="module")
def images(image_release, tmp_path_factory, run_service):
    """A service over the Release of films."""
    folder = tmp_path_factory.mktemp("image-service")
    with run_service.running(run_service.settings_of(image_release, folder, image_megabytes=1.0)) as started:
        yield started


@pytest.fixture
def asks(images):
    def ask(name="clinician", **body):
        return images.client(name).post("/api/v1/answer", json=body)

    return ask


def _model_says(images, content, age):
    """What the Release's own model, asked without the service, says."""
    run = images.app.state.engine.default.run
    square = read_picture(content, run.roles.image)
    vitals = {"age": VitalColumn(name="age", kind="number", values=np.array([age]))}
    records = Records(n=1, vitals=vitals, image=HeldImages([square], run.roles.image.size))
    return run.model.predict(records)[0]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "DICOM"])
def test_an_image_is_answered_as_the_model_answers_its_file(images, asks, kind):
    for i in (200, 201):
        content = dicom_of(film(i)) if kind == "DICOM" else file_of(film(i), kind)
        answer = asks(inputs={"age": 50}, image=encoded(content))
        assert answer.status_code == 200, answer.text
        said = {one["name"]: one["probability"] for one in answer.json()["classes"]}
        wanted = _model_says(images, content, 50.0)
        calibrator = images.app.state.engine.default.run.calibrator
        if calibrator is None:
            np.testing.assert_allclose([said["ill"], said["well"]], wanted, atol=1e-9)
        assert (said["ill"] > 0.5) == bool(i % 2)


def test_a_form_with_a_file_says_the_same_as_base64(images, asks):
    content = file_of(film(201))
    plain = asks(inputs={"age": 50}, image=encoded(content)).json()
    form = images.client("clinician").post(
        "/api/v1/answer/image",
        data={"question": json.dumps({"inputs": {"age": 50}})},
        files={"image": (f"{SECRET}.png", content, "image/png"), "prior": ("p.png", file_of(film(3)), "image/png")},
    )
    assert form.status_code == 200, form.text
    assert form.json()["classes"] == plain["classes"]
    case = form.json()["case"]
    prior = images.client("clinician").get(f"/api/v1/cases/{case}/images/prior")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(prior.content))), film(3))


def test_either_may_be_missing(asks):
    alone = asks(image=encoded(file_of(film(201)))).json()
    assert alone["unknown"]["missing"] == ["age"] and alone["predicted"] == ["ill"]
    without = asks(inputs={"age": 50})
    assert without.status_code == 200 and without.json()["unknown"]["missing"] == ["film"]


def test_what_is_kept_is_shades_and_belongs_to_the_case(images, asks):
    case = asks(inputs={"age": 50}, image=encoded(file_of(film(7)))).json()["case"]
    found = images.client("clinician").get(f"/api/v1/cases/{case}/images/image")
    assert found.headers["content-type"] == "image/png" and found.headers["cache-control"] == "no-store"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(found.content))), film(7))
    images.add("other", "clinician")
    assert images.client("other").get(f"/api/v1/cases/{case}/images/image").status_code == 404
    assert images.client("clinician").get(f"/api/v1/cases/{case}/images/prior").status_code == 404
    assert images.client("clinician").get(f"/api/v1/cases/{case}/images/square").status_code == 422
    assert images.client("reviewer").get(f"/api/v1/cases/{case}/images/image").status_code == 200


def test_no_header_is_kept_logged_or_told_and_what_is_kept_is_sealed(images, asks, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    answer = asks(inputs={"age": 50}, patient="P-12", image=encoded(dicom_of(film(7))))
    assert answer.status_code == 200, answer.text
    case = answer.json()["case"]
    shown = images.client("clinician").get(f"/api/v1/cases/{case}")
    picture = images.client("clinician").get(f"/api/v1/cases/{case}/images/image")
    for told in (answer.text, shown.text, caplog.text):
        assert SECRET not in told
    assert SECRET.encode() not in picture.content
    engine = images.app.state.cases._engine
    with engine.connect() as connection:
        rows = connection.execute(sa.select(pictures).where(pictures.c.case == case)).mappings().all()
    assert {row["name"] for row in rows} == {"image", "square"}
    for row in rows:
        sealed = bytes(row["sealed"])
        assert not sealed.startswith(b"\x89PNG") and b"IHDR" not in sealed and SECRET.encode() not in sealed
    database = str(engine.url.database)
    with open(database, "rb") as stream:
        stored = stream.read()
    assert SECRET.encode() not in stored


def test_reasons_are_about_the_same_image(images, asks):
    case = asks(inputs={"age": 50}, image=encoded(file_of(film(201)))).json()["case"]
    told = images.client("clinician").get(f"/api/v1/cases/{case}/reasons")
    assert told.status_code == 200 and told.json()["about"] == "ill"


def test_erasing_a_patient_erases_their_pictures(images, asks):
    case = asks(inputs={"age": 50}, patient="P-99", image=encoded(file_of(film(7)))).json()["case"]
    assert images.client("clinician").get(f"/api/v1/cases/{case}/images/image").status_code == 200
    images.app.state.cases.erase("P-99")
    assert images.client("clinician").get(f"/api/v1/cases/{case}/images/image").status_code == 404
    with images.app.state.cases._engine.connect() as connection:
        assert connection.execute(sa.select(pictures).where(pictures.c.case == case)).first() is None


def _bomb():
    """A PNG that states 30,000 by 30,000 pixels in a few kilobytes."""

    def chunk(kind, body):
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    head = (30_000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )


def _bad_files():
    whole = file_of(film(7))
    return {
        "text": (b"no image at all", 415, "must be a file of PNG, JPEG, TIFF, DICOM"),
        "nifti": (b"\x1f\x8b" + bytes(200), 415, "must be a file of"),
        "pdf": (b"%PDF-1.4 " + SECRET.encode(), 415, "must be a file of"),
        "truncated": (whole[: len(whole) // 2], 422, "cut off or damaged"),
        "bomb": (_bomb(), 422, "megapixels"),
        "one pixel": (file_of(np.zeros((1, 1), np.uint8)), 422, "a side of less than 8 pixels"),
        "colour": (
            file_of(np.random.default_rng(0).integers(256, size=(32, 32, 3), dtype=np.uint8)), 422, "in colour"
        ),
        "truncated dicom": (dicom_of(film(7))[:-500], 422, "cannot be decoded"),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(_bad_files()))
@pytest.mark.parametrize("way", ["json", "form"])
def test_a_bad_file_is_refused_in_the_one_shape(images, asks, name, way):
    content, status, says = _bad_files()[name]
    before = len(images.app.state.cases.heads(limit=200))
    if way == "json":
        answer = asks(inputs={"age": 50}, image=encoded(content))
    else:
        answer = images.client("clinician").post(
            "/api/v1/answer/image", data={"question": '{"inputs": {"age": 50}}'}, files={"image": ("x.png", content)}
        )
    said = answer.json()
    assert (answer.status_code, said["status"], said["ok"]) == (status, status, False), answer.text
    assert says in said["errors"][0]["message"] and said["errors"][0]["field"] == "image"
    assert SECRET not in answer.text and len(images.app.state.cases.heads(limit=200)) == before


def test_a_refusal_is_in_the_language_asked_for(asks):
    answer = asks(inputs={"age": 50}, lang="zh", image=encoded(b"no image at all")).json()
    assert answer["message"] == "无法读取图像：image 须为 PNG, JPEG, TIFF, DICOM 文件。"
    cut = asks(inputs={"age": 50}, lang="zh", image=encoded(file_of(film(7))[:300])).json()
    assert cut["errors"] == [{"field": "image", "message": "文件被截断或已损坏。"}]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"inputs": {"age": 50}, "image": "not base64!"}, 422, "image"),
        ({"inputs": {"age": 50}, "image": ""}, 422, "image"),
        ({"inputs": {"age": 50}, "image": encoded(bytes(1_100_000))}, 413, "image"),
        ({"inputs": {"age": 50}, "prior": encoded(file_of(film(7)))}, 422, "prior"),
        ({"inputs": {"age": 50, "film": "/etc/passwd"}}, 422, "inputs.film"),
        ({}, 422, None),
    ],
)
def test_a_wrong_question_about_an_image_is_refused(asks, body, status, field):
    answer = asks(**body)
    assert answer.status_code == answer.json()["status"] == status, answer.text
    if field is not None:
        assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("question", "status"),
    [("no json", 400), ("{}", 200), ('{"inputs": {"age": "\\u0000"}}', 400), ('{"inputs": {"age": "\\ud800"}}', 400),
     ('{"inputz": {}}', 422), ('{"image": "AAAA"}', 422), ("[" * 60, 400)],
)  # fmt: skip
def test_the_question_of_a_form_is_read_as_carefully(images, question, status):
    answer = images.client("clinician").post(
        "/api/v1/answer/image", data={"question": question}, files={"image": ("x.png", file_of(film(7)))}
    )
    assert answer.status_code == status, answer.text


def test_a_model_that_reads_no_images_takes_none(service):
    answer = service.client("clinician").post(
        "/api/v1/answer", json={"inputs": {"age": 50}, "image": encoded(file_of(film(7)))}
    )
    assert answer.status_code == 422 and answer.json()["errors"][0]["message"] == "this model reads no images."


def test_marks_of_a_correction_are_kept_sealed_with_it(images, asks):
    case = asks(inputs={"age": 50}, image=encoded(file_of(film(7)))).json()["case"]
    client = images.client("clinician")
    body = {"decision": "correct", "answer": "well", "reason": "an artefact"}
    for box in ([0, 0, 41, 5], [5, 5, 5, 9], [-1, 0, 4, 4]):
        wrong = client.post(f"/api/v1/cases/{case}/decision", json={**body, "regions": [{"label": "a", "box": box}]})
        assert wrong.status_code == 422 and wrong.json()["errors"][0]["field"] == "regions.0.box"
    accepted = {"decision": "accept", "regions": [{"label": "a", "box": [0, 0, 4, 4]}]}
    assert client.post(f"/api/v1/cases/{case}/decision", json=accepted).status_code == 422
    marked = [{"label": "artefact", "box": [6, 6, 18.5, 18]}]
    assert client.post(f"/api/v1/cases/{case}/decision", json={**body, "regions": marked}).status_code == 200
    [decision] = client.get(f"/api/v1/cases/{case}").json()["decisions"]
    assert decision["regions"] == [{"label": "artefact", "box": [6.0, 6.0, 18.5, 18.0]}]
    with open(str(images.app.state.cases._engine.url.database), "rb") as stream:
        assert b"artefact" not in stream.read()


def test_novelty_and_sets_guard_images_too(asks):
    usual = asks(inputs={"age": 50}, image=encoded(file_of(film(201)))).json()
    assert usual["set"] is not None and usual["set"]["members"]
    blank = asks(inputs={"age": 50}, image=encoded(file_of(np.zeros((48, 40), np.uint8)))).json()
    assert blank["novel"] and blank["held"] and not usual["novel"]
