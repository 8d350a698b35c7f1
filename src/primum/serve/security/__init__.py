"""What protects the service whatever its routes do: one error shape, headers, limits, a log without patients."""

from primum.serve.security import _needs  # noqa: F401 - comes first
from primum.serve.security.faults import FieldFault, Refused
from primum.serve.security.limits import Limits
from primum.serve.security.refusing import install

__all__ = ["FieldFault", "Limits", "Refused", "install"]
