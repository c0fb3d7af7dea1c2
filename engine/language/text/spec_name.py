"""What vendors and requests are called: so are the folders, files and members that are named for them."""

from __future__ import annotations

import re

SPEC_NAME = r"[a-z][a-z0-9_]{0,63}"
REQUEST_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # the reference of a case, a row of a batch; `..` is none
