"""Plausible run folders, made from a seed: binary with four hospitals, 24 classes, a number, and a bare audit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from primum.evidence import (
    Finding,
    Predictions,
    performance_findings,
    read_findings,
    write_findings,
    write_predictions,
)
from tests.study.report import fabricate_fairness

PLANTED = "PLANTED-<script>alert('x')</script>&\"quoted\""
SITES = {"Cleveland": 0.45, "Hungary": 0.36, "Switzerland": 0.93, "VA Long Beach": 0.75}
RECORD = "Zqx-record-"


def binary_run(folder: Path, *, better: float = 0.05, n: int = 500) -> Path:
    """Write a run like that of the heart study; `better` is the gain over the un-tuned model."""
    rng = np.random.default_rng(7)
    site = rng.choice(list(SITES), size=n, p=[0.34, 0.32, 0.13, 0.21])
    truth = (rng.random(n) < np.array([SITES[s] for s in site])).astype(np.int64)
    positive = 1 / (1 + np.exp(-(2.6 * truth - 1.5 + rng.normal(0, 1.2, n))))
    split = np.where(site == "VA Long Beach", "external", np.where(rng.random(n) < 0.75, "test", "validation"))
    predictions = Predictions(
        ids=_ids(n),
        split=split.astype(object),
        target_type="classes",
        classes=("Healthy", "Heart_Disease"),
        target=truth,
        predicted=(positive > 0.5).astype(np.int64),
        probabilities=np.column_stack([1 - positive, positive]),
        groups={"sex": rng.choice(["Female", "Male"], n).astype(object)},
        site=site.astype(object),
    )
    findings = performance_findings(predictions, n_resamples=60)
    findings += [
        *_gains("majority", {"auroc": (0.41, 0.36, 0.45), "balanced_accuracy": (0.33, 0.27, 0.38)}),
        *_gains("gradient_boosting", {"auroc": (0.004, -0.018, 0.026), "balanced_accuracy": (0.01, -0.03, 0.05)}),
        *_gains("tfidf_logistic_regression", {"auroc": (0.05, 0.02, 0.08), "balanced_accuracy": (0.04, 0.01, 0.08)}),
        *_gains("untuned_backbone", {"auroc": (better, better - 0.03, better + 0.03), "log_loss": (0.1, 0.06, 0.14)}),
        *_gains("text_alone", {"auroc": (0.03, 0.01, 0.05)}),
        *_gains("vitals_alone", {"auroc": (-0.004, -0.02, 0.012), "log_loss": (-0.05, -0.08, -0.02)}),
    ]
    _write(folder, findings, _verdict("review"), predictions)
    _dump(folder / "study.yaml", _study("heart", "Does this patient have coronary heart disease?"))
    _dump(folder / "cohort.json", _cohort())
    _dump(folder / "history.json", _history("balanced_accuracy"))
    _dump(folder / "baselines.json", _baselines())
    _dump(folder / "environment.json", _environment())
    return folder


def many_classes_run(folder: Path) -> Path:
    """Write a run over texts with 24 classes in which fine-tuning bought nothing."""
    rng = np.random.default_rng(11)
    names = (
        "Acne", "Arthritis", "Bronchial Asthma", "Cervical spondylosis", "Chicken pox", "Common Cold", "Dengue",
        "Dimorphic Hemorrhoids", "Fungal infection", "Hypertension", "Impetigo", "Jaundice", "Malaria", "Migraine",
        "Pneumonia", "Psoriasis", "Typhoid", "Varicose Veins", "allergy", "diabetes", "drug reaction",
        "gastroesophageal reflux disease", "peptic ulcer disease", "urinary tract infection",
    )  # fmt: skip
    n, k = 480, len(names)
    truth = np.repeat(np.arange(k), n // k)
    logits = rng.normal(0, 1, (n, k))
    logits[np.arange(n), truth] += 4.6
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    predictions = Predictions(
        ids=_ids(n),
        split=np.full(n, "test", dtype=object),
        target_type="classes",
        classes=names,
        target=truth,
        predicted=probabilities.argmax(axis=1),
        probabilities=probabilities,
    )
    findings = performance_findings(predictions, n_resamples=30)
    findings += [
        *_gains("untuned_backbone", {"balanced_accuracy": (0.21, 0.16, 0.26)}),
        *_gains("tfidf_logistic_regression", {"balanced_accuracy": (0.0, -0.02, 0.02), "accuracy": (0.0, -0.02, 0.02)}),
    ]
    _write(folder, findings, _verdict("pass"), predictions)
    _dump(
        folder / "study.yaml", {"study": "symptom2disease", "question": "Which of 24 diseases do these symptoms fit?"}
    )
    _dump(folder / "history.json", _history("balanced_accuracy"))
    return folder


def number_run(folder: Path) -> Path:
    """Write a run that predicts a number, on test and external records."""
    rng = np.random.default_rng(5)
    n = 3000
    truth = rng.gamma(4.0, 1.6, n)
    predictions = Predictions(
        ids=_ids(n),
        split=np.where(rng.random(n) < 0.7, "test", "external").astype(object),
        target_type="number",
        classes=(),
        target=truth,
        predicted=1.0 + 0.8 * truth + rng.normal(0, 1.1, n),
        probabilities=None,
    )
    findings = performance_findings(predictions, n_resamples=60)
    findings += _gains("majority", {"mae": (1.1, 1.0, 1.2)})
    _write(folder, findings, _verdict("pass"), predictions)
    _dump(folder / "study.yaml", {"study": "length-of-stay", "question": "How many days will this patient stay?"})
    _dump(folder / "history.json", _history("mae"))
    return folder


def labels_run(folder: Path) -> Path:
    """Write a run with several labels at once."""
    rng = np.random.default_rng(3)
    names, n = ("Cardiac", "Neurological", "Renal", "Skin"), 400
    target = (rng.random((n, len(names))) < 0.3).astype(np.int64)
    probabilities = 1 / (1 + np.exp(-(3 * target - 1.6 + rng.normal(0, 1, target.shape))))
    predictions = Predictions(
        ids=_ids(n),
        split=np.full(n, "test", dtype=object),
        target_type="labels",
        classes=names,
        target=target,
        predicted=(probabilities > 0.5).astype(np.int64),
        probabilities=probabilities,
    )
    _write(folder, performance_findings(predictions, n_resamples=30), _verdict("pass"), predictions)
    _dump(folder / "study.yaml", {"study": "event-groups", "question": "Which event groups does this report name?"})
    return folder


def audit_run(folder: Path) -> Path:
    """Write an audit: findings and a verdict, and nothing else."""
    findings = [Finding(pillar="safety", metric="auroc", value=0.61, low=0.5, high=0.71, n=90, split="test")]
    _write(folder, findings, _verdict("block"), None)
    return folder


def fairness_run(folder: Path, *, helped: bool = True) -> Path:
    """Write the heart study's run with everything on fairness, mitigated and swapped."""
    binary_run(folder)
    findings = [
        *fabricate_fairness.fairness_findings(),
        *fabricate_fairness.fairness_findings(n=380, depth=1, split="external"),
        *fabricate_fairness.swap_findings(),
        *fabricate_fairness.change_findings(helped=helped),
    ]
    return with_fairness(folder, findings)


