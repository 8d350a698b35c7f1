"""A Study: what is to be done and for whom, loaded and checked, ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from primum.cohort import (
    Cohort,
    ExternalFile,
    ExternalSet,
    SplitPlan,
    TimeWindow,
    make_splits,
    read_annotators,
    read_cohort,
    read_erased,
    with_external,
)
from primum.cohort.roles import (
    BoxesRole,
    ConsentRole,
    ImageRole,
    InputRoles,
    MasksRole,
    Roles,
    SensitiveRole,
    TargetRole,
    VitalRole,
)
from primum.errors import StudyError, nearest
from primum.privacy.deid import pinned, without_identifiers
from primum.progress import Progress
from primum.study.loading import apply_overrides, read_yaml, validate
from primum.study.run import Run
from primum.study.search_space import Space, extract
from primum.study.spec import StudySpec
from primum.study.spec_cohort import CohortSpec, InputsSpec, SplitSpec, TargetSpec
from primum.study.spec_external import ExternalSpec

_BUILTIN = Path(__file__).parent / "builtin"


def builtin_names() -> tuple[str, ...]:
    """Return the names of the studies that come with primum."""
    return tuple(sorted(place.parent.name for place in _BUILTIN.glob("*/study.yaml")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A loaded study."""

    spec: StudySpec
    """Every key with its value."""
    folder: Path
    """Where the study's relative paths start."""
    spaces: Mapping[str, Space]
    """What a search may vary, by dotted key; empty for most studies."""

    @classmethod
    def load(cls, source: str | Path, *, overrides: Sequence[str] = ()) -> Study:
        """Return the study of a file, of a folder with a study.yaml, or of a built-in name.

        Args:
            source: path or name.
            overrides: `key.path=value`, as after --set.
        Raises:
            StudyError: there is none, or it has faults; all of them are named in one message.
        """
        path = locate_study(source)
        plain, spaces = extract(apply_overrides(read_yaml(path), overrides))
        return cls(
            spec=validate(StudySpec, plain, source=str(source)), folder=path.resolve().parent, spaces=dict(spaces)
        )

    def read_cohort(self) -> Cohort:
        """Return the study's records with their roles, without those of erased patients.

        Texts are de-identified unless the study switches that off.

        Raises:
            CohortError: the records cannot be read or used.
            ExtraMissingError: a model that is to find identifiers is not installed.
        """
        cohort = self.spec.cohort
        roles = replace(
            roles_of(cohort, self.source.name, self.folder), erased=read_erased(self.place_of(cohort.erased))
        )
        own = read_cohort(self.source, roles, split_column=cohort.split.column)
        files = {
            name: ExternalFile(source=self.place_of(file.source), own_ids=file.own_ids)
            for name, file in cohort.external.items()
        }
        whole = with_external(own, files)
        if cohort.deid is None:
            return whole
        return without_identifiers(whole, cohort.deid.keep, models=pinned(cohort.deid.ner))

    def annotators(self, cohort: Cohort) -> npt.NDArray[np.int64]:
        """Return the class that each annotator gave to each record, -1 for none, shape (n, annotators).

        Raises:
            ColumnError: an annotator's column is not there, or holds something else than a class.
        """
        columns = self.spec.cohort.target.annotators
        if not columns:
            return np.empty((len(cohort), 0), dtype=np.int64)
        return read_annotators(self.source, columns, cohort)

    @property
    def source(self) -> Path:
        """The file of records."""
        return self.place_of(self.spec.cohort.source)

    def place_of(self, source: str) -> Path:
        """Return the place of a file that the study names."""
        given = Path(source)
        return given if given.is_absolute() else self.folder / given

    def split(self, cohort: Cohort, *, keep_divided: bool = False) -> npt.NDArray[np.object_]:
        """Return each record's split, shape (n,).

        Args:
            cohort: the records.
            keep_divided: whether a given split that divides a patient is returned all the same, to be examined.
        Raises:
            SplitError: the records cannot be split as the study asks.
        """
        return make_splits(cohort, plan_of(self.spec.cohort.split), keep_divided=keep_divided)

    def run(
        self,
        out: str | Path | None = None,
        *,
        resume: bool = False,
        progress: Progress | None = None,
        lang: str = "en",
    ) -> Run:
        """Read, split, train, predict, assess, judge and report; return the finished run.

        Args:
            out: folder for the results; left out: runs/<study>, or the next free runs/<study>-<number>.
            resume: go on where a stopped run in `out` ended.
            progress: is told of every step.
            lang: language of the report, en or zh.
        """
        from primum.study.runner import run_study

        return run_study(self, out=None if out is None else Path(out), resume=resume, progress=progress, lang=lang)


