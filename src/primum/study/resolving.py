"""A study with nothing left open: every default written out, every path absolute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from primum.privacy.deid import pinned
from primum.study.ruling import resolved_rules

if TYPE_CHECKING:  # the study starts the runner, which resolves the study
    from primum.study.study import Study


def resolved_study(study: Study) -> dict[str, Any]:
    """Return the study with every default and with absolute paths, so that the run's own copy can be run again."""
    resolved = dict(study.spec.resolved())
    external = {
        name: {**file, "source": str(study.place_of(file["source"]).resolve())}
        for name, file in resolved["cohort"]["external"].items()
    }
    resolved["cohort"] = {**resolved["cohort"], "source": str(study.source.resolve()), "external": external}
    boxes, pointed = study.spec.cohort.target.boxes, study.spec.assess.localisation
    if boxes is not None:
        named = {**resolved["cohort"]["target"]["boxes"], "source": str(study.place_of(boxes.source).resolve())}
        resolved["cohort"]["target"] = {**resolved["cohort"]["target"], "boxes": named}
    if pointed is not None and pointed.boxes is not None:
        place = str(study.place_of(pointed.boxes).resolve())
        resolved["assess"]["localisation"] = {**resolved["assess"]["localisation"], "boxes": place}
    pretrain = study.spec.training.pretrain
    if pretrain is not None and pretrain.unlabelled is not None:
        place = str(study.place_of(pretrain.unlabelled.source).resolve())
        resolved["training"]["pretrain"]["unlabelled"] = {**pretrain.unlabelled.model_dump(), "source": place}
    resolved["cohort"]["erased"] = str(study.place_of(study.spec.cohort.erased).resolve())
    if study.spec.cohort.deid is not None:
        resolved["cohort"]["deid"] = {**resolved["cohort"]["deid"], "ner": list(pinned(study.spec.cohort.deid.ner))}
    resolved["knowledge"] = {**resolved["knowledge"], "rules": resolved_rules(study)}
    if (study.folder / study.spec.policy).is_file():
        resolved["policy"] = str((study.folder / study.spec.policy).resolve())
    return resolved
