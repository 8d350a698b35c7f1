"""A Predictor: records in, probabilities out. All that assessments and users see of a model."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from primum.cohort.records import Records
from primum.cohort.roles import VitalKind
from primum.errors import InputError
from primum.files import atomic_path, write_json
from primum.model import asked
from primum.model.attacking import attacked_answers
from primum.model.attacking_blind import blindly_attacked_answers
from primum.model.batching import prediction_batches
from primum.model.building import NetSpec, build_net
from primum.model.engine import TextEngine, integers_are_fast
from primum.model.gradients import Asked, Blank, Gradients, Kind, gradients
from primum.model.inference import inference
from primum.model.inputs import (
    AbstractInput,
    ImageInput,
    Prepared,
    PreparedFeatures,
    PreparedImage,
    PreparedText,
    TextInput,
    VitalsInput,
)
from primum.model.inputs.text import TokenPlaces
from primum.model.inside import Inside
from primum.model.net import Net
from primum.model.randomised import Part, randomised_net
from primum.model.vision import keep_description

logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Ticker = Callable[[int, int], None]
ENGINE_FILE = "text-int8.onnx"
_TOKENS = 2048
"""Padded tokens in a prediction batch; larger ones fall out of the cache of a small CPU."""
_IMAGE_FOLDER = "image-backbone"
_TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "added_tokens.json",
    "config.json",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A tuned network with the inputs it was tuned on."""

    net: Net
    spec: NetSpec
    inputs: Mapping[str, AbstractInput]
    classes: tuple[str, ...]
    """Class or label names, in the order of the probabilities; empty for a number."""
    backbone_folder: Path | None
    """Where the backbone's configuration and tokenizer lie."""
    engine: TextEngine | None = None
    """The text encoder in 8-bit integers, where its answers were found close enough."""
    image_folder: Path | None = None
    """Where the image network's configuration lies; None without one, and of a built-in one."""

    def prepare(self, records: Records) -> dict[str, Prepared]:
        """Return each input of the records, ready for batches.

        Raises:
            InputError: the records have none of the inputs the model was tuned on.
        """
        return asked.prepare(self.inputs, records)

    def vital_kinds(self) -> dict[str, VitalKind]:
        """Return whether each vital was tuned as a number or as a category."""
        return asked.vital_kinds(self.inputs)

    def colour(self) -> bool | None:
        """Return whether the model was tuned on images in colour; None where it reads none."""
        return asked.colour(self.inputs)

    def predict(self, records: Records, *, tick: Ticker | None = None) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,), in the records' order.

        Args:
            records: what the model may see.
            tick: called with (done, total) as batches finish.
        """
        return self.predict_prepared(self.prepare(records), tick=tick)

    def predict_prepared(self, prepared: Mapping[str, Prepared], *, tick: Ticker | None = None) -> FloatArray:
        """Return what `predict` returns, for inputs prepared earlier."""
        self.net.eval()
        prepared, tick = self._encoded(prepared, tick)
        return _batched(prepared, lambda batch: self.net.head.answer(self.net(batch)["logits"]), self._device(), tick)

    def read(self, one: Prepared, *, name: str = "text", tick: Ticker | None = None) -> torch.Tensor:
        """Return the features of one prepared input, shape (n, width); those of an absent one mean nothing."""
        self.net.eval()
        if self.engine is not None and isinstance(one, PreparedText):
            return torch.from_numpy(self.engine.features(one, tick=tick))
        encoder = self.net.encoders[name]
        return torch.from_numpy(_batched({name: one}, lambda b: encoder(b[name]), self._device(), tick)).float()

    def features(self, prepared: Mapping[str, Prepared], *, tick: Ticker | None = None) -> FloatArray:
        """Return the fused features, shape (n, width)."""
        self.net.eval()
        prepared, tick = self._encoded(prepared, tick)
        return _batched(prepared, lambda batch: self.net.features(batch).double(), self._device(), tick)

    def inside(self, records: Records, *, tick: Ticker | None = None) -> Inside:
        """Return features, logits and answers of the records, in their order, at the price of the answers alone."""
        return self.inside_prepared(self.prepare(records), tick=tick)

    def inside_prepared(self, prepared: Mapping[str, Prepared], *, tick: Ticker | None = None) -> Inside:
        """Return what `inside` returns, for inputs prepared earlier."""
        self.net.eval()
        prepared, tick = self._encoded(prepared, tick)
        outputs = self.spec.head.outputs

        def all_of_it(batch: dict[str, Any]) -> torch.Tensor:
            features = self.net.features(batch)
            logits = self.net.head(features)
            answers = self.net.head.answer(logits).reshape(len(features), -1)
            return torch.cat([logits[:, :outputs].double(), answers.double(), features.double()], dim=1)

        flat = _batched(prepared, all_of_it, self._device(), tick)
        if not len(flat):
            return Inside(features=np.empty((0, 0)), logits=np.empty((0, outputs)), answers=np.empty((0, outputs)))
        answers = flat[:, outputs : 2 * outputs]
        if self.spec.head.kind == "number":
            answers = answers[:, 0]
        return Inside(features=flat[:, 2 * outputs :], logits=flat[:, :outputs], answers=answers)

    def headed(self, fused: npt.NDArray[np.float32]) -> FloatArray:
        """Return the answers that the head's last layer gives on fused features, shape (n, width)."""
        head = self.net.head
        with inference():
            answers = head.answer(head.out(torch.from_numpy(fused).to(head.out.weight)))
        return np.asarray(answers.cpu().numpy(), dtype=np.float64)

    def token_places(self, records: Records) -> list[TokenPlaces]:
        """Return where the tokens of each record's text stand; no tokens where there is no text or none is read."""
        fitted = self.inputs.get("text")
        if not isinstance(fitted, TextInput):
            return [TokenPlaces(text="", spans=np.empty((0, 2), np.int64), special=np.empty(0, bool))] * len(records)
        return fitted.places(
            [None] * len(records) if records.text is None else records.text.take(np.arange(len(records)))
        )

    def vital_names(self) -> tuple[str, ...]:
        """Return the vitals the model reads: numbers, then categories."""
        return asked.vital_names(self.inputs)

    def vitals_there(self, prepared: Mapping[str, Prepared]) -> npt.NDArray[np.bool_]:
        """Return which vitals each record has, in the order of `vital_names`, shape (n, v)."""
        return asked.vitals_there(prepared)

    def cells_there(self, prepared: Mapping[str, Prepared]) -> npt.NDArray[np.bool_]:
        """Return which cells of a picture each record has; see `primum.model.asked`."""
        return asked.cells_there(prepared)

    def thinned(
        self,
        prepared: Mapping[str, Prepared],
        rows: npt.NDArray[np.int64],
        tokens: Sequence[npt.NDArray[np.bool_]],
        vitals: npt.NDArray[np.bool_],
        cells: npt.NDArray[np.bool_] | None = None,
    ) -> dict[str, Prepared]:
        """Return records of which only a part is left, ready for `predict_prepared`.

        Args:
            prepared: what `prepare` returned.
            rows: the record that each is made from, shape (m,).
            tokens: which of its tokens each keeps; with none it has no text.
            vitals: which vitals each keeps, in the order of `vital_names`, shape (m, v).
            cells: which cells of its picture each keeps, shape (m, CELLS); None: the picture stays whole.
        """
        return asked.thinned(prepared, rows, tokens, vitals, cells)

    def gradients(
        self,
        prepared: Mapping[str, Prepared],
        about: Asked,
        *,
        kind: Kind,
        nodes: FloatArray | None = None,
        weights: FloatArray | None = None,
        bf16: bool = False,
    ) -> Gradients:
        """Return what each token, vital and cell adds to a score, by gradients; see `primum.model.gradients`."""
        fitted = self.inputs.get("text")
        token, kept = fitted.blank() if isinstance(fitted, TextInput) else (0, ())
        blank = Blank(token=token, kept=kept)
        return gradients(self.net, prepared, about, kind=kind, blank=blank, nodes=nodes, weights=weights, bf16=bf16)

    def under_attack(
        self, records: Records, truth: IntArray, *, bound: float, steps: int, restarts: int = 0, seed: int = 7
    ) -> FloatArray:
        """Return the answers after the worst small move of each picture; see `primum.model.attacking`."""
        self.net.eval()
        prepared = self.prepare(records)
        return attacked_answers(self.net, prepared, truth, bound=bound, steps=steps, restarts=restarts, seed=seed)

    def under_blind_attack(
        self, records: Records, truth: IntArray, *, bound: float, questions: int, seed: int = 7
    ) -> FloatArray:
        """Return the answers after a search that sees answers alone; see `primum.model.attacking_blind`."""
        self.net.eval()
        prepared = self.prepare(records)
        return blindly_attacked_answers(self.net, prepared, truth, bound=bound, questions=questions, seed=seed)

    def randomised(self, *, part: Part, seed: int) -> Predictor:
        """Return a model like this one that has forgotten what it learnt; see `primum.model.randomised`."""
        return replace(self, net=randomised_net(self.net, part=part, seed=seed), engine=None)

    def _encoded(
        self, prepared: Mapping[str, Prepared], tick: Ticker | None
    ) -> tuple[Mapping[str, Prepared], Ticker | None]:
        """Return the inputs with features in the place of a text's tokens or of pixels, where that spares work.

        It does where there is an engine for them, and where texts repeat: each different one is then read once.
        """
        image = prepared.get("image")
        if isinstance(image, PreparedImage):
            prepared, tick = self._each_picture_once(prepared, image, tick)
        text = prepared.get("text")
        if not isinstance(text, PreparedText):
            return prepared, tick
        first, equal = text.distinct()
        # Of known states a part cannot be chosen, and they spare most of the work already.
        repeated = type(text) is PreparedText and len(first) <= asked.REPEATED * len(equal)
        if self.engine is None and not repeated:
            return prepared, tick
        read = text.chosen(first) if repeated else text
        features = self.read(read, tick=tick)
        if repeated:
            features = features[torch.from_numpy(equal)]
        return {**prepared, "text": PreparedFeatures(features, torch.from_numpy(text.present))}, None

    def _each_picture_once(
        self, prepared: Mapping[str, Prepared], image: PreparedImage, tick: Ticker | None
    ) -> tuple[Mapping[str, Prepared], Ticker | None]:
        """Return the inputs with features in the place of pictures that repeat, as when only the text was changed."""
        first, equal = image.distinct()
        if len(first) > asked.REPEATED * len(equal):
            return prepared, tick
        features = self.read(image.chosen(first), name="image", tick=tick)[torch.from_numpy(equal)]
        return {**prepared, "image": PreparedFeatures(features, torch.from_numpy(image.present))}, None

    def _device(self) -> torch.device:
        return next(self.net.parameters()).device

    def save(self, folder: Path) -> None:
        """Write the model as safetensors and JSON; nothing in the folder can run code when it is opened."""
        from safetensors.torch import save_file

        folder.mkdir(parents=True, exist_ok=True)
        if self.backbone_folder is not None:
            kept = folder / "backbone"
            kept.mkdir(exist_ok=True)
            for name in _TOKENIZER_FILES:
                if (self.backbone_folder / name).is_file():
                    shutil.copyfile(self.backbone_folder / name, kept / name)
        if self.image_folder is not None:
            keep_description(self.image_folder, folder / _IMAGE_FOLDER)
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in self.net.state_dict().items()}
        with atomic_path(folder / "model.safetensors") as temporary:
            save_file(tensors, temporary, metadata={"format": "pt"})
        if self.engine is not None:
            self.engine.save(folder / ENGINE_FILE)
        write_json(
            folder / "primum.json",
            {
                "format": 1,
                "net": self.spec.to_json(),
                "classes": list(self.classes),
                "inputs": {name: fitted.state() for name, fitted in self.inputs.items()},
                "engine": "torch" if self.engine is None else "int8",
            },
        )

    @classmethod
    def load(cls, folder: Path) -> Predictor:
        """Return the model that `save` wrote.

        Raises:
            InputError: the folder holds no such model, or one of another format.
        """
        from safetensors.torch import load_file

        place = folder / "primum.json"
        if not place.is_file() or not (folder / "model.safetensors").is_file():
            raise InputError(f"{folder}: no tuned model there; give the folder of a finished run.")
        described: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        if "regions" in described:
            raise InputError(f"{folder}: the model marks places in images, and answers no questions of this kind.")
        if described.get("format") != 1:
            raise InputError(f"{folder}: written in a format this version of primum does not know; update primum.")
        backbone = folder / "backbone" if (folder / "backbone").is_dir() else None
        inputs = {name: _input_from(name, state, backbone) for name, state in described["inputs"].items()}
        spec = NetSpec.from_json(described["net"])
        image = folder / _IMAGE_FOLDER if (folder / _IMAGE_FOLDER).is_dir() else None
        net = build_net(spec, inputs, backbone_folder=backbone, image_folder=image, pretrained=False)
        net.load_state_dict(load_file(folder / "model.safetensors"))
        net.eval()
        return cls(
            net=net,
            spec=spec,
            inputs=inputs,
            classes=tuple(described["classes"]),
            backbone_folder=backbone,
            image_folder=image,
            engine=_engine_of(folder, described),
        )


