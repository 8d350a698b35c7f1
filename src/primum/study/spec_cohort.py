"""The cohort of a study file: source, roles of the columns, splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from primum.cohort.roles import CodedKind
from primum.errors import nearest
from primum.evidence.split_names import set_of
from primum.study.spec_base import BaseSpec as _Spec
from primum.study.spec_base import Columns, Text, Texts, as_list
from primum.study.spec_external import External, ExternalFiles
from primum.study.spec_image import ImageSpec, column_alone
from primum.study.spec_privacy import DeidSpec, switched
from primum.study.spec_regions import BoxesSpec, MasksSpec, mask_alone, source_alone
from primum.study.spec_transparency import Change

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class VitalSpec(_Spec):
    """One vital: a bare column name, or this mapping."""

    column: str = Field(description="Column name.")
    type: Literal["number", "category"] | None = Field(None, description="Inferred from the values when left out.")
    unit: str | None = Field(None, description="Unit as it stands in the records, e.g. mmHg.")
    range: tuple[float, float] | None = Field(None, description="Smallest and largest plausible value, in the unit.")
    missing: Texts = Field((), description="Values that mean 'not measured' besides an empty field.")
    code: Texts = Field(
        (),
        description="Where a FHIR record holds it: system|code of an Observation or Condition, patient.gender or "
        "patient.age.",
    )
    values: Mapping[str, str] = Field(
        {}, description="What a FHIR code is called in the records, e.g. {male: Male}; others are taken as they are."
    )

    changes: Change | None = Field(
        None,
        description="How a counterfactual may change it: any, up, down (numbers) or never; left out: never for age, "
        "sex and sensitive attributes, any for all others.",
    )

    @field_validator("code")
    @classmethod
    def _coded(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if one not in ("patient.gender", "patient.age") and not all(one.partition("|")):
                raise ValueError(f"{one!r}: expected system|code, patient.gender or patient.age")
        return value

    @model_validator(mode="after")
    def _goes_up_or_down(self) -> VitalSpec:
        if self.changes in ("up", "down") and self.type != "number":
            raise ValueError(f"changes: {self.changes} is for numbers; add type: number, or say any or never")
        return self

    @field_validator("range")
    @classmethod
    def _ordered(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[0] >= value[1]:
            raise ValueError("the first number must be below the second")
        return value


def _vital(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Vital = Annotated[VitalSpec, BeforeValidator(_vital)]
Vitals = Annotated[tuple[Vital, ...], BeforeValidator(as_list)]


class InputsSpec(_Spec):
    """The columns the model may see; any of them may be missing in a record."""

    text: Columns = Field((), description="A text column, or several that are joined.")
    vitals: Vitals = Field((), description="Numbers and categories.")
    image: Annotated[ImageSpec | None, BeforeValidator(column_alone)] = Field(
        None, description="A column of image files: PNG, JPEG, TIFF, DICOM or NIfTI."
    )

    @model_validator(mode="after")
    def _one_at_least(self) -> InputsSpec:
        if not self.text and not self.vitals and self.image is None:
            raise ValueError("name at least one text, vitals or image column")
        return self


class TargetSpec(_Spec):
    """What the model is to predict."""

    column: str = Field("", description="Column name; of regions none, or that of the masks.")
    type: Literal["classes", "labels", "number", "regions"] = Field(
        "classes",
        description="classes: one of several; labels: several at once, ;-separated; number: a quantity; "
        "regions: places marked in images.",
    )
    boxes: Annotated[BoxesSpec | None, BeforeValidator(source_alone)] = Field(
        None, description="Of regions: a table with one box a row."
    )
    masks: Annotated[MasksSpec | None, BeforeValidator(mask_alone)] = Field(
        None, description="Of regions: a column of mask files, each of the size of its image."
    )
    annotators: Columns = Field(
        (), description="Columns with the classes that several annotators gave; empty where one gave none."
    )

    @property
    def coded(self) -> CodedKind:
        """What the target is once it is coded: of regions the number says how much is marked."""
        return "number" if self.type == "regions" else self.type

    @model_validator(mode="before")
    @classmethod
    def _masks_are_the_column(cls, value: Any) -> Any:
        masks = mask_alone(value.get("masks")) if isinstance(value, Mapping) else None
        if isinstance(value, Mapping) and isinstance(masks, Mapping) and not value.get("column"):
            return {**value, "column": masks.get("column", "")}
        return value

    @model_validator(mode="after")
    def _somewhere(self) -> TargetSpec:
        if self.type != "regions" and (self.boxes is not None or self.masks is not None):
            raise ValueError(f"boxes and masks are of a target of type regions, not {self.type}")
        if self.type == "regions" and (self.boxes is None) == (self.masks is None):
            raise ValueError("regions: give boxes (a table) or masks (a column), one of the two")
        if self.type != "regions" and not self.column:
            raise ValueError("column: name the column of the target")
        return self

    @model_validator(mode="after")
    def _several(self) -> TargetSpec:
        if len(self.annotators) == 1:
            raise ValueError("annotators: name the columns of two annotators or more")
        if self.annotators and self.type != "classes":
            raise ValueError(f"annotators: agreement is of classes; a target of type {self.type} has none")
        return self


class SensitiveSpec(_Spec):
    """An attribute by which patients may be served unequally: a bare column name, or this mapping."""

    column: str = Field(description="Column name.")
    bins: tuple[float, ...] | None = Field(None, description="Ascending edges of the bands of a number.")

    @field_validator("bins")
    @classmethod
    def _ascending(cls, value: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if value is not None and (len(value) < 2 or any(b <= a for a, b in zip(value, value[1:], strict=False))):
            raise ValueError("bins must be at least two ascending numbers")
        return value


def _sensitive(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Sensitive = Annotated[tuple[Annotated[SensitiveSpec, BeforeValidator(_sensitive)], ...], BeforeValidator(as_list)]


class ConsentSpec(_Spec):
    """Which records may be used."""

    column: str = Field(description="Column name.")
    granted: Texts = Field(("yes",), description="Values that grant consent; every other value refuses it.")


class SplitSpec(_Spec):
    """How records are divided; one patient's records always stay together."""

    by: Literal["patient"] = Field("patient", description="The unit that is divided.")
    train: Fraction = Field(0.6, description="Share of patients to fit on.")
    validation: Fraction = Field(0.1, description="Share to choose the best epoch on.")
    calibration: Fraction = Field(0.1, description="Share for thresholds, calibration and conformal sets.")
    test: Fraction = Field(0.2, description="Share to judge on.")
    external: External | None = Field(
        None, description="Held-out hospitals or window of time; or several such, by name: {zurich: {site: [Zurich]}}."
    )
    column: str | None = Field(None, description="A column that gives every record's split.")
    names: dict[Text, str] = Field({}, description="Its values, where they differ from the split names.")
    seed: int = Field(7, ge=0, description="Seed of the division.")

    @model_validator(mode="after")
    def _sum(self) -> SplitSpec:
        total = self.train + self.validation + self.calibration + self.test
        if self.column is None and abs(total - 1.0) > 1e-6:
            raise ValueError(f"train, validation, calibration and test must sum to 1, not {total:g}")
        if self.column is None and (self.train == 0 or self.test == 0 or self.validation == 0):
            raise ValueError("train, validation and test must each be above 0")
        return self


