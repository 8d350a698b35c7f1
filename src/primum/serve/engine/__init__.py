"""Opened Releases: verified, warm, asked one after another, never beyond what they can bear."""

from primum.serve.engine.engine import Engine
from primum.serve.engine.judged import Judged
from primum.serve.engine.opening import OpenedRelease, open_release
from primum.serve.engine.rows import Row, read_row

__all__ = ["Engine", "Judged", "OpenedRelease", "Row", "open_release", "read_row"]
