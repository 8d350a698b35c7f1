"""The service: guarded answers of signed Releases over HTTP, the page for clinicians, and who may use them."""

__all__: list[str] = []
