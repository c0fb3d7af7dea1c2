"""From a word on the command line to a spec. The current folder is never searched."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from engine.core.window import beginning
from engine.data import folder
from engine.errors import UsageError
from engine.spec.effective import Vendor
from engine.spec.load import load_file
from engine.spec.mistake import did_you_mean


def spec_folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Give the folders in which a bare name is looked for."""
    extra = [Path(one) for one in environ.get("HABEAS_SPECS", "").split(os.pathsep) if one]
    return [folder("specs"), *extra]


def packaged() -> list[Path]:
    """Give every spec that a bare name can mean; a folder that cannot be looked into holds none."""
    found: list[Path] = []
    for one in spec_folders():
        with suppress(OSError):
            found += sorted(one.glob("*.yaml"))
    return found


def spec_path(word: str) -> Path:
    """Find a spec's file. Raises UsageError."""
    if "/" in word or os.sep in word or word.endswith((".yaml", ".yml")):
        path = Path(word)
        with suppress(OSError):
            if path.is_file():
                return path
        message = f"{word}: there is no such spec file"
        raise UsageError(message)
    if re.fullmatch(r"[a-z][a-z0-9_]*", word):
        for one in spec_folders():
            with suppress(OSError):
                if (one / f"{word}.yaml").is_file():
                    return one / f"{word}.yaml"
    hint = did_you_mean(word, [path.stem for path in packaged()])
    message = f"no spec is called `{word}`" + (f"; {hint}" if hint else "") + "; a file is written with its path, ./NAME.yaml"
    raise UsageError(message)


def vendor_of(word: str) -> Vendor:
    """Load the spec that a word means. Raises UsageError, SpecError."""
    return replace(load_file(spec_path(word)), word=word)


def since_of(text: str | None, now: datetime) -> datetime | None:
    """Read `--since`: a day, or a span back from now. Raises UsageError."""
    if text is None:
        return None
    try:
        return beginning(text, now)
    except ValueError as error:
        message = f"--since {text}: {error}"
        raise UsageError(message) from None


def checked_plan(vendor: Vendor, plan: str | None) -> str | None:
    """Give the plan, if the spec has it. Raises UsageError."""
    if plan is None or plan in vendor.plans:
        return plan
    message = f"--plan {plan}: {vendor.title} has the plans {', '.join(vendor.plans) or 'none'}"
    raise UsageError(message)
