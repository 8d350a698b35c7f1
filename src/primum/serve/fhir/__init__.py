"""FHIR in and out: a patient's resources become a Case, an answer becomes a RiskAssessment with its Provenance."""

from primum.serve.fhir.reading import FhirCase, read_case
from primum.serve.fhir.versions import VERSIONS, FhirVersion, validated
from primum.serve.fhir.writing import answer_bundle, capability_statement, operation_outcome

__all__ = [
    "VERSIONS",
    "FhirCase",
    "FhirVersion",
    "answer_bundle",
    "capability_statement",
    "operation_outcome",
    "read_case",
    "validated",
]
