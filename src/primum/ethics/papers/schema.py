"""What a paper asks, as its YAML file in `asked` says it: items, and where each is answered from."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from primum.ethics.catalogue import load
from primum.ethics.policy import Names, Words

PAPERS = ("datasheet", "eu-ai-act-annex-iv", "hti-1-source-attributes", "tripod-ai")
"""Every paper by name, in the order in which they are shown."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed_mapping(value: object) -> object:
    return [value] if isinstance(value, dict) else value


def _numbered(value: object) -> object:
    return str(value) if isinstance(value, int) else value


class Source(_Strict):
    """One place that answers an item or a part of it; exactly one of key, measured, section, file, says and open."""

    key: str | None = None
    """FILE:KEY, e.g. "study.yaml:intended_use.user"."""
    measured: Names | None = None
    """Metrics; of each the worst finding that its interval shows is given, on every split."""
    split: Names = ("test",)
    """Where `measured` is asked on; each split that has no finding is said to be not measured."""
    class_: str = Field(default="overall", alias="class")
    slice: str = "everybody"
    versus: str = "none"
    each: bool = False
    """Whether every metric of `measured` must be there; else one of them is enough."""
    every: bool = False
    """Whether every finding is given and not only the worst."""
    section: str | None = None
    """A section of the report."""
    file: str | None = None
    """A file of the run's folder."""
    says: Words | None = None
    """What is true of every run."""
    open: Words | None = None
    """What only a person can say."""

    @model_validator(mode="after")
    def _one(self) -> Source:
        given = (self.key, self.measured, self.section, self.file, self.says, self.open)
        if sum(one is not None for one in given) != 1:
            raise ValueError("give exactly one of key, measured, section, file, says and open")
        return self


class Item(_Strict):
    """One thing that a paper asks."""

    item: Annotated[str, BeforeValidator(_numbered)]
    """Its number."""
    clause: str = ""
    """Where the source has it, when that is another name than the number."""
    asks: Words
    sources: Annotated[tuple[Source, ...], BeforeValidator(_listed_mapping)] = Field(alias="from", min_length=1)


class Part(_Strict):
    """A heading and its items."""

    title: Words
    items: tuple[Item, ...] = Field(min_length=1)


class PaperSpec(_Strict):
    """One paper."""

    paper: str
    title: Words
    lead: Words
    source: str
    """Where the list of items comes from."""
    parts: tuple[Part, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """All items in order."""
        return tuple(item for part in self.parts for item in part.items)


@cache
def paper_spec(name: str) -> PaperSpec:
    """Return what the paper of that name asks."""
    return PaperSpec.model_validate(load(f"papers/asked/{name}.yaml"))