def vast_fairness_run(folder: Path) -> Path:
    """Write a run with ten attributes and every intersection of three: tens of thousands of findings."""
    binary_run(folder)
    attributes = fabricate_fairness.many_attributes()
    return with_fairness(folder, fabricate_fairness.fairness_findings(n=20_000, attributes=attributes, depth=3))


def few_fairness_run(folder: Path) -> Path:
    """Write an audit, and nothing else, of so few patients that nothing can be told."""
    return with_fairness(audit_run(folder), fabricate_fairness.fairness_findings(n=60))


def number_fairness_run(folder: Path) -> Path:
    """Write a run that predicts a number, with gaps of error and bias."""
    return with_fairness(number_run(folder), fabricate_fairness.number_findings())


def classes_fairness_run(folder: Path) -> Path:
    """Write a run with 24 classes, with gaps over all classes and class by class."""
    many_classes_run(folder)
    return with_fairness(folder, fabricate_fairness.class_findings(("Acne", "Arthritis", "Dengue")))


def with_fairness(folder: Path, findings: Sequence[Finding], *, tolerance: float = 0.1) -> Path:
    """Add findings on fairness to a run, and rules about them to its verdict."""
    before = read_findings(folder / "findings.jsonl")
    write_findings(folder / "findings.jsonl", [*before, *findings])
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    for metric in dict.fromkeys(f.metric for f in findings if f.metric in ("tpr_gap", "fpr_gap", "mae_gap")):
        places = [len(before) + k for k, f in enumerate(findings) if f.metric == metric]
        broken = any(f.enough and (f.low or 0.0) > tolerance for f in findings if f.metric == metric)
        verdict["rules"].append(
            {
                "rule": f"fairness.{metric}", "outcome": "block" if broken else "review",
                "because": f"The largest {metric} is not proven to be at most 0.10.",
                "sentences": {
                    "en": f"The largest {metric} is not proven to be at most 0.10.", "zh": f"最大的 {metric} 未证实不超过 0.10。",
                },
                "findings": places, "answers_to": ["EU-AI-Act:10(2)(f)"], "must_be": {"at_most": tolerance},
            }
        )  # fmt: skip
    _dump(folder / "verdict.json", verdict)
    return folder


