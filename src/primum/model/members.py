"""Members of an ensemble: other answers that this model, or models trained like it, could as well have given.

They advise and never answer: where they decide otherwise, the answer hangs on a seed rather than on the record.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from primum.files import atomic_path, read_saved, write_json
from primum.model.inputs import Prepared

if TYPE_CHECKING:  # members by dropout need no torch
    import torch

    from primum.model.predictor import Predictor
    from primum.model.served import Served

FloatArray = npt.NDArray[np.float64]
ENSEMBLE_FILE = "ensemble.json"


class Members(Protocol):
    """What all ensembles do."""

    def answers(self, predictor: Predictor, prepared: Mapping[str, Prepared], features: FloatArray) -> FloatArray:
        """Return each member's answers, shape (members, n, k), or (members, n) for a number.

        Args:
            predictor: the model that they are members of.
            prepared: inputs of n records.
            features: what the model's head reads of them, shape (n, width).
        """

    def save(self, folder: Path) -> None:
        """Write the members beside the model that they are members of, as safetensors and JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropoutMembers:
    """The model with parts of what its head reads left out, as in training: each member leaves out its own.

    A member leaves out the same features of every record, so that no answer depends on what else is asked.
    Source: Gal & Ghahramani 2016, ICML (dropout at prediction); Durasov et al. 2021, CVPR (fixed masks).
    """

    members: int
    rate: float
    """Share of the features left out, in (0, 1)."""
    seed: int

    def answers(
        self, predictor: Predictor | Served, prepared: Mapping[str, Prepared], features: FloatArray
    ) -> FloatArray:
        """Return each member's answers; see `Members`."""
        read = np.ascontiguousarray(features, dtype=np.float32)
        return np.stack([predictor.headed(read * mask) for mask in self._masks(read.shape[1])]).astype(np.float64)

    def _masks(self, width: int) -> npt.NDArray[np.float32]:
        generator = np.random.default_rng(self.seed)
        kept = generator.random((self.members, width)) >= self.rate
        return np.asarray(kept / (1.0 - self.rate), dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Write how the members are made; see `Members`."""
        described = {"how": "dropout", "members": self.members, "rate": self.rate, "seed": self.seed}
        write_json(folder / ENSEMBLE_FILE, {"format": 1, **described})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedMembers:
    """Models trained like this one from other seeds, each kept as the weights in which it differs.

    Source: Lakshminarayanan, Pritzel & Blundell 2017, NeurIPS (deep ensembles).
    """

    differences: tuple[Mapping[str, torch.Tensor], ...]

    @classmethod
    def of(cls, predictor: Predictor, others: Iterable[Predictor]) -> TrainedMembers:
        """Return the members that these other models are; each is let go of before the next is asked for."""
        own = predictor.net.state_dict()
        return cls(differences=tuple(_difference(own, other.net.state_dict()) for other in others))

    def answers(self, predictor: Predictor, prepared: Mapping[str, Prepared], features: FloatArray) -> FloatArray:
        """Return each member's answers; see `Members`."""
        own = predictor.net.state_dict()
        member = replace(predictor, net=copy.deepcopy(predictor.net), engine=None)
        found = []
        for difference in self.differences:
            member.net.load_state_dict({**own, **difference})
            found.append(member.predict_prepared(prepared))
        return np.stack(found)

    def save(self, folder: Path) -> None:
        """Write each member's own weights; see `Members`."""
        from safetensors.torch import save_file

        for place, difference in enumerate(self.differences):
            with atomic_path(folder / _file_of(place)) as temporary:
                save_file(dict(difference), temporary, metadata={"format": "pt"})
        write_json(folder / ENSEMBLE_FILE, {"format": 1, "how": "training", "members": len(self.differences)})


def load_members(folder: Path) -> DropoutMembers | TrainedMembers | None:
    """Return the members saved beside a model; None where there are none.

    Raises:
        InputError: they are damaged, or of another format.
    """

    def build(described: dict[str, Any]) -> DropoutMembers | TrainedMembers:
        if described.pop("how") == "dropout":
            return DropoutMembers(**described)
        return TrainedMembers(differences=tuple(_saved(folder, place) for place in range(described["members"])))

    return read_saved(folder / ENSEMBLE_FILE, build, what="an ensemble")


def _saved(folder: Path, place: int) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(folder / _file_of(place))
    except (OSError, SafetensorError) as exc:
        raise ValueError(_file_of(place)) from exc


def _difference(own: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    import torch

    changed = {name: value for name, value in other.items() if not torch.equal(value, own[name])}
    return {name: value.detach().cpu().clone().contiguous() for name, value in changed.items()}


def _file_of(place: int) -> str:
    return f"member-{place + 1}.safetensors"
