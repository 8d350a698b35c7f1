"""Headers of every response: nothing from elsewhere, nothing inline, no frames, nothing kept by caches.

Source: OWASP Secure Headers Project; CSP Level 3.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Of a report, which is one file with its own script and style: without an origin of its own, and without a network."""
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_YEAR_S = 31_536_000


def protect(headers: MutableHeaders, *, secure: bool) -> None:
    """Add what a response does not say itself.

    Args:
        headers: of the response; changed.
        secure: whether people reach the service over TLS; browsers then use nothing else for a year.
    """
    page = headers.get("content-type", "").startswith("text/html")
    if "content-security-policy" not in headers:
        headers["content-security-policy"] = PAGE_POLICY if page else DATA_POLICY
        headers["x-frame-options"] = "DENY"
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    if secure:
        headers.setdefault("strict-transport-security", f"max-age={_YEAR_S}")