class CohortSpec(_Spec):
    """The records and their roles."""

    source: str = Field(
        description="File of records, or folder of images; a relative path starts at the study file's folder."
    )
    id: str | None = Field(None, description="Record id; left out: the row number.")
    patient: str | None = Field(None, description="Patient id; left out: every record is one patient.")
    inputs: InputsSpec
    deid: Annotated[DeidSpec | None, BeforeValidator(switched)] = Field(
        DeidSpec(),  # type: ignore[call-arg]
        description="Identifiers in the texts are masked before anything reads them; false: they stay.",
    )
    target: TargetSpec
    sensitive: Sensitive = Field((), description="Attributes by which patients may be served unequally.")
    reference: dict[Text, dict[Text, Fraction]] = Field(
        {}, description="Share of each group in the population it is for, by attribute, e.g. {sex: {Female: 0.5}}."
    )
    quasi_identifiers: Sensitive = Field(
        (), description="What an outsider may know of a patient; left out: the sensitive attributes and the hospital."
    )
    population: int | None = Field(
        None, ge=1, description="People that the patients were drawn from; for the risk of finding them among these."
    )
    site: str | None = Field(None, description="Hospital.")
    time: str | None = Field(None, description="When the record was made.")
    consent: ConsentSpec | None = Field(None, description="Consent filter.")
    erased: str = Field(
        "erased.json",
        description="List of erased patients, which `primum erase` keeps; a relative path starts here too.",
    )
    label_map: dict[Text, Text] = Field({}, description="Value in the target column -> class name.")
    split: SplitSpec = Field(SplitSpec(), description="How records are divided.")  # type: ignore[call-arg]
    external: ExternalFiles = Field(
        {}, description="External sets in files of their own, by name: {zurich: {source: zurich.csv}}."
    )

    @model_validator(mode="after")
    def _named_once(self) -> CohortSpec:
        held_out = self.split.external if isinstance(self.split.external, dict) else {}
        twice = sorted(set(self.external) & {*held_out, *filter(None, map(set_of, self.split.names.values()))})
        if twice:
            raise ValueError(f"{twice[0]!r} is the name of two external sets; give each its own")
        return self

    @field_validator("reference")
    @classmethod
    def _shares(cls, value: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        above = [attribute for attribute, shares in value.items() if sum(shares.values()) > 1 + 1e-6]
        if above:
            raise ValueError(f"the shares of {', '.join(above)} sum to more than 1")
        return value

    @model_validator(mode="after")
    def _annotators_unseen(self) -> CohortSpec:
        image = self.inputs.image
        seen = {*self.inputs.text, *(v.column for v in self.inputs.vitals), *([image.column] if image else [])}
        shown = [name for name in self.target.annotators if name in seen]
        if shown:
            raise ValueError(f"target.annotators: {', '.join(shown)} is an input too, which shows the model the answer")
        return self

    @model_validator(mode="after")
    def _reference_fits(self) -> CohortSpec:
        known = [sensitive.column for sensitive in self.sensitive]
        for attribute in self.reference:
            if attribute not in known:
                raise ValueError(
                    f"reference: {attribute!r} is not among the sensitive columns{nearest(attribute, known)}"
                )
        return self
