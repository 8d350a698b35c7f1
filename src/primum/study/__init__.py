"""Studies: the declarative file, its run, and the audit of somebody else's predictions."""

from primum.study.assess import assess_file
from primum.study.released import Release
from primum.study.run import Run
from primum.study.spec import StudySpec
from primum.study.study import Study, builtin_names

__all__ = ["Release", "Run", "Study", "StudySpec", "assess_file", "builtin_names"]
