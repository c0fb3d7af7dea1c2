"""What vendors and requests are called: so are the folders, files and members that are named for them."""

from __future__ import annotations

SPEC_NAME = r"[a-z][a-z0-9_]{0,63}"
