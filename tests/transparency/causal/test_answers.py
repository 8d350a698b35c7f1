"""Direct effects and those through findings, beside structural models and a model whose formula is known."""

from __future__ import annotations

import numpy as np
import pytest

from primum.transparency.causal import CausalGraph, answer_effect_findings
from tests.transparency.formulas import Formula, cohort_of

RNG = np.random.default_rng(6)
N = 1200
TEST = np.full(N, "test", dtype=object)


def _graph(effects, hidden=()):
    plain = CausalGraph(effects=effects)
    return CausalGraph(effects=effects, measured=plain.nodes() - set(hidden))


def _told(model, cohort, graph, **options):
    found = answer_effect_findings(Formula(model), cohort, TEST, graph, **options)
    return {f.metric.removeprefix("answer_").removesuffix("_effect"): f for f in found}


def _people(seed=1):
    rng = np.random.default_rng([6, seed])
    sex = np.where(rng.random(N) < 0.4, "Female", "Male").astype(object)
    chol = 200 + 20.0 * (sex == "Female") + 10 * rng.normal(size=N)
    return sex, chol


def test_direct_and_indirect_are_the_terms_of_a_linear_model():
    sex, chol = _people()
    cohort = cohort_of(np.zeros(N), sensitive={"sex": sex}, sex=sex, chol=chol)
    told = _told(lambda v, _: 3.0 * (v["sex"] == "Female") + 0.1 * v["chol"], cohort, _graph({"sex": ("chol",)}))
    assert told["direct"].value == pytest.approx(3.0)
    assert told["indirect"].low < 0.1 * 20 < told["indirect"].high
    assert told["total"].value == pytest.approx(told["direct"].value + told["indirect"].value)
    assert told["direct"].slice == {"sex": "Female"} and told["direct"].versus == {"sex": "Male"}
    assert told["direct"].detail["through"] == ["chol"]


def test_a_model_that_is_not_told_the_attribute_has_no_direct_effect():
    sex, chol = _people()
    cohort = cohort_of(np.zeros(N), sensitive={"sex": sex}, chol=chol)
    told = _told(lambda v, _: 0.1 * v["chol"], cohort, _graph({"sex": ("chol",)}))
    assert told["direct"].value == 0.0 and told["direct"].detail["seen"] is False
    assert told["indirect"].value == pytest.approx(told["total"].value)
    assert told["total"].low < 2.0 < told["total"].high


def test_words_of_the_note_are_exchanged_too():
    sex, chol = _people()
    texts = [f"{'Woman' if s == 'Female' else 'Man'} with chest pain." for s in sex]
    cohort = cohort_of(np.zeros(N), texts=texts, sensitive={"sex": sex}, chol=chol)
    told = _told(
        lambda v, t: np.array([2.0 * ("woman" in one.lower()) for one in t]) + 0 * v["chol"],
        cohort,
        _graph({"sex": ("note",)}, ["note"]),
    )
    assert told["direct"].value == pytest.approx(2.0)
    assert told["indirect"].value == pytest.approx(0.0)


def test_with_an_interaction_the_parts_are_the_textbooks():
    """f = sex x chol: direct at men's chol, the rest through women's; they add up to the whole."""
    sex, chol = _people()
    cohort = cohort_of(np.zeros(N), sensitive={"sex": sex}, sex=sex, chol=chol)
    told = _told(lambda v, _: (1.0 + (v["sex"] == "Female")) * v["chol"], cohort, _graph({"sex": ("chol",)}))
    men, women = chol[sex == "Male"].mean(), chol[sex == "Female"].mean()
    assert told["direct"].value == pytest.approx(2 * men - men)
    assert told["indirect"].value == pytest.approx(2 * (women - men))


def test_what_confounds_the_attribute_is_adjusted_for():
    """At the north there are more women and more chol; sex itself does nothing to chol."""
    rng = np.random.default_rng(3)
    site = np.where(rng.random(N) < 0.5, "north", "south").astype(object)
    sex = np.where(rng.random(N) < np.where(site == "north", 0.7, 0.2), "Female", "Male").astype(object)
    chol = 200 + 30.0 * (site == "north") + 5 * rng.normal(size=N)
    cohort = cohort_of(np.zeros(N), sensitive={"sex": sex}, site=site, chol=chol)
    plain = _told(lambda v, _: v["chol"], cohort, _graph({"sex": ("chol",)}))
    graph = _graph({"site": ("sex", "chol"), "sex": ("chol",)})
    told = _told(lambda v, _: v["chol"], cohort, graph)
    assert plain["total"].low > 5
    assert told["total"].low < 0 < told["total"].high
    assert told["total"].detail["adjusted_for"] == ["site"]


def test_an_unmeasured_confounder_is_said_and_nothing_told():
    sex, chol = _people()
    cohort = cohort_of(np.zeros(N), sensitive={"sex": sex}, chol=chol)
    graph = _graph({"u": ("sex", "chol"), "sex": ("chol",)}, ["u"])
    [found] = answer_effect_findings(Formula(lambda v, _: v["chol"]), cohort, TEST, graph)
    assert (found.value, found.enough, found.detail["because"]) == (None, False, "confounded")


def test_a_band_of_a_number_that_no_swap_reaches_has_no_direct_effect_told():
    rng = np.random.default_rng(2)
    weight = rng.uniform(50, 110, N)
    band = np.where(weight < 80, "50-80", "80-110").astype(object)
    cohort = cohort_of(np.zeros(N), sensitive={"weight": band}, weight=weight)
    told = _told(lambda v, _: v["weight"], cohort, _graph({"weight": ("outcome",)}))
    assert set(told) == {"total"}


def test_groups_of_fewer_than_five_and_attributes_outside_the_graph_are_not_told():
    sex, chol = _people()
    sex[:] = "Male"
    sex[:4] = "Female"
    cohort = cohort_of(np.zeros(N), sensitive={"sex": sex, "race": sex}, chol=chol)
    assert answer_effect_findings(Formula(lambda v, _: v["chol"]), cohort, TEST, _graph({"sex": ("chol",)})) == []
