"""The metrics of what mitigation changed, registered."""

from __future__ import annotations

from primum.evidence.metrics import Metric, register_metric

_HARDT = "Hardt, Price & Srebro 2016, NeurIPS"
_DWORK = "Dwork et al. 2012, ITCS"
_BELLAMY = "Bellamy et al. 2019, IBM J. Res. Dev. 63(4/5)"

# gap -> English and Chinese name, source
OF_SLICES: dict[str, tuple[str, str, str]] = {
    "tpr_gap": ("gap in true positive rate", "真阳性率差距", _HARDT),
    "fpr_gap": ("gap in false positive rate", "假阳性率差距", _HARDT),
    "selection_rate_gap": ("gap in selection rate", "入选率差距", _DWORK),
}
"""Gaps of one slice against the rest."""
OF_ATTRIBUTES: dict[str, tuple[str, str, str]] = {
    "equal_opportunity_difference": ("equal-opportunity difference", "机会均等差异", _HARDT),
    "equalised_odds_difference": ("equalised-odds difference", "均衡几率差异", _HARDT),
    "average_odds_difference": ("average-odds difference", "平均几率差异", _BELLAMY),
    "demographic_parity_difference": ("demographic-parity difference", "人口均等差异", _DWORK),
}
"""Differences between the levels of an attribute that are served best and worst."""


def change_name(gap: str) -> str:
    """Return the name of the paired change of a gap, e.g. "tpr_gap_change"."""
    return f"{gap}_change"


def _register() -> None:
    for gap, (en, zh, reference) in (OF_SLICES | OF_ATTRIBUTES).items():
        register_metric(
            Metric(
                name=change_name(gap),
                title={"en": f"Change of the {en} by mitigation", "zh": f"缓解措施引起的{zh}变化"},
                definition={
                    "en": f"The absolute {en} of the mitigated model minus that of the same model trained without "
                    "mitigation, on the same records; negative means that the gap shrank.",
                    "zh": f"同一批记录上，采取缓解措施的模型的{zh}绝对值减去未采取措施的同一模型的{zh}绝对值；"
                    "负值表示差距缩小。",
                },
                unit="fraction",
                direction="lower",
                reference=reference,
            )
        )


_register()
