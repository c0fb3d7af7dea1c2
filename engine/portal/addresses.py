"""Every page of the portal by its address: what shows it, and what does the acts of its forms."""

from __future__ import annotations

from collections.abc import Mapping

from engine.portal.acting_pages import ACTING
from engine.portal.asked import Do, Show
from engine.portal.cases_page import show_cases, show_due
from engine.portal.files_page import do_files, show_file, show_files
from engine.portal.kinds_page import do_records, show_records, show_service
from engine.portal.log_page import show_log
from engine.portal.overview_page import do_in_case, show_case
from engine.portal.package_page import do_package, show_package
from engine.portal.record_acts import do_record
from engine.portal.record_page import show_record
from engine.portal.records_page import do_kind, show_kind
from engine.portal.search_page import do_search, show_search
from engine.portal.values_page import do_values, show_values
from engine.portal.year_page import show_year

PAGES: Mapping[str, tuple[Show, Do | None]] = {
    **ACTING,
    "/": (show_cases, None),
    "/due": (show_due, None),
    "/year": (show_year, None),
    "/case/{reference}": (show_case, do_in_case),
    "/case/{reference}/values": (show_values, do_values),
    "/case/{reference}/package": (show_package, do_package),
    "/case/{reference}/log": (show_log, None),
    "/case/{reference}/records": (show_records, do_records),
    "/case/{reference}/search": (show_search, do_search),
    "/case/{reference}/files": (show_files, do_files),
    "/case/{reference}/files/{vendor}/{endpoint}/{number}": (show_file, None),
    "/case/{reference}/{vendor}": (show_service, None),
    "/case/{reference}/{vendor}/{endpoint}": (show_kind, do_kind),
    "/case/{reference}/{vendor}/{endpoint}/{number}": (show_record, do_record),
}
