"""Clinical rules as data: read from YAML, held against records and answers, saved whole with a model."""

from primum.knowledge.rules.facts import Answers, RecordFacts
from primum.knowledge.rules.reading import file_of, pack_names, parse_rules, read_rules
from primum.knowledge.rules.rule import SEVERITIES, THENS, ClinicalRule
from primum.knowledge.rules.saving import RULES_FILE, load_rules, save_rules
from primum.knowledge.rules.schema import Schema, schema_of
from primum.knowledge.rules.speaking import Asked, Spoken, rules_to_ask, speak

__all__ = [
    "RULES_FILE",
    "SEVERITIES",
    "THENS",
    "Answers",
    "Asked",
    "ClinicalRule",
    "RecordFacts",
    "Schema",
    "Spoken",
    "file_of",
    "load_rules",
    "pack_names",
    "parse_rules",
    "read_rules",
    "rules_to_ask",
    "save_rules",
    "schema_of",
    "speak",
]
