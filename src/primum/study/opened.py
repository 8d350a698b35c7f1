"""A finished run's model, opened once and asked often: everything that goes with an answer, without a table.

Needs no torch where the run wrote a served model; then a serving process and `primum predict` answer alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from primum.cohort import Records
from primum.cohort.roles import InputRoles, Roles
from primum.errors import InputError
from primum.evidence.marks import Marking
from primum.evidence.predictions import FloatArray, IntArray, TextArray
from primum.extras import require
from primum.fairness import SliceDecisions
from primum.files import read_saved
from primum.knowledge.rules import Asked, Spoken
from primum.privacy.deid import pinned
from primum.progress import Progress, Silent
from primum.safety import Abstention, Calibrator, Conformal, Disagreement, Novelty, Reliability, sureness_of
from primum.safety.novelty import Judged
from primum.study.advising import disagreement
from primum.study.in_use import in_use
from primum.study.loading import read_yaml, validate
from primum.study.ruling import asked_in_use, spoken_of
from primum.study.spec import StudySpec
from primum.study.study import input_roles, roles_of
from primum.transparency.similar import Groups

if TYPE_CHECKING:  # need torch, or ONNX Runtime, which are imported where a model is opened
    from primum.model.inputs.base import Prepared
    from primum.model.inside import Inside
    from primum.model.members import DropoutMembers, TrainedMembers
    from primum.model.predictor import Predictor
    from primum.model.regions import ServedRegions
    from primum.model.regions.predictor import RegionPredictor
    from primum.model.served import Served

    AskedModel = Predictor | Served
    MarksModel = RegionPredictor | ServedRegions


class LevelSource(Protocol):
    """Where the levels of sensitive attributes come from."""

    def of(self, attribute: str) -> TextArray:
        """Return each record's level of an attribute, or its hospital for "site".

        Raises:
            CohortError: the records lack it.
        """

    def known(self) -> dict[str, TextArray]:
        """Return the levels of those attributes that the records have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a model says of n records, and all that goes with it; what the run has not is None."""

    coded: npt.NDArray[np.float64] | IntArray
    """What is decided, coded as the target."""
    answers: FloatArray
    """Calibrated probabilities, shape (n, k), or numbers, shape (n,)."""
    intervals: FloatArray | None
    """Of each class's true share, shape (n, k, 2); None too where calibration patients were too few to tell."""
    ends: FloatArray | None
    """Of a number: both ends of its conformal interval, shape (n, 2)."""
    sets: npt.NDArray[np.bool_] | None
    """Classes in the conformal set, shape (n, k)."""
    given: npt.NDArray[np.bool_] | None
    """False where the model abstains, shape (n,)."""
    disagreement: Disagreement | None
    novel: Judged | None
    spoken: Spoken | None
    features: FloatArray
    """What the model makes of each record, by which similar patients are found, shape (n, width)."""
    marking: Marking | None = None
    """Of a model that marks places: those that it shows in each picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRun:
    """A run's or Release's model with its calibration, thresholds, sets, abstention and all that it says beside."""

    folder: Path
    spec: StudySpec
    model: AskedModel | MarksModel
    roles: InputRoles
    """Of the columns that new records have for the model."""
    every: Roles
    """Of all columns of the study."""
    calibrator: Calibrator | None
    decisions: SliceDecisions | None
    conformal: Conformal | None
    abstention: Abstention | None
    members: DropoutMembers | TrainedMembers | None
    novelty: Novelty | None
    rules: Asked | None
    reliability: Reliability | None
    """How far its probabilities hold; None for a number, and for a run from before there were intervals."""
    similar: Groups | None
    """Of training patients; None where the run kept none."""

    @property
    def kind(self) -> str:
        """Of the target: classes, labels or number."""
        return self.spec.cohort.target.coded

    def all_roles(self, columns_of: str) -> Roles:
        """Return the roles of every column, for messages about `columns_of`."""
        return replace(self.every, columns_of=columns_of)

    @property
    def marks(self) -> bool:
        """Whether it marks places in pictures; what it then says of a picture as a number is how much it marks."""
        return self.spec.cohort.target.type == "regions"

    def say(
        self,
        records: Records,
        levels: LevelSource,
        *,
        shapes: IntArray | None = None,
        progress: Progress | None = None,
    ) -> Said:
        """Return what the model says of records.

        Args:
            records: what the model may see, without identifiers where the study says so.
            levels: of their attributes; asked only for what is needed.
            shapes: of a model that marks places: height and width of each stored image, 0 for none, shape (n, 2).
            progress: is told of the records done.
        Raises:
            CohortError: the records lack an attribute by which the run decides.
        """
        marking, prepared, inside = self._asked(records, shapes, progress or Silent())
        coded, answers = self._decided(inside.answers, levels)
        found = None
        if self.members is not None:
            of_members = self.members.answers(self.model, prepared, inside.features)  # type: ignore[arg-type]
            found = disagreement(of_members, coded, lambda one: self._decided(one, levels)[0], kind=self.kind)
        known = levels.known() if self.rules is not None or _by_slice(self.conformal) else {}
        return Said(
            coded=coded,
            answers=answers,
            intervals=None if self.reliability is None else self.reliability.intervals(inside.answers),
            ends=self._ends(answers, known),
            sets=self._sets(answers, known),
            given=self._given(answers, coded),
            disagreement=found,
            novel=None if self.novelty is None else self.novelty.judge(records, inside),
            spoken=None
            if self.rules is None
            else spoken_of(
                self.rules,
                records,
                known,
                self.every,
                coded=coded,
                answers=answers,
                classes=self.model.classes,
            ),
            features=inside.features,
            marking=marking,
        )

    def _asked(
        self, records: Records, shapes: IntArray | None, progress: Progress
    ) -> tuple[Marking | None, Mapping[str, Prepared], Inside]:
        """Return what is marked, the inputs as the model takes them, and what it computes of them."""
        if not self.marks:
            asked = cast("AskedModel", self.model)
            prepared = asked.prepare(records)
            return None, prepared, asked.inside_prepared(prepared, tick=progress.advance)
        marker = cast("MarksModel", self.model)
        assert shapes is not None
        marking, inside = marker.read(marker.prepare(records), shapes, tick=progress.advance)
        return marking.above(marker.spec.threshold), {}, inside

    def _decided(
        self, answers: FloatArray, levels: LevelSource
    ) -> tuple[npt.NDArray[np.float64] | IntArray, FloatArray]:
        return in_use(answers, kind=self.kind, calibrator=self.calibrator, decisions=self.decisions, levels=levels.of)

    def _ends(self, answers: FloatArray, known: Mapping[str, TextArray]) -> FloatArray | None:
        if self.conformal is None or self.conformal.target_type != "number":
            return None
        return self.conformal.intervals(answers, known)

    def _sets(self, answers: FloatArray, known: Mapping[str, TextArray]) -> npt.NDArray[np.bool_] | None:
        if self.conformal is None or self.conformal.target_type == "number":
            return None
        return self.conformal.sets(answers, known)

    def _given(self, answers: FloatArray, coded: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
        if self.abstention is None:
            return None
        return self.abstention.answers(sureness_of(answers, np.asarray(coded, dtype=np.int64)))


def _by_slice(conformal: Conformal | None) -> bool:
    return conformal is not None and bool(conformal.threshold.offsets)


def open_run(run: Path, *, threads: int | None = None, torch_allowed: bool = True) -> OpenedRun:
    """Return a finished run's or a Release's model, ready to be asked.

    Args:
        run: the folder.
        threads: that one call of a served model may use; None: as many as the process may.
        torch_allowed: whether a run without a served model is opened with torch.
    Raises:
        InputError: the run is not finished, or needs torch where it is not allowed.
        ExtraMissingError: what its model needs is not installed.
    """
    spec = spec_of(run)
    folder = run / "model"
    marks = spec.cohort.target.type == "regions"
    model: AskedModel | MarksModel | None
    if marks:
        model = open_marker(folder, threads=threads) if torch_allowed else _served_marker(folder, threads)
    else:
        model = _model_of(folder, threads) if torch_allowed else _served_of(folder, threads)
    if model is None:
        raise InputError(
            f"{run}: has no served model, because its study asks for `engine: torch`, for an ensemble of trained "
            "models or for an image network that cannot be exported; run it again with `model.engine: auto`."
        )
    from primum.model.members import load_members

    roles = roles_for(spec, model)
    every = replace(roles_of(spec.cohort, "the record"), inputs=roles)
    return OpenedRun(
        folder=run,
        spec=spec,
        model=model,
        roles=roles,
        every=every,
        calibrator=Calibrator.load(folder),
        decisions=SliceDecisions.load(folder),
        conformal=Conformal.load(folder),
        abstention=Abstention.load(folder),
        members=load_members(folder),
        novelty=Novelty.load(folder),
        rules=asked_in_use(folder, every, model.classes),
        reliability=Reliability.load(folder),
        similar=Groups.load(folder),
    )


def spec_of(run: Path) -> StudySpec:
    """Return the study of a finished run or a Release.

    Raises:
        InputError: the run is not finished.
        ExtraMissingError: a model that masked the texts it learnt from is not installed.
    """
    if not (run / "study.yaml").is_file() or not (run / "model").is_dir():
        raise InputError(f"{run}: no finished run there; give the folder that `primum run` wrote.")
    spec = validate(StudySpec, _as_run(read_yaml(run / "study.yaml")), source=str(run / "study.yaml"))
    pinned(spec.cohort.deid.ner if spec.cohort.deid else ())
    return spec


def _as_run(study: dict[str, Any]) -> dict[str, Any]:
    """Return a run's study; one from before a way of de-identifying goes on reading texts without it."""
    cohort = {"deid": False, **study.get("cohort", {})}
    if isinstance(cohort["deid"], dict):
        cohort["deid"] = {"ner": [], **cohort["deid"]}
    return {**study, "cohort": cohort}


