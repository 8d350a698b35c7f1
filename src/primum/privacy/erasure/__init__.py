"""Erasure: the list of patients who may not be used, what learnt from one, and what their rows were."""

from primum.privacy.erasure.clearing import cleared, unfinished_work
from primum.privacy.erasure.findings import ERASED, erasure_findings
from primum.privacy.erasure.listing import add_to_list
from primum.privacy.erasure.marks import Mark, add_mark, must_rebuild, read_marks
from primum.privacy.erasure.places import LEARNT_FROM, Place, find_places, records_by_patient, splits_of
from primum.privacy.erasure.queue import add_request, settle, waiting

__all__ = [
    "ERASED",
    "LEARNT_FROM",
    "Mark",
    "Place",
    "add_mark",
    "add_request",
    "add_to_list",
    "cleared",
    "erasure_findings",
    "find_places",
    "must_rebuild",
    "read_marks",
    "records_by_patient",
    "settle",
    "splits_of",
    "unfinished_work",
    "waiting",
]
