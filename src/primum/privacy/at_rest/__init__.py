"""Encryption at rest: fields sealed under one key a patient, which a master key wraps and shredding destroys."""

from primum.privacy.at_rest.keys import MasterKeys, new_key, read_keys
from primum.privacy.at_rest.place import Place
from primum.privacy.at_rest.vault import Vault

__all__ = ["MasterKeys", "Place", "Vault", "new_key", "read_keys"]
