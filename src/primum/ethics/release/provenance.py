"""Where a Release comes from: an in-toto statement with SLSA's provenance predicate.

Source: in-toto Attestation Framework, Statement v1; SLSA v1.0, "Provenance". It is signed with the manifest that names
its hash, and holds nothing that would differ between two builds of one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_BUILD_TYPE = "urn:primum:run:1"


def provenance(
    model: Mapping[str, str], *, run: str, study_sha256: str, cohort: Mapping[str, Any], environment: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the statement.

    Args:
        model: SHA-256 by path of the model's files, the subjects.
        run: hash of the run's list of files.
        study_sha256: of the run's study.yaml.
        cohort: cohort.json's content; its fingerprint and the hash of the source are taken.
        environment: environment.json's content.
    """
    source = cohort.get("source") or {}
    versions = environment.get("versions") or {}
    materials = [{"name": "cohort", "digest": {"primumCohort": cohort.get("fingerprint", "")}}]
    if isinstance(source, Mapping) and source.get("sha256"):
        materials.append({"name": "records", "digest": {"sha256": source["sha256"]}})
    if environment.get("code_sha256"):
        materials.append({"name": "primum", "digest": {"sha256": environment["code_sha256"]}})
    kept = ("python", "system", "machine", "accelerator")
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": path, "digest": {"sha256": sha256}} for path, sha256 in sorted(model.items())],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": _BUILD_TYPE,
                "externalParameters": {"study": {"sha256": study_sha256}},
                "internalParameters": {"seed": environment.get("seed")},
                "resolvedDependencies": materials,
            },
            "runDetails": {
                "builder": {"id": "urn:primum", "version": dict(versions)},
                "metadata": {"invocationId": run},
                "byproducts": [{"name": "environment", "annotations": {key: environment.get(key) for key in kept}}],
            },
        },
    }
