import numpy as np
import pytest

from primum.errors import StudyError
from primum.training.fairness import groups_of
from primum.training.fairness.groups import THE_REST


def _columns(**columns):
    return {name: np.array(list(values), dtype=object) for name, values in columns.items()}


def test_groups_are_intersections_and_small_ones_are_joined():
    sensitive = _columns(sex="FM" * 30, age="o" * 50 + "y" * 10)
    groups = groups_of(sensitive, (), np.arange(60))
    assert groups.names == ("sex=F, age=o", "sex=M, age=o", THE_REST)
    assert groups.counts.tolist() == [25, 25, 10]
    np.testing.assert_allclose(groups.shares, [25 / 60, 25 / 60, 10 / 60])
    assert set(groups.codes[50:]) == {2}


def test_one_attribute_may_be_named_and_groups_unseen_in_training_have_no_code():
    sensitive = _columns(sex="FM" * 20 + "X", age="o" * 41)
    groups = groups_of(sensitive, ("sex",), np.arange(40))
    assert groups.names == ("sex=F", "sex=M") and groups.codes[40] == -1


def test_an_unknown_attribute_and_a_single_group_are_refused():
    sensitive = _columns(sex="F" * 20, age="oy" * 10)
    with pytest.raises(StudyError, match="did you mean 'sex'"):
        groups_of(sensitive, ("sx",), np.arange(20))
    with pytest.raises(StudyError, match="one group of sex"):
        groups_of(sensitive, ("sex",), np.arange(20))
    with pytest.raises(StudyError, match="names no attribute"):
        groups_of({}, (), np.arange(20))
