"""What a `habeas` process of its own is started with."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HABEAS = (sys.executable, "-m", "engine")
BROWSER = f"{shlex.quote(sys.executable)} -m engine.simulate.browser %s"


def environment(home: Path, **more: str) -> dict[str, str]:
    """Give this process's environment without any setting of ours, and a state folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HABEAS_")}
    return {**kept, "PYTHONPATH": str(ROOT), "HABEAS_HOME": str(home), **more}
