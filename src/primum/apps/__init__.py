"""Applications: what a core that knows no speciality needs to be of use in one."""

__all__: list[str] = []
