"""The parts of the section on fairness, each from the findings to the values its template shows."""

__all__: list[str] = []
