"""Every error primum raises on purpose, as one tree.

    PrimumError
    ├── InputError            what the user gave is wrong (the command line ends with exit code 2)
    │   ├── StudyError        the study file or a --set override
    │   ├── CohortError       the records: file, encoding, rows
    │   │   ├── ColumnError   a column that is not there or holds the wrong thing
    │   │   └── SplitError    the records cannot be split as asked
    │   ├── PredictionsError  a predictions table
    │   ├── PolicyError       a policy file
    │   ├── BackboneError     a pretrained model
    │   ├── SealError         what was encrypted at rest cannot be opened
    │   │   └── ShreddedError its patient's key was destroyed on purpose
    │   ├── LedgerError       the ledger: its address, its rights, an entry that it may not hold
    │   ├── SignatureError    a key, a signature or the list of trusted keys
    │   ├── ReleaseError      a Release that cannot be built or must not be opened
    │   ├── ServiceError      the service: its settings, its database, an account
    │   ├── ArchiveError      an archive of images that cannot be reached, or refuses
    │   └── OutputError       where results should go (exists already, disk full, no permission)
    ├── ExtraMissingError     an optional part is not installed (exit code 2)
    ├── TrainingFailedError   the proof that a model trained did not hold (exit code 2)
    └── DefectError           primum broke its own promise (exit code 1)

A message has four parts where they apply: which input, what was expected, what came, what to do next. It may
carry the names of columns, files, keys and classes, row numbers and parameter values. It never carries what
a patient's record says.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class PrimumError(Exception):
    """The root of every error primum raises on purpose."""


class InputError(PrimumError, ValueError):
    """What the user gave is wrong; one sentence says what, where and how to mend it."""


class StudyError(InputError):
    """The study file, or an override of it, is wrong."""


class CohortError(InputError):
    """The records cannot be read or used."""


class ColumnError(CohortError, KeyError):
    """A column is missing or holds something its role does not allow."""

    __str__ = Exception.__str__  # KeyError would print the message in quotes


class SplitError(CohortError):
    """The records cannot be split as the study asks."""


class PredictionsError(InputError):
    """A predictions table is not what an audit can read."""


class PolicyError(InputError):
    """A policy file is wrong."""


class BackboneError(InputError):
    """A pretrained model cannot be found, or is not safe to open."""


class SealError(InputError):
    """What was encrypted at rest cannot be opened: another key, another place, or changed bytes."""


class ShreddedError(SealError):
    """The key of this patient was destroyed, so that nothing encrypted under it can be opened again."""


class LedgerError(InputError):
    """The ledger cannot be opened, or may not hold what it was given."""


class SignatureError(InputError):
    """A key, a signature or a list of trusted keys is wrong."""


class ReleaseError(InputError):
    """A Release cannot be built, or must not be opened."""


class ServiceError(InputError):
    """The service cannot start, or an account cannot be made or changed as asked."""


class ArchiveError(InputError):
    """An archive of images cannot be reached, refuses, or answers with something else than DICOM."""


class OutputError(InputError, OSError):
    """Results cannot be written where they were asked for."""


class ExtraMissingError(PrimumError, ImportError):
    """An optional part of primum is not installed."""


class TrainingFailedError(PrimumError, RuntimeError):
    """A trained model failed the proof that it trained."""


class DefectError(PrimumError, RuntimeError):
    """primum broke its own promise; this is a bug to report."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ' (did you mean X?)' for the known name closest to `name`, or an empty string."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {match[0]!r}?)" if match else ""
