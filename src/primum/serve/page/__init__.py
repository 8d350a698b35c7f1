"""The page: what a clinician, a reviewer, a board, an auditor and an administrator see and do."""

from primum.serve.page import _needs  # noqa: F401 - comes first
from primum.serve.page.installing import install

__all__ = ["install"]
