"""The Release: a signed, self-contained folder that can be served; building it and verifying it."""

from primum.ethics.release.build import Built, build_release, signatures_on
from primum.ethics.release.layout import is_release
from primum.ethics.release.manifest import Manifest
from primum.ethics.release.registry import Change, ReleaseRegistry
from primum.ethics.release.verify import Fault, Verified, release_id, verify_release

__all__ = [
    "Built",
    "Change",
    "Fault",
    "Manifest",
    "ReleaseRegistry",
    "Verified",
    "build_release",
    "is_release",
    "release_id",
    "signatures_on",
    "verify_release",
]
