"""Large libraries that few calls need, imported at their first use and not before.

A serving process answers without any of them: SciPy and Arrow would take about 110 MiB of its memory, and a command
that only prints its help would wait for them.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

__all__ = ["ndimage", "optimize", "sparse", "special", "stats"]


class Later(ModuleType):
    """Stands for a module and imports it when something of it is asked for.

    Threads may ask at the same time: Python imports a module once, and the others wait.
    """

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the module, which is imported now, and keep it at hand."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(importlib.import_module(self.__name__), name)
        setattr(self, name, found)
        return found


if TYPE_CHECKING:
    from scipy import ndimage, optimize, sparse, special, stats
else:
    ndimage = Later("scipy.ndimage")
    optimize = Later("scipy.optimize")
    sparse = Later("scipy.sparse")
    special = Later("scipy.special")
    stats = Later("scipy.stats")
