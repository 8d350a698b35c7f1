"""What the routes of answers, Cases and Reviews take."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from primum.i18n import Language
from primum.serve.cases import Verb
from primum.serve.people.bodies import Body
from primum.serve.placing import Stance

MOST_QUESTIONS = 256
_LONGEST_TEXT = 200_000
Value = Annotated[str, Field(max_length=_LONGEST_TEXT, strict=True)] | StrictBool | StrictInt | StrictFloat | None
Inputs = Annotated[
    dict[Annotated[str, Field(max_length=200)], Value],
    Field(
        min_length=1,
        max_length=1000,
        description="Value by column of the study: notes, vitals, attributes of the patient, hospital. What is not "
        "known is left out.",
        examples=[{"note": "63-year-old man with chest pressure on exertion.", "age": 63, "sex": "Male"}],
    ),
]
Patient = Annotated[
    str | None,
    Field(
        max_length=200,
        min_length=1,
        description="Id of the patient, under which the Case can be found and erased; kept encrypted.",
        examples=["P-1027"],
    ),
]
ReleaseName = Annotated[
    str | None,
    Field(
        max_length=200,
        description="SHA-256 of the Release, its first eight or more digits, or its study; left out: the one in use.",
        examples=["heart"],
    ),
]


File = Annotated[
    StrictStr | None,
    Field(
        min_length=4,
        max_length=300_000_000,
        description="A PNG, JPEG, TIFF or DICOM file in base64. Its pixels are kept, encrypted; its header is not.",
        json_schema_extra={"contentEncoding": "base64"},
    ),
]


class Ask(Body):
    """One question."""

    inputs: Inputs = {}
    patient: Patient = None
    release: ReleaseName = None
    lang: Language = Field("en", description="Language of the sentences in the answer.")
    explain: StrictBool = Field(
        False, description="Whether the reasons are wanted too; this asks the model a hundred times more."
    )
    image: File = None
    prior: File = None
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "inputs": {"note": "63-year-old man with chest pressure on exertion.", "age": 63, "sex": "Male"},
                "patient": "P-1027",
                "lang": "en",
            }
        },
    )


class One(Body):
    """One of several questions."""

    inputs: Inputs
    patient: Patient = None


class AskAll(Body):
    """Several questions to one Release; all are answered, or none."""

    questions: list[One] = Field(min_length=1, max_length=MOST_QUESTIONS)
    release: ReleaseName = None
    lang: Language = Field("en", description="Language of the sentences in the answers.")


class Search(Body):
    """Whose Cases are wanted."""

    patient: StrictStr = Field(min_length=1, max_length=200, description="Id of the patient.", examples=["P-1027"])
    limit: int = Field(50, ge=1, le=200)


class Place(Body):
    """A place in a Case's image that a person marked, or what they hold of one that the model marked."""

    label: StrictStr = Field("", max_length=200, description="What is there; left out of a mark kept or rejected.")
    box: tuple[float, float, float, float] = Field(
        (0.0, 0.0, 0.0, 0.0),
        description="Left, top, right, bottom in pixels of the image as it was sent; right and bottom are outside. "
        "Left out of a mark kept or rejected.",
    )
    stance: Stance = Field(
        "add", description="add what the model did not mark, or keep, change or reject the mark that `mark` names."
    )
    mark: StrictInt | None = Field(None, description="Number of the model's mark in `marks.places`, from 0.")


class Decide(Body):
    """What a person decides on a Case."""

    decision: Verb = Field(description="accept the answer, correct it, or refuse it.")
    answer: StrictStr | None = Field(
        None,
        max_length=2000,
        description="What is right instead; with `correct` it must be given, else left out. Of a model that marks "
        "places it is left out too: `regions` say it.",
    )
    reason: StrictStr = Field("", max_length=4000, description="Why; needed to correct or refuse.")
    regions: list[Place] = Field(
        [],
        max_length=200,
        description="Places in the image; only with `correct`. Of a model that marks places, marks that are not named "
        "are kept. They are kept encrypted.",
    )


class Assign(Body):
    """Who takes a held Case on."""

    account: StrictStr | None = Field(
        None, max_length=64, description="Account of a reviewer; left out: the one who asks; empty: nobody."
    )
