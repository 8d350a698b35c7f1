"""The report's sections, each from the run's files to the values its template shows."""

__all__: list[str] = []
