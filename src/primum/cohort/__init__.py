"""The cohort room: records with their roles, read, checked, split and summarised."""

from primum.cohort.annotators import read_annotators
from primum.cohort.augment import cropped, with_synonyms
from primum.cohort.build import column_names, read_attribute, read_cohort, read_records, read_shapes, take
from primum.cohort.cohort import SPLIT_NAMES, Cohort, Target
from primum.cohort.erased import Erased, read_erased
from primum.cohort.join import ExternalFile, with_external
from primum.cohort.plan import ExternalSet, SplitPlan, TimeWindow
from primum.cohort.propose import Proposal, propose_roles
from primum.cohort.records import Records, TextColumn, TextList, VitalColumn
from primum.cohort.roles import (
    ConsentRole,
    InputRoles,
    Roles,
    SensitiveRole,
    TargetRole,
    VitalRole,
)
from primum.cohort.splits import make_splits
from primum.cohort.summary import summarise
from primum.cohort.swap_plan import Swap, find_swaps
from primum.cohort.swaps import Swapped, swapped_records
from primum.cohort.whose import Owned, records_of

__all__ = [
    "SPLIT_NAMES",
    "Cohort",
    "ConsentRole",
    "Erased",
    "ExternalFile",
    "ExternalSet",
    "InputRoles",
    "Owned",
    "Proposal",
    "Records",
    "Roles",
    "SensitiveRole",
    "SplitPlan",
    "Swap",
    "Swapped",
    "Target",
    "TargetRole",
    "TextColumn",
    "TextList",
    "TimeWindow",
    "VitalColumn",
    "VitalRole",
    "column_names",
    "cropped",
    "find_swaps",
    "make_splits",
    "propose_roles",
    "read_annotators",
    "read_attribute",
    "read_cohort",
    "read_erased",
    "read_records",
    "read_shapes",
    "records_of",
    "summarise",
    "swapped_records",
    "take",
    "with_external",
    "with_synonyms",
]
