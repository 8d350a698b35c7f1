"""The papers of a run: datasheet, Annex IV, HTI-1, TRIPOD+AI and the pages for patients, filled from its findings."""

from primum.ethics.papers.answer import PatientAnswer, answer_page
from primum.ethics.papers.facts import Facts, read_facts
from primum.ethics.papers.patient import patient_page
from primum.ethics.papers.schema import PAPERS
from primum.ethics.papers.writing import FOLDER, Written, write_papers

__all__ = [
    "FOLDER",
    "PAPERS",
    "Facts",
    "PatientAnswer",
    "Written",
    "answer_page",
    "patient_page",
    "read_facts",
    "write_papers",
]
