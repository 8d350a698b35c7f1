"""The card in the XML of the Coalition for Health AI's applied model card, schema 0.2 (https://mc.chai.org)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from primum.evidence.split_names import is_external, set_of

NAMESPACE = "https://mc.chai.org/v0.2/schema.xsd"
_NOT_STATED = "not stated"
_NOT_MEASURED = "not measured"

Tree = Mapping[str, Any]
"""Element name -> text, a further Tree, or a list of Trees, in the schema's order."""


def card_xml(card: Mapping[str, Any]) -> str:
    """Return the card as XML with the elements the schema asks for, in its order."""
    ElementTree.register_namespace("", NAMESPACE)
    root = ElementTree.Element(f"{{{NAMESPACE}}}AppliedModelCard")
    _grow(root, _content(card))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _grow(parent: ElementTree.Element, tree: Tree) -> None:
    for name, value in tree.items():
        for one in value if isinstance(value, list) else [value]:
            child = ElementTree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
            if isinstance(one, Mapping):
                _grow(child, one)
            else:
                child.text = _allowed(str(one))


def _allowed(text: str) -> str:
    """Return the text without the control characters that XML 1.0 forbids."""
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))


def _content(card: Mapping[str, Any]) -> Tree:
    use, verdict, target = card["intended_use"], card["verdict"], card["target"]
    return {
        "BasicInfo": {"ModelName": card["name"], "ModelDeveloper": _NOT_STATED, "DeveloperContact": _NOT_STATED},
        "ReleaseInfo": {
            "ReleaseStage": f"Run, verdict {verdict['outcome']}; not a medical device",
            "ReleaseDate": _NOT_STATED,
            "ReleaseVersion": _NOT_STATED,
            "GlobalAvailability": _NOT_STATED,
        },
        "ModelSummary": {"Summary": card["question"], "Keywords": {}},
        "UsesAndDirections": {
            "IntendedUseAndWorkflow": f"{card['question']} Setting: {use['setting']}",
            "PrimaryIntendedUsers": use["user"],
            "HowToUse": "As one opinion beside others; a person decides.",
            "TargetedPatientPopulation": use["population"],
            "CautionedOutOfScopeSettings": use["not_for"],
        },
        "Warnings": {
            "KnownRisksAndLimitations": _reasons(verdict["reasons"]),
            "KnownBiasesOrEthicalConsiderations": "See FairnessEquity." if card["fairness"] else _NOT_MEASURED,
            "ClinicalRiskLevel": use["risk"],
        },
        "TrustIngredients": {
            "AISystemFacts": {
                "OutcomesAndOutputs": target.get("column", _NOT_STATED) if isinstance(target, Mapping) else target,
                "ModelType": json.dumps(card["model"]["adapt"], ensure_ascii=False),
                "FoundationModels": card["model"]["backbone"],
                "InputDataSource": f"Records fingerprint {card['cohort']['fingerprint']}",
                "OutputAndInputDataTypes": ", ".join(card["inputs"]) or _NOT_STATED,
                "DevelopmentDataCharacterization": f"{card['cohort']['records']} records; see cohort.json.",
                "BiasMitigationApproaches": _NOT_STATED,
                "OngoingMaintenance": _NOT_STATED,
            },
            "TransparencyInformation": {"FundingSource": _NOT_STATED, "StakeholdersConsulted": _NOT_STATED},
        },
        "KeyMetrics": {
            "UsefulnessUsabilityEfficacy": _metrics("Useful on unseen patients", card["performance"]["test"], "test"),
            "FairnessEquity": _metrics("Equal service to all groups", card["fairness"] or _NOT_MEASURED, "test"),
            "SafetyReliability": _metrics("Holds elsewhere", _elsewhere(card["performance"]), "external"),
        },
        "Resources": {"PeerReviewedPublications": _NOT_STATED, "PatientConsentOrDisclosure": _NOT_STATED},
        "Bibliography": _NOT_STATED,
    }


def _elsewhere(performance: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | str:
    """Return the figures of every external set, each titled with the set's name."""
    lines = [
        {**line, "title": f"{line['title']}, {set_of(split)}" if set_of(split) else line["title"]}
        for split, figures in performance.items()
        if is_external(split) and not isinstance(figures, str)
        for line in figures
    ]
    return lines or _NOT_MEASURED


def _reasons(reasons: Sequence[Mapping[str, Any]]) -> str:
    return " ".join(str(reason["because"]) for reason in reasons) or "No rule of the policy failed."


def _metrics(goal: str, figures: Sequence[Mapping[str, Any]] | str, split: str) -> Tree:
    measured = not isinstance(figures, str)
    lines = [_result(line) for line in figures if isinstance(line, Mapping)] if measured else []
    return {
        "MetricGoal": goal,
        "Results": {"MetricResult": lines or [{"Label": _NOT_MEASURED, "ValueJson": "null"}]},
        "Interpretation": "Each figure with its interval and the records it rests on." if measured else _NOT_MEASURED,
        "TestType": "Retrospective, held-out records" if measured else _NOT_MEASURED,
        "TestingDataDescription": f"The {split} split" if measured else _NOT_MEASURED,
        "ValidationProcessAndJustification": "Written policy; see verdict.json.",
    }


def _result(line: Mapping[str, Any]) -> Tree:
    kept = ("value", "low", "high", "level", "n", "slice", "versus", "enough")
    return {"Label": line["title"], "ValueJson": json.dumps({key: line[key] for key in kept}, ensure_ascii=False)}