def is_builtin(study: Study) -> bool:
    """Return whether a study is one that comes with primum."""
    return _BUILTIN in (study.folder, *study.folder.parents)


def locate_study(source: str | Path) -> Path:
    """Return the study file of a path, a folder or a built-in name.

    Raises:
        StudyError: there is none.
    """
    path = Path(source)
    if str(source) in builtin_names() and not path.is_file():
        return _BUILTIN / str(source) / "study.yaml"
    if path.is_dir():
        return path / "study.yaml"
    if not path.exists() and path.suffix not in (".yaml", ".yml"):
        known = ", ".join(builtin_names())
        raise StudyError(
            f"{source}: no study file, no folder with a study.yaml and no built-in study ({known})"
            f"{nearest(str(source), builtin_names())}."
        )
    return path


def input_roles(spec: InputsSpec) -> InputRoles:
    """Return the input columns' roles."""
    vitals = tuple(
        VitalRole(column=v.column, kind=v.type, unit=v.unit, range=v.range, missing=v.missing) for v in spec.vitals
    )
    image = None if spec.image is None else ImageRole(**spec.image.model_dump())
    return InputRoles(text=spec.text, vitals=vitals, image=image)


def sensitive_roles(spec: CohortSpec) -> tuple[SensitiveRole, ...]:
    """Return the sensitive attributes' roles."""
    return tuple(SensitiveRole(column=one.column, bins=one.bins) for one in spec.sensitive)


def quasi_identifier_roles(spec: CohortSpec) -> tuple[SensitiveRole, ...]:
    """Return the roles of what an outsider may know."""
    return tuple(SensitiveRole(column=one.column, bins=one.bins) for one in spec.quasi_identifiers)


def target_role(spec: TargetSpec, folder: Path) -> TargetRole:
    """Return the target's role; a relative table of boxes is beside the study, in `folder`."""
    if spec.boxes is not None:
        file = folder / spec.boxes.source  # an absolute path stays what it is
        boxes = BoxesRole(file=file, key=spec.boxes.image, label=spec.boxes.label)
        return TargetRole(column=file.name, kind=spec.type, regions=boxes)
    if spec.masks is not None:
        masks = MasksRole(label="" if spec.masks.values else spec.masks.label, values=dict(spec.masks.values))
        return TargetRole(column=spec.masks.column, kind=spec.type, regions=masks)
    return TargetRole(column=spec.column, kind=spec.type)


def roles_of(spec: CohortSpec, source: str, folder: Path = Path()) -> Roles:
    """Return every column's role as the study states it; its relative paths start at `folder`."""
    return Roles(
        inputs=input_roles(spec.inputs),
        target=target_role(spec.target, folder),
        id=spec.id,
        patient=spec.patient,
        sensitive=sensitive_roles(spec),
        quasi_identifiers=quasi_identifier_roles(spec),
        site=spec.site,
        time=spec.time,
        consent=None if spec.consent is None else ConsentRole(column=spec.consent.column, granted=spec.consent.granted),
        label_map=dict(spec.label_map),
        columns_of=source,
    )


def plan_of(spec: SplitSpec) -> SplitPlan:
    """Return the split plan as the study states it."""
    external = spec.external
    one = ExternalSet() if external is None or isinstance(external, dict) else _set_of(external)
    return SplitPlan(
        train=spec.train,
        validation=spec.validation,
        calibration=spec.calibration,
        test=spec.test,
        seed=spec.seed,
        external_sites=one.sites,
        external_time=one.time,
        external_sets={n: _set_of(s) for n, s in external.items()} if isinstance(external, dict) else {},
        column=spec.column,
        names=dict(spec.names),
    )


def _set_of(spec: ExternalSpec) -> ExternalSet:
    window = spec.time
    return ExternalSet(sites=spec.site, time=None if window is None else TimeWindow(start=window.start, end=window.end))
