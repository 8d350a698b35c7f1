"""The command line: each command parses, calls one library function and answers.

Nothing heavy is imported at the top of these files, so that `primum --help` is quick and needs no extras.
"""

from __future__ import annotations

__all__: list[str] = []