def _model_of(folder: Path, threads: int | None) -> Predictor | Served:
    served = _served_of(folder, threads)
    if served is not None:
        return served
    require("transformers", extra="train", purpose="Predicting")
    from primum.model.predictor import Predictor

    return Predictor.load(folder)


def open_marker(folder: Path, *, threads: int | None = None) -> MarksModel:
    """Return the network of marks in a model's folder: its served form where there is one, else that in torch.

    Args:
        folder: of the model.
        threads: that one call of a served model may use; None: as many as the process may.
    Raises:
        InputError: the model marks no places.
        ExtraMissingError: what it needs is not installed.
    """
    served = _served_marker(folder, threads)
    if served is not None:
        return served
    require("torch", extra="train", purpose="Marking places")
    from primum.model.regions.predictor import RegionPredictor

    return RegionPredictor.load(folder)


def _served_marker(folder: Path, threads: int | None) -> ServedRegions | None:
    from primum.model.regions import ServedRegions

    return ServedRegions.load(folder, threads=threads)


def _served_of(folder: Path, threads: int | None) -> Served | None:
    """Return the served model; None where there is none, or its ensemble needs torch."""
    from primum.model.members import ENSEMBLE_FILE
    from primum.model.served import Served

    how = read_saved(folder / ENSEMBLE_FILE, lambda said: str(said["how"]), what="an ensemble")
    return None if how == "training" else Served.load(folder, threads=threads)


def roles_for(spec: StudySpec, model: AskedModel | MarksModel) -> InputRoles:
    """Return the roles of the columns that new records have for a model.

    Every vital is of the kind it was tuned as, whatever the new values look like, and images in colour are refused
    where the model was tuned on grey ones.
    """
    roles, kinds = input_roles(spec.cohort.inputs), model.vital_kinds()
    grey = roles.image is not None and model.colour() is False
    return replace(
        roles,
        vitals=tuple(replace(v, kind=kinds.get(v.column, v.kind)) for v in roles.vitals),
        image=replace(roles.image, colour="grey") if roles.image is not None and grey else roles.image,
    )
