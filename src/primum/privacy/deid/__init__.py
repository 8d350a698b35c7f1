"""De-identification: what in a text tells who somebody is, and what to put in its place."""

from primum.privacy.deid.deidentifier import Deidentifier
from primum.privacy.deid.engine import Recogniser, find
from primum.privacy.deid.keyed import Keyed, read_key
from primum.privacy.deid.kinds import KINDS, Kind
from primum.privacy.deid.lists import may_be_name
from primum.privacy.deid.ner import MODELS, installed, pinned, recognisers
from primum.privacy.deid.ner_en import SpacyRecogniser
from primum.privacy.deid.of_cohort import mask_records, mask_texts, masked_findings, without_identifiers
from primum.privacy.deid.replace import Plan, plan_of
from primum.privacy.deid.score import Score, Share, read_labelled, score
from primum.privacy.deid.sources import SUFFIXES, Choice, Cleaned, deidentify
from primum.privacy.deid.spans import Span

__all__ = [
    "KINDS",
    "MODELS",
    "SUFFIXES",
    "Choice",
    "Cleaned",
    "Deidentifier",
    "Keyed",
    "Kind",
    "Plan",
    "Recogniser",
    "Score",
    "Share",
    "SpacyRecogniser",
    "Span",
    "deidentify",
    "find",
    "installed",
    "mask_records",
    "mask_texts",
    "masked_findings",
    "may_be_name",
    "pinned",
    "plan_of",
    "read_key",
    "read_labelled",
    "recognisers",
    "score",
    "without_identifiers",
]
