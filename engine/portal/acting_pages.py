"""The pages whose acts go beyond looking and deciding, by their addresses: what begins, names, fetches, writes to owners, previews."""

from __future__ import annotations

from collections.abc import Mapping

from engine.portal.asked import Do, Show
from engine.portal.contacts_page import do_contacts, show_contacts
from engine.portal.decide_page import do_decide, show_decide
from engine.portal.kept_page import do_kept, show_kept
from engine.portal.letters_page import do_letters, show_letters
from engine.portal.new_page import do_new, show_new
from engine.portal.person_page import do_person, show_person
from engine.portal.preview import show_letter, show_preview, show_sealed
from engine.portal.run_page import do_run, show_run
from engine.portal.signatures_page import do_signatures, show_signatures

ACTING: Mapping[str, tuple[Show, Do | None]] = {
    "/new": (show_new, do_new),
    "/letters": (show_letters, do_letters),
    "/kept": (show_kept, do_kept),
    "/signatures": (show_signatures, do_signatures),
    "/case/{reference}/person": (show_person, do_person),
    "/case/{reference}/run": (show_run, do_run),
    "/case/{reference}/contacts": (show_contacts, do_contacts),
    "/case/{reference}/decide": (show_decide, do_decide),
    "/case/{reference}/letter/{path:.+}": (show_letter, None),
    "/case/{reference}/sealed": (show_sealed, None),
    "/case/{reference}/preview/{path:.+}": (show_preview, None),
}
