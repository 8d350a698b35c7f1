"""What protects the service whatever its routes do: one error shape, headers, limits, a log without patients."""

from primum.serve.security.faults import FieldFault, Refused

__all__ = ["FieldFault", "Refused"]
