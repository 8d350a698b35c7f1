"""Sealed values open at their place, under their key, unchanged, and nowhere else."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from primum.errors import ExtraMissingError, InputError, SealError, ShreddedError
from primum.privacy.at_rest import MasterKeys, Place, Vault, new_key, read_keys
from primum.privacy.at_rest.keys import key_id

SECRET = "the patient drinks qzxsecret"
HERE = Place(patient="p1", record="r1", field="note")
NAMES = st.text(max_size=12)


def masters(*keys: bytes) -> MasterKeys:
    return MasterKeys(current=key_id(keys[0]), keys={key_id(key): key for key in keys})


@pytest.fixture(scope="module")
def vault(tmp_path_factory) -> Vault:
    return Vault(path=tmp_path_factory.mktemp("vault") / "keys.db", masters=masters(b"m" * 32))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.one_of(st.text(), st.binary()), patient=NAMES, record=NAMES, field=NAMES)
def test_what_is_sealed_opens_again(vault, value, patient, record, field):
    place = Place(patient=patient, record=record, field=field)
    opened = vault.unseal(vault.seal(value, place), place)
    assert opened == value and type(opened) is type(value)


def test_text_of_lone_surrogates_survives(vault):
    assert vault.unseal(vault.seal("\ud800 心", HERE), HERE) == "\ud800 心"


def test_every_byte_counts(vault):
    sealed = vault.seal(SECRET, HERE)
    for place in range(len(sealed)):
        for flip in (0x01, 0x80):
            changed = bytes([*sealed[:place], sealed[place] ^ flip, *sealed[place + 1 :]])
            with pytest.raises(SealError, match="sealed value|no key") as caught:
                vault.unseal(changed, HERE)
            assert "qzx" not in str(caught.value)
    for length in range(len(sealed)):
        with pytest.raises(SealError, match="sealed value"):
            vault.unseal(sealed[:length], HERE)
    with pytest.raises(SealError, match="does not open"):
        vault.unseal(sealed + b"\0", HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place(patient="p1", record="r1", field="plan"),
        Place(patient="p1", record="r2", field="note"),
        Place(patient="p2", record="r1", field="note"),
        Place(patient="p1r", record="1", field="note"),
        Place(patient="p1", record="r1n", field="ote"),
    ],
)
def test_swapped_values_do_not_open(vault, elsewhere):
    vault.seal("theirs", elsewhere)
    with pytest.raises(SealError, match="does not open"):
        vault.unseal(vault.seal(SECRET, HERE), elsewhere)


def test_text_does_not_open_as_bytes(vault):
    sealed = vault.seal(SECRET, HERE)
    with pytest.raises(SealError, match="does not open"):
        vault.unseal(sealed.replace(b"PV1t", b"PV1b", 1), HERE)


def test_it_is_aes_256_gcm(vault):
    """The key is unwrapped and the value opened here by hand, with `cryptography` alone."""
    sealed = vault.seal(b"plain", HERE)
    generation, key = vault._key_to_seal_with("p1")
    bound = b"".join(len(one).to_bytes(8, "big") + one for one in (b"field", b"p1", b"r1", b"note", b"b", b"1"))
    assert (generation, len(key)) == (1, 32)
    assert AESGCM(key).decrypt(sealed[8:20], sealed[20:], bound) == b"plain"


def test_nonces_never_repeat(vault):
    sealed = [vault.seal("same", HERE) for _ in range(500)]
    assert len({one[8:20] for one in sealed}) == len({one[20:] for one in sealed}) == 500


def test_another_master_key_opens_nothing(vault):
    sealed = vault.seal(SECRET, HERE)
    stranger = Vault(path=vault.path, masters=masters(b"x" * 32))
    with pytest.raises(SealError, match=f"master key {key_id(b'm' * 32)}: is needed") as caught:
        stranger.unseal(sealed, HERE)
    assert "x" * 32 not in str(caught.value) and SECRET not in repr(stranger)
    renamed = MasterKeys(current=key_id(b"m" * 32), keys={key_id(b"m" * 32): b"x" * 32})
    with pytest.raises(SealError, match="does not open"):
        Vault(path=vault.path, masters=renamed).unseal(sealed, HERE)


def test_shredding_makes_one_patient_unreadable(tmp_path):
    vault = Vault(path=tmp_path / "keys.db", masters=masters(b"m" * 32))
    other = Place(patient="p2", record="r1", field="note")
    mine, theirs = vault.seal(SECRET, HERE), vault.seal("other", other)
    with sqlite3.connect(vault.path) as connection:
        wrapped = [row[0] for row in connection.execute("SELECT wrapped FROM keys")]
    assert vault.shred("p1") and not vault.shred("p1")
    with pytest.raises(ShreddedError, match="destroyed"):
        vault.unseal(mine, HERE)
    with pytest.raises(ShreddedError, match="destroyed"):
        vault.seal("again", HERE)
    with pytest.raises(ShreddedError, match="destroyed"):
        vault.renew("p1")
    assert vault.unseal(theirs, other) == "other"
    left = vault.path.read_bytes()
    assert sum(one in left for one in wrapped) == len(wrapped) - 1 == 2


def test_no_patient_and_no_value_stands_in_the_file(tmp_path):
    vault = Vault(path=tmp_path / "keys.db", masters=masters(b"m" * 32))
    vault.seal(SECRET, Place(patient="qzxpatient", record="qzxrecord", field="note"))
    assert b"qzx" not in vault.path.read_bytes()
    assert vault.path.stat().st_mode & 0o077 == 0


def test_rotation_of_the_master_key(tmp_path):
    old, new = b"o" * 32, b"n" * 32
    path = tmp_path / "keys.db"
    sealed = Vault(path=path, masters=masters(old)).seal(SECRET, HERE)
    both = Vault(path=path, masters=masters(new, old))
    assert both.unseal(sealed, HERE) == SECRET
    assert both.rewrap() == 2 and both.rewrap() == 0
    assert Vault(path=path, masters=masters(new)).unseal(sealed, HERE) == SECRET
    with pytest.raises(SealError, match="is needed"):
        Vault(path=path, masters=masters(old)).unseal(sealed, HERE)


def test_rotation_of_a_patients_key(tmp_path):
    vault = Vault(path=tmp_path / "keys.db", masters=masters(b"m" * 32))
    sealed = vault.seal(SECRET, HERE)
    vault.renew("p1")
    assert vault.unseal(sealed, HERE) == SECRET
    again = vault.reseal(sealed, HERE)
    assert (sealed[4:8], again[4:8]) == (b"\0\0\0\1", b"\0\0\0\2")
    assert vault.unseal(again, HERE) == SECRET


def test_first_values_of_one_patient_sealed_at_once_all_open(tmp_path):
    vault = Vault(path=tmp_path / "keys.db", masters=masters(b"m" * 32))
    sealed: list[bytes] = []
    threads = [threading.Thread(target=lambda: sealed.append(vault.seal(SECRET, HERE))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert [vault.unseal(one, HERE) for one in sealed] == [SECRET] * 8


def test_a_missing_or_foreign_file_of_keys(tmp_path):
    vault = Vault(path=tmp_path / "keys.db", masters=masters(b"m" * 32))
    sealed = vault.seal(SECRET, HERE)
    with pytest.raises(SealError, match="no such file"):
        Vault(path=tmp_path / "none.db", masters=vault.masters).unseal(sealed, HERE)
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("no keys here " * 100)
    with pytest.raises(SealError, match="not a file of patients' keys"):
        Vault(path=tmp_path / "text.db", masters=vault.masters).seal("x", HERE)
    other = Vault(path=tmp_path / "other.db", masters=vault.masters)
    other.seal("x", Place(patient="p2", record="r1", field="note"))
    with pytest.raises(SealError, match="no key that this value was sealed under"):
        other.unseal(sealed, HERE)


def _written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_keys_of_a_file_of_the_environment_and_of_a_command(tmp_path, monkeypatch):
    first, second = new_key(), new_key()
    path = _written(tmp_path / "k", f"# in use\n{first}\n\n{second}\n")
    monkeypatch.setenv("PRIMUM_TEST_KEY", f"{first} {second}")
    program = f'{sys.executable} -c \'print("{first}"); print("{second}")\''
    found = [
        read_keys(path),
        read_keys(f"file:{path}"),
        read_keys("env:PRIMUM_TEST_KEY"),
        read_keys(f"command:{program}"),
    ]
    assert all(one == found[0] for one in found)
    assert list(found[0].keys.values()) == [bytes.fromhex(first), bytes.fromhex(second)]
    assert found[0].current == key_id(bytes.fromhex(first))
    assert first not in repr(found[0])


def test_a_key_in_base64_is_read(tmp_path):
    made = subprocess.run(["openssl", "rand", "-base64", "32"], capture_output=True, text=True, check=True).stdout
    assert len(next(iter(read_keys(_written(tmp_path / "k", made)).keys.values()))) == 32


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620, 0o601])
def test_a_key_file_open_to_others_is_refused(tmp_path, mode):
    key = new_key()
    with pytest.raises(InputError, match=rf"mode is {mode:04o}; run `chmod 600") as caught:
        read_keys(_written(tmp_path / "k", key, mode))
    assert key not in str(caught.value)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_file_of_its_owner_alone_is_read(tmp_path, mode):
    assert read_keys(_written(tmp_path / "k", new_key(), mode)).keys


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("file:{}/none", "cannot be read"),
        ("env:PRIMUM_NO_SUCH_KEY", "no master key stands in the environment"),
        ("command:primum-no-such-program qzxword", "cannot be started"),
        ("command:false qzxword", "ended with code 1"),
        ("command:echo qzxnotakey", "line 1: not a master key"),
        ("command:true", "holds no master key"),
    ],
)
def test_wrong_places_say_how_to_mend_them(tmp_path, where, said):
    with pytest.raises(InputError, match=said) as caught:
        read_keys(where.format(tmp_path))
    assert "qzx" not in str(caught.value)


def test_without_its_extra_it_names_the_extra(vault, monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(
        ExtraMissingError, match=r'Encryption at rest needs cryptography: pip install "primum\[privacy\]"'
    ):
        vault.seal(SECRET, HERE)
