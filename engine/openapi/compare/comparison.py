"""Compare a spec with the vendor's own OpenAPI documents. What is sure to fail at the vendor is a mistake, a doubt is a note.

Each finding stands at the word of the spec that it is about. Documents are incomplete more often than wrong: where one is silent
nothing is found, and what it merely does not list is a mistake only if it is almost the name of something that it lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.language.effective import Endpoint, Row, effective
from engine.language.expressions.template import parse_path
from engine.language.load import check
from engine.language.model import spec as m
from engine.language.rules.lint_context import LintContext, row_place
from engine.language.text.document import Path, read
from engine.language.text.mistakes import Mistake, Position
from engine.openapi.compare.check_request import ComparedRequest, answers, body, grants, parameters, unread
from engine.openapi.compare.unlike import unlike
from engine.openapi.document.operations import Api, Operation, plain
from engine.openapi.document.paths import Miss, Paths, missed, written
from engine.replaced import replace

MOST_ROWS = 100
MOST_NAMED = 3
MOST_ASKED = 300


def compare(raw: bytes, file: str, apis: Sequence[Api]) -> tuple[Mistake, ...]:
    """Find where a spec and the documents differ, in the order of the spec's lines. Raises SpecError for a spec that does not load."""
    context, every, found = side_by_side(raw, file, apis)
    found += [mistake for request in context.requests() for mistake in _request(context, every, *request)]
    ordered = sorted(unlike(context.document.lines, dict.fromkeys(found)), key=lambda one: (one.at, one.message))
    return tuple(replace(one, file=file) for one in ordered)


def side_by_side(raw: bytes, file: str, apis: Sequence[Api]) -> tuple[LintContext, list[Paths], list[Mistake]]:
    """Read a spec, and give it with the paths of the documents, and with what is wrong with its base address. Raises SpecError."""
    check(raw, file)
    document = read(raw, file)
    spec = m.Spec.model_validate(document.value)
    context = LintContext(effective(spec), spec, document)
    every = [Paths(api) for api in apis]
    return context, every, list(_wrong_base(context, every))


def trouble(api: Api) -> tuple[Mistake, ...]:
    """Note the remote and the broken `$ref`s of a document: what they stand for was not compared."""
    remote, broken = api.refs.trouble()
    words = []
    if remote:
        words.append((f"{_count(remote)} to other documents: they are never fetched, and were not looked into", remote))
    if broken:
        words.append((f"{_count(broken)} that lead nowhere in the document, and were not looked into", broken))
    return tuple(Mistake(message, Position(1, 1), _some(refs), "note", api.file) for message, refs in words)


def _count(refs: Sequence[str]) -> str:
    return "a `$ref`" if len(refs) == 1 else f"{len(refs)} `$ref`s"


def _some(refs: Sequence[str]) -> str:
    shown = ", ".join(f"`{one[:80]}`" for one in refs[:MOST_NAMED])
    return shown if len(refs) <= MOST_NAMED else f"{shown} and {len(refs) - MOST_NAMED} more"


def _request(context: LintContext, every: Sequence[Paths], path: Path, endpoint: Endpoint, own: m.RequestSpec) -> Iterator[Mistake]:
    if endpoint.line.whole is not None:
        return  # an address that the vendor gave: the document cannot know it
    meant: dict[tuple[tuple[int, str], ...], tuple[list[Operation], list[Row]]] = {}
    for row in endpoint.rows[:MOST_ROWS]:
        operations = operations_of(every, endpoint, row)
        if isinstance(operations, Miss):
            at = context.document.at(_of_row(path, endpoint, row))
            yield Mistake(operations.message, at, operations.hint, "error" if operations.surely else "note")
            continue
        meant.setdefault(tuple((id(one.api), one.path) for one in operations), (operations, []))[1].append(row)
    for operations, rows in meant.values():
        tried = [list(_held(ComparedRequest(context, path, endpoint, operation, rows))) for operation in operations]
        yield from min(tried, key=lambda found: (sum(one.level == "error" for one in found), len(found)))


def _held(held: ComparedRequest) -> Iterator[Mistake]:
    if held.operation.deprecated:
        yield held.note(f"the document marks {held.operation.label} as deprecated", (held.verb,), "look for its successor")
    for compared in (parameters, body, answers, unread, grants):
        yield from compared(held)


def _of_row(path: Path, endpoint: Endpoint, row: Row) -> Path:
    """Point to the value of `for` that the address holds, or to the request line."""
    names = {hole.name for hole in endpoint.address.holes()}
    for name, _ in row:
        if name in names:
            return (*path, *row_place(endpoint, name, row))
    return (*path, endpoint.method.lower())


def operations_of(every: Sequence[Paths], endpoint: Endpoint, row: Row) -> list[Operation] | Miss:
    """Look into each document: several may have the operation. Where none has it, the first that knows the host says why."""
    address, method = written(endpoint.address, dict(row)), endpoint.method.lower()
    found, misses = list[Operation](), list[Miss]()
    for paths in every:
        candidates, named = paths.behind(address)
        operation = next((one for path in candidates if (one := paths.find(path, method)) is not None), None)
        if operation is not None:
            found.append(operation)
        elif named:
            misses.append(missed(paths, candidates[0], method))
        else:
            host = address.removeprefix("https://").partition("/")[0]
            servers = ", ".join(f"`{one.url}`" for one in paths.servers[:MOST_NAMED])
            misses.append(
                Miss(f"no server of the document is `{host}`: this request was not compared", f"its servers: {servers}", surely=False)
            )
    return found or next((one for one in misses if one.surely), misses[0])


def _wrong_base(context: LintContext, every: Sequence[Paths]) -> Iterator[Mistake]:
    """Find a base address behind which the document has nothing while it has the same requests behind another.

    That is told once, and kept in `Paths.wrong`, so that each request is compared behind the right one.
    """
    asked = list(_asked(context))[:MOST_ASKED]
    if any(paths.find(one, method) for paths in every for address, method in asked for one in paths.behind(address)[0]):
        return
    host, _, base = context.vendor.base_url.removeprefix("https://").partition("/")
    steps = [step for step in base.split("/") if step]
    for paths in every:
        fitting = paths.fitting(asked[0][0]) if asked else ()
        for count in range(len(steps), -1, -1):
            wrong = "".join(f"/{step}" for step in steps[:count])
            behind = [("/" + "/".join(_path(address).split("/")[count + 1 :]), method) for address, method in asked]
            found = sum(paths.find(path, method) is not None for path, method in behind)
            if fitting and found and found * 2 >= len(asked):
                right = f"https://{host}{plain(fitting[0].base, 80)}"
                message = f"the document has these requests behind `{right}`, and nothing behind `https://{host}{wrong}`"
                rest = "".join(f"/{step}" for step in steps[count:])
                paths.wrong = "/".join(_path(asked[0][0]).split("/")[: count + 1])
                yield context.mistake(message, ("base_url",), f"did you mean `{right}{rest}`?")
                return


def _asked(context: LintContext) -> Iterator[tuple[str, str]]:
    """Give the addresses that stand behind the base address, each with its method in small letters."""
    base = written(parse_path(context.vendor.base_url), {}).rstrip("/")
    for _, endpoint, _ in context.requests():
        address = written(endpoint.address, dict(endpoint.rows[0]) if endpoint.rows else {})
        if endpoint.line.whole is None and base.startswith("https://") and address.startswith(f"{base}/"):
            yield address, endpoint.method.lower()


def _path(address: str) -> str:
    _, slash, path = address.removeprefix("https://").partition("/")
    return slash + path