def _ids(n: int) -> Any:
    return np.array([f"{RECORD}{number:05d}" for number in range(n)], dtype=object)


def _gains(name: str, values: Mapping[str, Sequence[float]]) -> list[Finding]:
    return [
        Finding(
            pillar="safety", metric=f"{metric}_gain", value=v[0], low=v[1], high=v[2], n=280, split="test",
            versus={"baseline": name}, method="Paired bootstrap over patients, 1000 resamples.",
        )
        for metric, v in values.items()
    ]  # fmt: skip


def _write(folder: Path, findings: list[Finding], verdict: dict[str, Any], predictions: Predictions | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_findings(folder / "findings.jsonl", findings)
    _dump(folder / "verdict.json", verdict)
    if predictions is not None:
        write_predictions(folder / "predictions.parquet", predictions)


def _dump(path: Path, value: Any) -> None:
    dump = yaml.safe_dump if path.suffix == ".yaml" else json.dumps
    path.write_text(dump(value, allow_unicode=True) if path.suffix == ".yaml" else dump(value), encoding="utf-8")


def _verdict(worst: str) -> dict[str, Any]:
    def rule(name: str, outcome: str, en: str, zh: str, findings: list[int]) -> dict[str, Any]:
        clauses = ["EU-AI-Act:15(1)", "FDA-GMLP:8"]
        return {
            "rule": name, "outcome": outcome, "because": en, "sentences": {"en": en, "zh": zh},
            "findings": findings, "answers_to": clauses,
        }  # fmt: skip

    rules = [
        rule(
            "safety.discrimination", "pass" if worst != "block" else "block",
            "On test AUROC is 0.91 (95 % interval 0.87 to 0.94, n = 286), wholly above 0.5."
            if worst != "block"
            else "On test AUROC is 0.61 (95 % interval 0.50 to 0.71, n = 90); 0.70 is required.",
            "测试集 AUROC 为 0.91（95 % 区间 0.87 至 0.94，n = 286），完全高于 0.5。", [0],
        ),
        rule("safety.majority", "pass", "Balanced accuracy is proven above the majority baseline.", "平衡准确率已证实高于多数基线。", []),
    ]  # fmt: skip
    if worst == "review":
        rules += [
            rule(
                "safety.external", "review",
                "At VA Long Beach AUROC is 0.74 (95 % interval 0.63 to 0.84, n = 105); the required 0.70 lies inside "
                "the interval, so it cannot be said to be met.",
                "在 VA Long Beach，AUROC 为 0.74（95 % 区间 0.63 至 0.84，n = 105）；要求的 0.70 位于区间内，无法确认满足。", [3, 4, 5],
            ),
            rule("safety.calibration", "review", "On external the expected calibration error is 0.14, above 0.10.", "外部集的期望校准误差为 0.14，高于 0.10。", [6]),
            rule("safety.baseline", "note", "Gradient boosting on the vitals is as good.", "指标上的梯度提升同样好。", []),
        ]  # fmt: skip
    return {"verdict": worst, "policy": "default", "policy_sha256": "ab" * 32, "rules": rules}


def _study(name: str, question: str) -> dict[str, Any]:
    return {
        "study": name,
        "question": question,
        "intended_use": {
            "population": "Adults referred for coronary angiography.",
            "setting": "Cardiology out-patient clinics of four hospitals.",
            "user": "A cardiologist, before deciding on further tests.",
            "not_for": "",
            "risk": "high",
        },
        "cohort": {
            "source": "records.csv",
            "inputs": {
                "text": ["note"],
                "vitals": [{"column": "age", "unit": "years"}, {"column": "chol", "unit": "mg/dl"}, "exang"],
            },
            "target": {"column": "num", "type": "classes"},
            "sensitive": ["sex", {"column": "age", "bins": [0, 45, 55, 65, 120]}],
            "site": "dataset",
            "split": {"train": 0.6, "seed": 7},
        },
        "model": {"backbone": "minilm", "adapt": {"method": "full"}},
        "training": {"epochs": 10, "optimizer": {"name": "adamw", "lr": 0.0002}, "seed": 7},
        "policy": "default",
    }


def _history(score: str) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    train = [
        {"step": s, "epoch": s / 35, "loss": 0.72 * float(np.exp(-s / 120)) + 0.2 + float(rng.normal(0, 0.02))}
        for s in range(5, 351, 5)
    ]
    validation = [
        {"step": 35 * e, "epoch": e, "loss": 0.62 - 0.05 * e + 0.004 * e * e, score: 0.62 + 0.028 * e - 0.0015 * e * e}
        for e in range(1, 11)
    ]
    checks = {"trainable_parameters": 22_713_216, "moved": 103, "frozen_unchanged": True, "reload_max_difference": 3e-7}
    return {
        "train": train, "validation": validation, "best_step": 210, "stopped_early": True, "seconds": 94.2, "checks": checks,
        "engine": {
            "used": "int8",
            "because": "8-bit integers answer the same",
            "agreement": {"n": 96, "mean_difference": 0.0004, "max_difference": 0.0312, "decisions_changed": 0},
        },
    }  # fmt: skip


def _baselines() -> dict[str, Any]:
    table = {
        "model": (0.91, 0.84, 0.38),
        "untuned_backbone": (0.86, 0.79, 0.47),
        "vitals_alone": (0.914, 0.84, 0.36),
        "text_alone": (0.88, 0.81, 0.43),
        "gradient_boosting": (0.906, 0.83, 0.39),
        "tfidf_logistic_regression": (0.86, 0.8, 0.46),
        "majority": (0.5, 0.5, 0.69),
    }
    names = ("auroc", "balanced_accuracy", "log_loss")
    return {
        who: {"test": dict(zip(names, v, strict=True)), "external": {m: x * 0.9 for m, x in zip(names, v, strict=True)}}
        for who, v in table.items()
    }


def _environment() -> dict[str, Any]:
    return {
        "versions": {"primum": "0.1.0", "python": "3.11.2", "torch": "2.13.0"},
        "hardware": {"cores": 2, "processor": "x86_64"},
        "seed": 7,
        "durations": {"train": 94.2, "predict": 3.1},
    }


def _cohort() -> dict[str, Any]:
    """Return what cohort.json holds for the heart study, with a withheld cell."""
    split = {
        name: _cell(n, share) for name, n, share in (("train", 430, 0.5), ("test", 144, 0.51), ("external", 200, 0.75))
    }
    site = {name: _cell(200, share) for name, share in SITES.items()}
    site["Switzerland"]["vitals"]["chol"] = {"median": None, "q1": None, "q3": None, "missing": 1.0}
    site["Switzerland"]["sensitive"]["sex"]["Female"] = {"count": None, "suppressed": True}
    return {"records": 920, "patients": 920, "fingerprint": "cd" * 32, "table1": {"split": split, "site": site}}


def _cell(n: int, share: float) -> dict[str, Any]:
    ill = round(n * share)
    return {
        "n": n,
        "patients": n,
        "target": {
            "Healthy": {"count": n - ill, "share": 1 - share},
            "Heart_Disease": {"count": ill, "share": share},
        },
        "sensitive": {
            "sex": {"Female": {"count": n // 4, "share": 0.25}, "Male": {"count": n - n // 4, "share": 0.75}}
        },
        "vitals": {
            "age": {"median": 54.0, "q1": 47.0, "q3": 60.0, "missing": 0.0},
            "chol": {"median": 223.0, "q1": 175.0, "q3": 268.5, "missing": 0.07},
            "exang": {"levels": {"TRUE": {"count": n // 3, "share": 0.33}}, "missing": 0.06},
        },
    }
