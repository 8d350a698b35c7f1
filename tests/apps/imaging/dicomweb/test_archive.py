"""What is asked of a running archive, and what is said when it fails: by every way in which one does."""

from __future__ import annotations

import datetime
import http.server
import logging
import socket
import ssl
import threading

import pytest

from primum.apps.imaging.dicomweb import Instance, connect
from primum.errors import ArchiveError, InputError

TOKEN, USER, PASSWORD = "PRIMUM_DICOMWEB_TOKEN", "PRIMUM_DICOMWEB_USER", "PRIMUM_DICOMWEB_PASSWORD"
FILM = Instance(study="1.2.826.0.1.7", series="1.2.826.0.1.7.1", instance="1.2.826.0.1.7.1.1")


def test_studies_and_pictures_are_found_on_all_pages(asking, films, store, film):
    store.add(*(film(number, study=9) for number in range(10, 15)))
    assert asking.studies({"Modality": "DX"}, most=10) == [f"1.2.826.0.1.{one}" for one in (7, 8, 9)]
    found = asking.pictures("1.2.826.0.1.9", most=10)
    assert [one.instance for one in found] == [f"1.2.826.0.1.9.1.{one}" for one in range(10, 15)]


def test_an_archive_that_knows_no_pages_is_asked_to_an_end(asking, films, store):
    store.paged = False
    assert len(asking.studies({"Modality": "DX"}, most=10)) == 2


def test_more_than_allowed_are_refused(asking, films):
    with pytest.raises(ArchiveError, match="more than 1 match; narrow the question, or raise --most"):
        asking.studies({"Modality": "DX"}, most=1)


def test_what_is_no_image_is_no_picture(asking, films, store, film):
    report = film(30, study=7)
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    store.add(report)
    assert [one.instance for one in asking.pictures("1.2.826.0.1.7", most=9)] == [
        "1.2.826.0.1.7.1.1",
        "1.2.826.0.1.7.1.2",
    ]


def test_a_picture_is_what_the_archive_keeps(asking, films):
    found = asking.picture(FILM)
    assert found == films[0] and found.PixelData == films[0].PixelData


@pytest.mark.parametrize("failing", [[503, 502], ["drop", 429], [504]])
def test_questions_are_repeated_where_a_failure_may_pass(failing, asking, films, store):
    store.failing = list(failing)
    assert asking.picture(FILM).SOPInstanceUID == FILM.instance
    assert len(store.asked) == len(failing) + 1


@pytest.mark.parametrize(
    ("failing", "asked", "says"),
    [
        ([503] * 3, 3, "it failed (503); try again later."),
        ([500], 1, "it failed (500); try again later."),
        ([401], 1, f"it does not let us in (401); set {TOKEN}, or {USER} and {PASSWORD}."),
        ([403], 1, "the account may not do this (403)"),
        ([404], 1, "it has no such study or picture, or speaks DICOMweb at another path (404); check the address."),
        ([406], 1, "it cannot send DICOM as it is stored (406)"),
        ([400], 1, "it does not take the question (400)."),
        (["drop"] * 3, 3, "it cannot be reached; check the address and the network."),
    ],
)
def test_each_failure_is_one_sentence(failing, asked, says, asking, films, store, secret, caplog):
    store.failing = list(failing)
    with caplog.at_level(logging.DEBUG), pytest.raises(ArchiveError) as caught:
        asking.picture(FILM)
    assert says in str(caught.value) and str(caught.value).startswith("127.0.0.1:")
    assert len(store.asked) == asked
    assert secret not in str(caught.value) + caplog.text and FILM.instance not in str(caught.value) + caplog.text


@pytest.mark.parametrize("body", [b"<html>", b'{"a": 1}', b"[1]", b'[{"0020000D": {"Value": ["../../etc"]}}]'])
def test_an_answer_that_is_no_dicomweb_is_told(body, asking, store):
    store.body = body
    with pytest.raises(ArchiveError, match="its answer is not DICOMweb"):
        asking.studies({"Modality": "DX"}, most=9)


def test_bytes_that_are_no_dicom_are_told(asking, films, store):
    store.kept[FILM.instance] = b"not DICOM"
    with pytest.raises(ArchiveError, match="its answer is not DICOMweb"):
        asking.picture(FILM)


def test_another_picture_than_asked_for_is_refused(asking, films, store):
    store.kept[FILM.instance] = store.kept["1.2.826.0.1.8.1.3"]
    with pytest.raises(ArchiveError, match="it sent another picture than the one asked for"):
        asking.picture(FILM)


def test_a_redirection_is_not_followed(asking, films, store, address):
    store.redirect = address
    with pytest.raises(ArchiveError, match="it sends us to another address, which is not followed"):
        asking.picture(FILM)
    assert len(store.asked) == 1


def test_an_answer_that_is_too_large_is_refused_at_once(address, films, store):
    with connect(address, environment={}, most_bytes=4096, wait_s=0.0) as archive:
        with pytest.raises(ArchiveError, match="an answer is larger than 0 MiB"):
            archive.picture(FILM)
    assert len(store.asked) == 1


def test_nobody_there(secret):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with connect(f"http://127.0.0.1:{port}/dicom-web", environment={}, wait_s=0.0) as archive:
        with pytest.raises(ArchiveError, match=rf"127.0.0.1:{port}: it cannot be reached"):
            archive.studies({}, most=1)


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    kind = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "both.pem").write_bytes(pem + key.private_bytes(*kind))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")

    class Quiet(http.server.HTTPServer):
        def handle_error(self, *_):
            pass

    server = Quiet(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        with connect(f"https://localhost:{server.server_address[1]}", environment={TOKEN: "t"}) as archive:
            with pytest.raises(ArchiveError, match="its certificate is not trusted here; name the hospital's"):
                archive.studies({}, most=1)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_who_asks_stands_in_the_environment(address, films, store, basic, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    ways = [({TOKEN: "abc"}, "Bearer abc"), ({USER: "ada", PASSWORD: "pü"}, basic("ada", "pü")), ({}, None)]
    for environment, header in ways:
        with connect(address, environment=environment) as archive:
            archive.picture(FILM)
        assert store.asked[-1][2] == header


@pytest.mark.parametrize(
    ("url", "environment", "says"),
    [
        ("http://archive.example.org/rs", {}, "archive.example.org: pictures of patients travel encrypted only"),
        ("https://ada:geheim@archive.example.org", {}, "it carries a password, which others can read there"),
        ("ftp://archive.example.org", {}, "expected https://host/path"),
        ("archive.example.org", {}, "expected https://host/path"),
        ("https://archive.example.org:x/", {}, "expected https://host/path"),
        ("https://a.example.org", {TOKEN: "t", USER: "u"}, "both are set; unset one"),
        ("https://a.example.org", {USER: "u"}, "set both, or neither"),
        ("https://a.example.org", {TOKEN: "a\r\nX: b"}, "one holds a line end"),
    ],
)
def test_an_address_or_account_that_will_not_do(url, environment, says):
    with pytest.raises(InputError) as caught:
        connect(url, environment=environment)
    assert says in str(caught.value) and "geheim" not in str(caught.value)
