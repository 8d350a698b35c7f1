"""The audit of a table in memory, for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from primum.evidence import Finding, SensitiveColumn, TargetType, performance_findings, predictions_from_table
from primum.fairness import fairness_findings
from primum.privacy import membership_findings
from primum.safety import place_findings, probability_findings, transport_findings


def assess(
    table: object,
    *,
    target: str,
    target_type: TargetType = "classes",
    probabilities: Mapping[str, str] | None = None,
    sensitive: Sequence[SensitiveColumn | str] = (),
    site: str | None = None,
    n_resamples: int = 1000,
    seed: int = 7,
) -> list[Finding]:
    """Return the findings about any model's predictions.

    Args:
        table: pandas, polars, pyarrow or any Arrow table, or a path; one row a record.
        target: column of what was true.
        target_type: classes, labels (";"-separated) or number.
        probabilities: class -> column of its probability; left out: the columns named p:<class>.
        sensitive: columns of attributes by which patients may be served unequally.
        site: column of the hospital.
        n_resamples: of the bootstrap.
        seed: of the bootstrap.
    Raises:
        PredictionsError: the table cannot be audited; the message says where and how to mend it.
    """
    predictions = predictions_from_table(
        table, target=target, target_type=target_type, probabilities=probabilities, sensitive=sensitive, site=site
    )
    findings = performance_findings(predictions, n_resamples=n_resamples, seed=seed)
    findings += fairness_findings(predictions, n_resamples=n_resamples, seed=seed)
    findings += probability_findings(predictions, n_resamples=n_resamples, seed=seed)
    findings += place_findings(findings) + transport_findings(findings)
    return [*findings, *membership_findings(predictions, seed=seed)]
