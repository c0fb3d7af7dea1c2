"""Every page of the portal by its address: what shows it, and what does the acts of its forms."""

from __future__ import annotations

from collections.abc import Mapping

from engine.portal.acting_pages import ACTING
from engine.portal.asked import Do, Show
from engine.portal.cases_page import show_cases, show_due
from engine.portal.log_page import show_log
from engine.portal.overview_page import do_in_case, show_case
from engine.portal.package_page import do_package, show_package
from engine.portal.values_page import do_values, show_values

PAGES: Mapping[str, tuple[Show, Do | None]] = {
    **ACTING,
    "/": (show_cases, None),
    "/due": (show_due, None),
    "/case/{reference}": (show_case, do_in_case),
    "/case/{reference}/values": (show_values, do_values),
    "/case/{reference}/package": (show_package, do_package),
    "/case/{reference}/log": (show_log, None),
}
