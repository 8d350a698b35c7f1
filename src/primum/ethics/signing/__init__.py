"""Signatures: a person, a role and a decision, bound to the bytes they are about."""

from primum.ethics.signing.asked import Lacking, Standing, standing_of
from primum.ethics.signing.keys import SigningKey, load_key, new_key
from primum.ethics.signing.manifest import FileHashes, hash_files
from primum.ethics.signing.signature import Signature, make_signature, read_signature, signature_files, write_signature
from primum.ethics.signing.trust import TrustList, find_trust, read_trust

__all__ = [
    "FileHashes",
    "Lacking",
    "Signature",
    "SigningKey",
    "Standing",
    "TrustList",
    "find_trust",
    "hash_files",
    "load_key",
    "make_signature",
    "new_key",
    "read_signature",
    "read_trust",
    "signature_files",
    "standing_of",
    "write_signature",
]
