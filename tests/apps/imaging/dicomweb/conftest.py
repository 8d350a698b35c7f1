"""A small archive that speaks DICOMweb after PS3.18, on this machine's own address, and pictures to keep in it."""

from __future__ import annotations

import base64
import email
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("dicomweb_client")

SECRET = "QZXPLANTED"
"""In the name and number of every patient."""


def picture(number, *, study, patient=1, series_description="Chest PA", shade=None):
    """Return a film of 64 x 64 pixels as pydicom's data set."""
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = SecondaryCaptureImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = f"1.2.826.0.1.{study}.1.{number}"
    data = pydicom.dataset.FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = f"1.2.826.0.1.{study}", f"1.2.826.0.1.{study}.1"
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientName, data.PatientID = f"{SECRET}^Ada", f"{SECRET}-{patient}"
    data.PatientSex, data.PatientAge, data.PatientBirthDate, data.Modality = "F", "061Y", "19650102", "DX"
    data.StudyDate, data.StudyTime, data.StudyID, data.AccessionNumber = "20260105", "101010", SECRET, SECRET
    data.SeriesDescription, data.SeriesNumber, data.InstanceNumber = series_description, 1, number
    data.Rows = data.Columns = 64
    data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit = 7
    ramp = np.add.outer(np.arange(64), np.arange(64)) + (number if shade is None else shade)
    data.PixelData = ramp.astype(np.uint8).tobytes()
    return data


def encoded(data):
    """Return a data set as the bytes of a file."""
    written = io.BytesIO()
    data.save_as(written, enforce_file_format=True)
    return written.getvalue()


class Store:
    """What the archive keeps, how it behaves, and what it was asked."""

    def __init__(self):
        self.kept = {}
        self.asked = []
        self.authorization = None
        self.failing = []
        """Statuses of the next answers, before it behaves; None: it behaves."""
        self.refused = {}
        """From SOP class to the failure reason of STOW-RS."""
        self.paged = True
        self.redirect = None
        self.body = None

    def add(self, *pictures):
        for one in pictures:
            self.kept[str(one.SOPInstanceUID)] = encoded(one)

    def headers(self):
        return [pydicom.dcmread(io.BytesIO(one), stop_before_pixels=True) for one in self.kept.values()]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    @property
    def store(self):
        return self.server.store

    def _send(self, status, body=b"", kind="application/dicom+json; charset=utf-8", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stopped(self):
        """Answer what the test says instead, and return whether it did."""
        self.store.asked.append((self.command, urlsplit(self.path).path, self.headers.get("Authorization")))
        status = self.store.failing.pop(0) if self.store.failing else None
        if status is not None:
            if status == "drop":
                self.close_connection = True
                self.connection.close()
                return True
            self._send(status, f"<html>{SECRET}</html>".encode(), "text/html")
        elif self.store.redirect:
            self._send(307, Location=self.store.redirect)
        elif self.store.authorization not in (None, self.headers.get("Authorization")):
            self._send(401)
        elif self.store.body is not None:
            self._send(200, self.store.body)
        else:
            return False
        return True

    def do_GET(self):
        if self._stopped():
            return
        parts = urlsplit(self.path)
        path, asked = parts.path.strip("/").split("/")[1:], dict(parse_qsl(parts.query))
        if path == ["studies"]:
            self._found(self._matching(asked), asked, ("StudyInstanceUID",), "StudyInstanceUID")
        elif len(path) == 3 and path[0::2] == ["studies", "instances"]:
            of_study = [one for one in self.store.headers() if one.StudyInstanceUID == path[1]]
            names = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientName")
            self._found(of_study, asked, names, "SOPInstanceUID")
        elif len(path) == 6 and path[5] in self.store.kept:
            self._part(self.store.kept[path[5]])
        else:
            self._send(404)

    def _matching(self, asked):
        named = {k: v for k, v in asked.items() if k not in ("limit", "offset", "includefield")}
        for name in named:
            assert pydicom.datadict.tag_for_keyword(name), name
        return [one for one in self.store.headers() if all(str(one.get(k, "")) == v for k, v in named.items())]

    def _found(self, headers, asked, names, unique):
        rows = {}
        for one in headers:
            kept = pydicom.dataset.Dataset()
            for name in names:
                setattr(kept, name, one.get(name))
            rows[str(one.get(unique))] = kept.to_json_dict()
        found = list(rows.values())
        if self.store.paged:
            start = int(asked.get("offset", 0))
            found = found[start : start + min(int(asked.get("limit", 100)), 2)]
        self._send(200, json.dumps(found).encode()) if found else self._send(204)

    def _part(self, content):
        assert 'multipart/related; type="application/dicom"' in self.headers["Accept"]
        body = b"\r\n--edge\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--edge--\r\n"
        self._send(200, body, 'multipart/related; type="application/dicom"; boundary=edge')

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self._stopped():
            return
        stored, failed = [], []
        for data, raw in self._parts(content):
            reason = self.store.refused.get(str(data.SOPClassUID))
            item = pydicom.dataset.Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
            if reason is None:
                self.store.kept[str(data.SOPInstanceUID)] = raw
                stored.append(item)
            else:
                item.FailureReason = reason
                failed.append(item)
        answer = pydicom.dataset.Dataset()
        if stored:
            answer.ReferencedSOPSequence = stored
        if failed:
            answer.FailedSOPSequence = failed
        status = 200 if not failed else 202 if stored else 409
        self._send(status, json.dumps(answer.to_json_dict()).encode())

    def _parts(self, content):
        """Yield the files of a multipart message, taken apart by the standard library's reader of MIME."""
        kind = self.headers["Content-Type"].encode()
        message = email.message_from_bytes(b"Content-Type: " + kind + b"\r\nMIME-Version: 1.0\r\n\r\n" + content)
        assert message.get_content_type() == "multipart/related" and message.get_param("type") == "application/dicom"
        boundary = message.get_param("boundary").encode()
        assert content.rstrip().endswith(b"--" + boundary + b"--")
        for part in content.split(b"--" + boundary)[1:-1]:
            head, _, raw = part.partition(b"\r\n\r\n")
            assert b"Content-Type: application/dicom" in head
            raw = raw.removesuffix(b"\r\n")
            yield pydicom.dcmread(io.BytesIO(raw)), raw


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def address(store):
    """The address of a running archive."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.store, server.daemon_threads = store, True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def films(store):
    """Three films of two patients in two studies."""
    made = [picture(1, study=7), picture(2, study=7), picture(3, study=8, patient=2)]
    store.add(*made)
    return made


@pytest.fixture
def basic():
    """Return what a name and password look like in a header."""
    return lambda name, password: "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def film():
    """Return the maker of pictures."""
    return picture


@pytest.fixture
def secret():
    """Return what must be told nowhere."""
    return SECRET


@pytest.fixture
def asking(address):
    """Return the archive, asked without an account and without waiting."""
    from primum.apps.imaging.dicomweb import connect

    with connect(address, environment={}, wait_s=0.0) as archive:
        yield archive