def _input_from(name: str, state: Mapping[str, Any], backbone: Path | None) -> AbstractInput:
    if name == "vitals":
        return VitalsInput.from_state(state)
    if name == "image":
        return ImageInput.from_state(state)
    if backbone is None:
        raise InputError("the saved model has a text input but no tokenizer; it was not saved whole.")
    # A model saved before there was a normalisation was tuned on texts as they were written.
    return TextInput(backbone, max_tokens=state["max_tokens"], normalisation=state.get("normalisation", "none"))


def _engine_of(folder: Path, described: Mapping[str, Any]) -> TextEngine | None:
    if described.get("engine") != "int8":
        return None
    if not integers_are_fast():
        logger.warning("engine_replaced saved=int8 used=float32: this processor lacks 8-bit integer products")
        return None
    return TextEngine.load(folder / ENGINE_FILE)


def _batched(
    prepared: Mapping[str, Prepared],
    answer: Callable[[dict[str, Any]], torch.Tensor],
    device: torch.device,
    tick: Ticker | None,
) -> FloatArray:
    lengths = np.max([p.lengths for p in prepared.values()], axis=0)
    result: FloatArray | None = None
    done = 0
    for rows in prediction_batches(lengths, _TOKENS):
        batch = {name: {k: v.to(device) for k, v in p.collate(rows).items()} for name, p in prepared.items()}
        with inference():
            values = answer(batch).cpu().numpy()
        if result is None:
            result = np.empty((len(lengths), *values.shape[1:]), dtype=np.float64)
        result[rows] = values
        done += len(rows)
        if tick is not None:
            tick(done, len(lengths))
    return np.empty((0,), dtype=np.float64) if result is None else result
