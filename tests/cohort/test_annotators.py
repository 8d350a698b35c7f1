"""Annotators' labels beside a cohort: in its order, with its consent and label map."""

import numpy as np
import pytest

from primum.cohort import ConsentRole, InputRoles, Roles, TargetRole, VitalRole, read_annotators, read_cohort
from primum.errors import ColumnError

TABLE = {
    "age": [30, 40, 50, 60],
    "dx": ["1", "0", "1", "0"],
    "ok": ["yes", "no", "yes", "yes"],
    "a": ["ill", "well", "1", None],
    "b": ["0", "0", "", "well"],
}
ROLES = Roles(
    inputs=InputRoles(vitals=(VitalRole(column="age", kind="number"),)),
    target=TargetRole(column="dx"),
    consent=ConsentRole(column="ok", granted=("yes",)),
    label_map={"1": "ill", "0": "well"},
)


def test_labels_are_coded_as_the_classes_of_the_records_that_consent():
    cohort = read_cohort(TABLE, ROLES)
    assert cohort.target.classes == ("ill", "well")
    np.testing.assert_array_equal(read_annotators(TABLE, ["a", "b"], cohort), [[0, 1], [0, -1], [-1, 1]])


def test_what_is_no_class_is_named_by_its_row_and_never_by_its_value():
    cohort = read_cohort(TABLE, ROLES)
    with pytest.raises(ColumnError, match="column 'a': row 3 hold no class of the target; an annotator's") as caught:
        read_annotators({**TABLE, "a": ["ill", "well", "planted", ""]}, ["a"], cohort)
    assert "planted" not in str(caught.value)
    with pytest.raises(ColumnError, match="no column 'aa' .did you mean 'a'"):
        read_annotators(TABLE, ["aa"], cohort)
