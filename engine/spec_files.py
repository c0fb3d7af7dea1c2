"""Where specs and the files that come with the engine lie: a spec by a packaged name, by a name in `HABEAS_SPECS`, or by a path.

The current folder is never searched: a file in it is named by its path, `./zoom.yaml`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from engine.errors import UsageError
from engine.language.text.document import MOST_BYTES
from engine.language.text.mistakes import Mistake, Position, SpecError, did_you_mean


def folder(name: str) -> Path:
    """Give the path of the folder `specs` or `fixtures`."""
    installed = Path(__file__).parent / "_data" / name
    return installed if installed.is_dir() else Path(__file__).parent.parent / name


POLICIES = "policies"  # the folder in `specs`: no spec lies in it
LABELS = "labels"  # the folder beside a spec: `<vendor>.yaml` in it says what the vendor's fields are called
SPEC_LINE = re.compile(rb"^spec:\s", re.MULTILINE)
COMPANION_LINE = re.compile(rb"^(?:labels|policy):\s", re.MULTILINE)
VENDOR_NAME = re.compile(r"[a-z][a-z0-9_]*")
VENDOR_LINE = re.compile(r"""vendor:\s+["']?([a-z][a-z0-9_]*)["']?\s*(?:#.*)?$""")


def spec_folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Give the folders in which a bare name is looked for."""
    extra = [Path(one) for one in environ.get("HABEAS_SPECS", "").split(os.pathsep) if one]
    return [folder("specs"), *extra]


def packaged() -> list[Path]:
    """Give every spec that a bare name can mean, each once; a folder that cannot be looked into holds none."""
    found: dict[Path, Path] = {}
    for specs in spec_folders():
        with suppress(OSError):
            for path in sorted(specs.glob("*.yaml")):
                if not is_companion(path):
                    found.setdefault(path.resolve(), path)
    return list(found.values())


def is_companion(path: Path) -> bool:
    """Whether a file says that it is labels or a policy, which may lie beside specs."""
    with suppress(SpecError):
        return COMPANION_LINE.search(contents(path)) is not None
    return False


def labels_beside(spec: Path, vendor: str, language: str = "en") -> Path | None:
    """Give the file of a vendor's labels: `labels/<vendor>.yaml` beside its spec, in German `<vendor>.de.yaml`; None where none is."""
    path = spec.parent / LABELS / (f"{vendor}.yaml" if language == "en" else f"{vendor}.{language}.yaml")
    return path if path.is_file() else None


def spec_beside(policy: Path, vendor: str) -> Path | None:
    """Give the vendor's spec that lies in a policy's folder, or beside the folder `policies` it lies in; None where none does."""
    homes = [policy.parent, policy.parent.parent] if policy.parent.name == POLICIES else [policy.parent]
    for home in homes:
        for path in sorted(home.glob("*.yaml")):
            with suppress(SpecError):
                if path != policy and SPEC_LINE.search(contents(path)) is not None and vendor_line(path)[0] == vendor:
                    return path
    return None


def policy_path(word: str) -> Path:
    """Find a policy's file: the packaged one of a vendor, or a path. Raises UsageError."""
    packaged_one = folder("specs") / POLICIES / f"{word}.yaml"
    if VENDOR_NAME.fullmatch(word) and packaged_one.is_file():
        return packaged_one
    if Path(word).is_file():
        return Path(word)
    if not VENDOR_NAME.fullmatch(word):
        message = f"{word or '(empty)'}: there is no such file; a policy is named by its vendor or by its path"
        raise UsageError(message)
    hint = did_you_mean(word, [path.stem for path in packaged_policies()])
    known = f"; {hint} A file" if hint and hint.endswith("?") else f"; {hint}; a file" if hint else "; a file"
    message = f"no policy is called `{word}`{known} is written with its path, ./NAME.yaml"
    raise UsageError(message)


def packaged_policies() -> list[Path]:
    """Give the policies that come with the engine."""
    return sorted((folder("specs") / POLICIES).glob("*.yaml"))


def vendor_line(path: Path) -> tuple[str, Position, tuple[str, ...]]:
    """Give the vendor that a file says it is of, where, and the file's lines; one that does not say so is of the one it is named for."""
    lines: list[str] = []
    with suppress(SpecError):
        lines = contents(path).decode("utf-8", "replace").splitlines()
    said = next((found for found in map(VENDOR_LINE.match, lines) if found), None)
    if said is None:
        return path.stem, Position(1, 1), ()
    return said[1], Position(lines.index(said.string) + 1, said.start(1) + 1, len(said[1])), tuple(lines)


def spec_path(word: str) -> Path:
    """Find a spec's file. Raises UsageError, also where two are of the same vendor."""
    if "/" in word or os.sep in word or word.endswith((".yaml", ".yml")):
        path = Path(word)
        with suppress(OSError):
            if path.is_file():
                return path
        _refuse_folder(word)
        message = f"{word}: there is no such spec file"
        raise UsageError(message)
    vendors = {path: vendor_line(path)[0] for path in packaged()}
    found = [path for path, vendor in vendors.items() if vendor == word]
    if len(found) == 1:
        return found[0]
    if not found:
        _refuse_folder(word)
    if found:
        message = f"`{word}` means more than one spec: {' and '.join(map(str, found))}; name the file that is meant"
        raise UsageError(message)
    hint = did_you_mean(word, vendors.values())
    known = f": {hint} A file" if hint and hint.endswith("?") else f"; {hint}; a file" if hint else "; a file"
    message = f"no spec is called `{word or '(empty)'}`{known} is written with its path, ./NAME.yaml"
    raise UsageError(message)


def _refuse_folder(word: str) -> None:
    with suppress(OSError):
        if word and Path(word).is_dir():
            message = f"{word} is a folder: name the files in it, {Path(word) / '*.yaml'}"
            raise UsageError(message)


def cassettes_folder(spec: Path, vendor: str) -> Path:
    """Give the folder of a spec's cassettes: `fixtures/<vendor>/cassettes`, beside the folder `specs`, else beside the file."""
    home = spec.parent
    return (home.parent if home.name == "specs" else home) / "fixtures" / vendor / "cassettes"


def contents(path: Path) -> bytes:
    """Give a file's bytes, never more than a little over what a spec may have. Raises SpecError."""
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        mistake = Mistake(f"the file cannot be read: {error.strerror or 'unknown reason'}", Position(1, 1))
        raise SpecError([mistake], str(path)) from None
