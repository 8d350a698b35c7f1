"""Optional parts: import a module that an extra brings, or say which extra to install."""

from __future__ import annotations

import importlib
from types import ModuleType

from primum.errors import ExtraMissingError


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Return the imported `module`.

    Args:
        module: dotted name, e.g. "torch".
        extra: the extra of primum that brings it, e.g. "train".
        purpose: what needs it, as the start of a sentence, e.g. "Training".
    Raises:
        ExtraMissingError: the module is not installed; the message gives the command that mends it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as exc:
        package = module.partition(".")[0]
        if exc.name is None or exc.name.partition(".")[0] != package:
            raise
        raise ExtraMissingError(f'{purpose} needs {package}: pip install "primum[{extra}]"') from exc
