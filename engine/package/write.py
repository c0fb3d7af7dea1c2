"""Write a package around the records that lie in it: files, tables, pages, documents, and the tag files that make it a bag."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.connection.private_files import prepare
from engine.connection.signing_key import SigningKey
from engine.errors import Refused, disk_error
from engine.package.aside import link_or_copy
from engine.package.bag import BagInfo, close_bag, sha256_of
from engine.package.bag_names import COMPLETENESS, DATA, HEAD, INFORMATION, SIGNERS, WITHHELD
from engine.package.content import CaseAnswer, PackageFile, RecordKind, Sender, Service
from engine.package.csv_table import CsvTable
from engine.package.package_paths import data_path, file_path
from engine.package.pages import write_pages
from engine.package.records import completeness_of, document_bytes, head_of, information_of, withheld_of
from engine.release.reasons import IN_SHORT

NOBODY = "habeas"  # who signs, where the office has no mail address
FILE_COLUMNS = ("file", "record", "called", "bytes", "sha256", "not here because")


def principal_of(sender: Sender) -> str:
    """Name who signs, as a file of allowed signers has it: the mail address of the office."""
    return sender.contact if "@" in sender.contact and sender.contact.isascii() and not set(' ",\t') & set(sender.contact) else NOBODY


def write_package(answer: CaseAnswer, bag: Path, signing: SigningKey) -> str:
    """Write all but the records, which lie in `data/` as JSON already; gives the sha256 that stands for the package.

    Raises Refused where a file is not the one that was taken in, DiskError, OutputError.
    """
    known = {name: sha256 for service in answer.services for name, sha256 in _files(service, bag, answer.language)}
    try:
        (bag / DATA).mkdir(exist_ok=True)
        for name, document in (
            (HEAD, head_of(answer)),
            (COMPLETENESS, completeness_of(answer)),
            (WITHHELD, withheld_of(answer)),
            (INFORMATION, information_of(answer)),
        ):
            (bag / name).write_bytes(document_bytes(document))
        (bag / SIGNERS).write_text(signing.allowed_signers(principal_of(answer.sender)), "utf-8")
    except OSError as error:
        raise disk_error(error) from None
    write_pages(answer, bag, lambda service, kind: table_of(kind, bag / data_path(service.vendor, kind.endpoint, "csv")))
    return close_bag(bag, BagInfo(answer.reference, answer.made.date(), f"Habeas {answer.engine}"), known)


@contextmanager
def table_of(kind: RecordKind, path: Path) -> Iterator[CsvTable]:
    """Give a table, which is written into its file when all records are in it. Raises ValueError where they are others than are given."""
    with tempfile.TemporaryFile(dir=path.parent) as waiting, path.open("xb") as file:
        table = CsvTable(waiting)
        yield table
        rows = table.finish(file).rows
    if rows != kind.given:
        message = f"{kind.endpoint}: {kind.given} records were said to be given, and {rows} are in its table"
        raise ValueError(message)


def _files(service: Service, bag: Path, language: str) -> Iterator[tuple[str, str]]:
    """Put the files of a service in, and the list of them; gives the sha256 of each by its name in the bag."""
    groups = [service.files, *(kind.files for kind in service.kinds)]
    rows = []
    for group in groups:
        for number, file in enumerate(group, 1):
            name = file_path(service.vendor, number, file) if file.source is not None else ""
            if file.source is not None:
                yield name, _put(file, file.source, bag / name)
            because = IN_SHORT[file.because][language] if file.because else ""
            rows.append((name, file.record or "", file.name, file.size or "", file.sha256 or "", file.why or because))
    if rows:
        folder = bag / DATA / service.vendor / "files"
        prepare(folder)
        try:
            with tempfile.TemporaryFile(dir=folder) as waiting, (folder / "list.csv").open("xb") as listed:
                table = CsvTable(waiting)
                for row in rows:
                    table.add(dict(zip(FILE_COLUMNS, row, strict=True)))
                table.finish(listed)
        except OSError as error:
            raise disk_error(error) from None


def _put(file: PackageFile, source: Path, target: Path) -> str:
    prepare(target.parent)
    link_or_copy(source, target)
    sha256 = sha256_of(target)
    if file.sha256 is not None and sha256 != file.sha256:
        message = f"{source} is not the file that was taken in (another sha256): put a copy back; nothing was built"
        raise Refused(message)
    return sha256
