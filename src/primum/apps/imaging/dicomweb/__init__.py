"""Archives that speak DICOMweb: pictures are found and fetched, and what primum wrote about them is stored."""

from primum.apps.imaging.dicomweb.archive import Archive, Instance
from primum.apps.imaging.dicomweb.connecting import PASSWORD_VARIABLE, TOKEN_VARIABLE, USER_VARIABLE, connect
from primum.apps.imaging.dicomweb.fetching import Fetched, fetch_pictures, known_filters, known_studies
from primum.apps.imaging.dicomweb.sending import Sent, check_marked, send_marked

__all__ = [
    "PASSWORD_VARIABLE",
    "TOKEN_VARIABLE",
    "USER_VARIABLE",
    "Archive",
    "Fetched",
    "Instance",
    "Sent",
    "check_marked",
    "connect",
    "fetch_pictures",
    "known_filters",
    "known_studies",
    "send_marked",
]
