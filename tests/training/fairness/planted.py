"""A cohort with a planted bias: a vital tells the sex, and the sex tells the class, so using it is unfair."""

import numpy as np

from primum.cohort import Cohort, InputRoles, Records, Roles, SensitiveRole, Target, TargetRole, VitalColumn, VitalRole
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec
from primum.model.net import HeadSpec
from primum.training.fairness import Setting, groups_of
from primum.training.fit import FitRequest
from primum.training.plan import FairnessPlan, TrainingPlan


def planted(n: int = 3000, seed: int = 0) -> tuple[Cohort, np.ndarray]:
    """Men have the disease three times in four, women one in four; a weak sign tells it, the vital `sex` the rest."""
    rng = np.random.default_rng(seed)
    male = rng.random(n) < 0.5
    ill = rng.random(n) < np.where(male, 0.75, 0.25)
    sex = np.where(male, "M", "F").astype(object)
    ids = np.array([str(i) for i in range(n)], dtype=object)
    vitals = {
        "sign": VitalColumn(name="sign", kind="number", values=ill + rng.normal(0, 0.8, n)),
        "sex": VitalColumn(name="sex", kind="category", values=sex),
    }
    cohort = Cohort(
        roles=Roles(
            inputs=InputRoles(vitals=(VitalRole(column="sign"), VitalRole(column="sex"))),
            target=TargetRole(column="ill"),
            sensitive=(SensitiveRole(column="sex"),),
        ),
        records=Records(n=n, vitals=vitals),
        ids=ids,
        patients=ids,
        target=Target(kind="classes", classes=("healthy", "ill"), values=ill.astype(np.int64)),
        sensitive={"sex": sex},
    )
    split = rng.choice(
        np.array(["train", "validation", "calibration", "test"], dtype=object), n, p=[0.4, 0.1, 0.2, 0.3]
    )
    return cohort, split


def setting_of(cohort: Cohort, rows: np.ndarray, *, strength: float = 1.0, tmp_path=None, **plan) -> Setting:
    """What a method would look at."""
    made = FairnessPlan(method=plan.pop("method", "reweighing"), **plan)
    groups = groups_of(cohort.sensitive, made.attributes, rows)
    return Setting(cohort=cohort, train_rows=rows, groups=groups, strength=strength, plan=made, seed=7, folder=tmp_path)


def request_of(
    cohort, split, folder, fairness=None, *, input_names=("vitals",), backbone=None, **options
) -> FitRequest:
    """A small fit, with or without mitigation."""
    adapt = options.pop("adapt", "full")
    plan = TrainingPlan(
        **{"epochs": 6, "batch": 32, "head_lr": 5e-3, "precision": "fp32", "patience": None, **options},
        fairness=fairness,
    )
    target = cohort.target
    return FitRequest(
        cohort=cohort,
        split=split,
        spec=NetSpec(
            head=HeadSpec(kind=target.kind, outputs=max(len(target.classes), 1)),
            adaptation=Adaptation(method=adapt),
            width=16,
        ),
        plan=plan,
        backbone_folder=backbone,
        max_tokens=48,
        input_names=input_names,
        folder=folder,
        model_folder=folder / "model",
        probe=False,
    )
