"""Named choices: a registry maps a public string to the thing it names and is the only list of those choices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from primum.errors import InputError, nearest

T = TypeVar("T")


class Registry(Generic[T]):
    """A mapping from public names to values that refuses to be overwritten.

    Args:
        kind: what the entries are, for error messages, e.g. "optimizer".
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates under `name`."""

        def add(value: T) -> T:
            if name in self._entries:
                raise ValueError(f"{self.kind} {name!r} is registered already")
            self._entries[name] = value
            return value

        return add

    def get(self, name: str) -> T:
        """Return the entry called `name`.

        Raises:
            InputError: there is none; the message names the nearest and all that exist.
        """
        try:
            return self._entries[name]
        except KeyError:
            known = ", ".join(self._entries)
            raise InputError(
                f"{self.kind}: {name!r} is not known{nearest(name, self._entries)}; choose one of {known}."
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)
