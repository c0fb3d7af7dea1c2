"""`habeas new`: write a first spec, from the vendor's OpenAPI document or from the answers of an interview."""

from __future__ import annotations

import re
from pathlib import Path

from engine.cli.formatting import tell
from engine.cli.openapi_option import contents
from engine.connection.state_folder import VENDOR
from engine.errors import Exit, HabeasError, OutputError, UsageError
from engine.language.effective import Vendor
from engine.language.load import check
from engine.language.schema import LINE, NAME, schema_text
from engine.language.text.mistakes import Mistake, SpecError, counted
from engine.new_file import ANOTHER_FILE, check_name_is_free, not_made, write_new
from engine.openapi.document.operations import Api
from engine.openapi.draft.compose import compose
from engine.openapi.draft.labels import compose_labels
from engine.openapi.draft.yaml_text import marks
from engine.release.load_labels import load_labels
from engine.spec_files import LABELS, packaged, vendor_line


def new_command(vendor: str, openapi: tuple[Path, ...], out: Path | None, *, labels: bool = False) -> Exit:
    """Write a first spec, and first labels beside it. Raises UsageError, OutputError, DiskError; then nothing was written."""
    if labels and not openapi:
        message = "--labels takes what fields are called from the vendor's document: name it with --openapi"
        raise UsageError(message)
    target = _target(vendor, out)
    called = target.parent / LABELS / f"{vendor}.yaml" if labels else None
    if called is not None:
        check_name_is_free(called)
    known = next((path for path in packaged() if vendor_line(path)[0] == vendor), None)
    if known is not None:
        tell(f"note: there is a spec of `{vendor}` already, {known}; habeas docs {vendor} tells what it does\n")
    if len({file.resolve() for file in openapi}) < len(openapi):
        message = "a document is named twice: of each area, habeas new reads one document"
        raise UsageError(message)
    if openapi:
        apis = [Api(contents(file), str(file)) for file in openapi]
        text = compose(apis[0], vendor, LINE, apis[1:])
    else:
        from engine.cli.new.interview import interview  # noqa: PLC0415  not needed with a document

        text = interview(vendor, LINE)
    made, notes = _sound(text, str(target))
    named = None if called is None else _sound_labels(compose_labels(apis, vendor, made.endpoints), str(called))
    if called is not None:
        _make_folder(called.parent)
    write_new(target, text)
    beside = target.parent / NAME  # what the first line names
    if not beside.exists() and not beside.is_symlink():
        write_new(beside, schema_text())
    todo = len(list(marks(text.splitlines())))
    told = [counted(number, noun) for number, noun in ((len(made.endpoints), "endpoint"), (todo, "TODO"), (len(notes), "note")) if number]
    tell(f"{target}: a first spec with {', '.join(told)}\n")
    if called is not None and named is not None:
        write_new(called, named)
        tell(f"{called}: first labels, what its fields are called for people\n")
    against = "".join(f" --openapi {file}" for file in openapi)
    tell(f"Next: read it{' and settle each TODO' if todo else ''}, then habeas check {_written(target)}{against}\n")
    return Exit.COMPLETE


def _written(target: Path) -> str:
    """Write a path as `habeas check` takes it: a bare name would mean a vendor."""
    return str(target) if target.is_absolute() or len(target.parts) > 1 else f"./{target}"


def _target(vendor: str, out: Path | None) -> Path:
    """Give the spec's path, before anything is read or asked. Raises UsageError for a bad name, OutputError for a bad place."""
    if not VENDOR.fullmatch(vendor):
        near = re.sub(r"[^a-z0-9]+", "_", Path(vendor).stem.lower()).strip("_")
        hint = f", such as {near}" if VENDOR.fullmatch(near) else ""
        message = f"`{vendor}` is no vendor's name: a-z, 0-9 and _, beginning with a letter{hint}"
        raise UsageError(message)
    target = out or Path(f"{vendor}.yaml")
    if target.is_dir():
        target /= f"{vendor}.yaml"
    check_name_is_free(target)
    if not target.parent.is_dir():
        message = f"{target.parent}: there is no such folder for {target.name}"
        raise OutputError(message)
    return target


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise not_made(folder, error, ANOTHER_FILE) from None


def _sound(text: str, file: str) -> tuple[Vendor, tuple[Mistake, ...]]:
    """Load what will be written. Raises HabeasError: that it does not load is a defect of ours."""
    try:
        return check(text.encode(), file)
    except SpecError as error:
        message = f"a defect of ours: the first spec would not load, so nothing was written ({error.mistakes[0].message}); please report it"
        raise HabeasError(message) from None


def _sound_labels(text: str, file: str) -> str:
    """Give labels that will be written. Raises HabeasError: that they do not load is a defect of ours."""
    try:
        load_labels(text.encode(), file)
    except SpecError as error:
        message = (
            f"a defect of ours: the first labels would not load, so nothing was written ({error.mistakes[0].message}); please report it"
        )
        raise HabeasError(message) from None
    return text
