"""Keys: what cryptography itself says of them, and files that only their owner can use."""

from __future__ import annotations

import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from primum.errors import OutputError, SignatureError
from primum.ethics.signing import load_key, new_key
from primum.ethics.signing.keys import is_signed


def test_a_signature_is_ed25519(tmp_path):
    key = new_key(tmp_path / "a.key", name="Ada Lovelace")
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public))
    public.verify(bytes.fromhex(key.sign("文 text")), "文 text".encode())
    assert is_signed("文 text", key=key.public, signature=key.sign("文 text"))


def test_the_vector_of_the_standard():
    """RFC 8032, section 7.1, test 1: the empty message."""
    key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    signature = (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b"
    )
    assert is_signed("", key=key, signature=signature)
    assert not is_signed(" ", key=key, signature=signature)
    assert not is_signed("", key=key.upper(), signature=signature)
    assert not is_signed("", key=key, signature=signature[:-1])
    assert not is_signed("", key="zz" * 32, signature=signature)


def test_a_key_comes_back_and_its_file_is_its_owners_alone(tmp_path):
    made = new_key(tmp_path / "a.key", name="Ada")
    read = load_key(tmp_path / "a.key")
    assert (read.name, read.public, read.sign("x")) == ("Ada", made.public, made.sign("x"))
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600
    assert made.private.private_bytes_raw().hex() not in repr(made)


def test_a_locked_key_opens_with_its_passphrase_alone(tmp_path, monkeypatch):
    made = new_key(tmp_path / "a.key", name="Ada", passphrase="four words of mine")
    pem = json.loads((tmp_path / "a.key").read_text(encoding="utf-8"))["private"].encode()
    with pytest.raises(TypeError):  # cryptography says: it is encrypted
        load_pem_private_key(pem, password=None)
    with pytest.raises(SignatureError, match="PRIMUM_KEY_PASSPHRASE"):
        load_key(tmp_path / "a.key")
    with pytest.raises(SignatureError, match="the passphrase is wrong"):
        load_key(tmp_path / "a.key", passphrase="other words")
    monkeypatch.setenv("PRIMUM_KEY_PASSPHRASE", "four words of mine")
    assert load_key(tmp_path / "a.key").public == made.public


def test_a_key_is_never_overwritten(tmp_path):
    new_key(tmp_path / "a.key", name="Ada")
    before = (tmp_path / "a.key").read_bytes()
    with pytest.raises(OutputError, match="never overwritten"):
        new_key(tmp_path / "a.key", name="Eve")
    assert (tmp_path / "a.key").read_bytes() == before


def test_a_key_that_others_can_read_is_refused(tmp_path):
    new_key(tmp_path / "a.key", name="Ada")
    os.chmod(tmp_path / "a.key", 0o640)
    with pytest.raises(SignatureError, match="chmod 600"):
        load_key(tmp_path / "a.key")


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 81])
def test_a_name_is_one_line(tmp_path, name):
    with pytest.raises(SignatureError, match="--name"):
        new_key(tmp_path / "a.key", name=name)
    assert not (tmp_path / "a.key").exists()


def test_a_key_file_with_another_public_key_is_refused(tmp_path):
    new_key(tmp_path / "a.key", name="Ada")
    other = new_key(tmp_path / "b.key", name="Bo")
    content = json.loads((tmp_path / "a.key").read_text(encoding="utf-8")) | {"public": other.public}
    (tmp_path / "a.key").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SignatureError, match="the file was changed"):
        load_key(tmp_path / "a.key")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "-----BEGIN", '{"format": 1, "name": 1, "public": "", "private": ""}']
)
def test_what_is_no_key_file_is_refused(tmp_path, text):
    (tmp_path / "a.key").write_text(text, encoding="utf-8")
    with pytest.raises(SignatureError, match="not a key file"):
        load_key(tmp_path / "a.key")
    with pytest.raises(SignatureError, match="no such key file"):
        load_key(tmp_path / "none.key")
