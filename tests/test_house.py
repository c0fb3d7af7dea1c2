"""The house keeps its order: layers, sizes, names, tests that say what they show. Each rule is shown to be able to fail."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections import Counter
from pathlib import Path

import pytest

from engine.reference.layers import PURE, RANK

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "engine"
IMPURE = {
    "aiohttp",
    "asyncio",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
}
NAMED = {
    "engine.api.run": "a library call names each argument, and says what it means",
    "engine.api.resume": "the same",
    "engine.cli.app.run": "Typer reads the options from the signature, and the help from the docstring",
    "engine.cli.app.connect": "the same",
    "engine.cli.app.resume": "the same",
    "engine.cli.authoring.record": "the same",
    "engine.cli.batch_app.batch": "the same",
}
ALIAS = re.compile(r"(?:Literal|Callable|Mapping|Sequence|tuple|dict|list|frozenset|Annotated)\[|[A-Z]\w+(?:\[.*\])? \| ")
AVOIDED = {"utils", "util", "helpers", "helper", "base", "manager", "handler", "factory", "common", "misc"}
SLEEPS = re.compile(r"time\.sleep\(|asyncio\.sleep\((?!0\))|mark\.(skip|xfail)|pytest\.(skip|xfail)")


def part(module: str) -> str | None:
    """Name the part of the engine that a module belongs to; None for what is neutral or foreign."""
    steps = module.split(".")
    return steps[1] if steps[0] == "engine" and len(steps) > 1 and steps[1] in RANK else None


def imports(tree: ast.AST) -> list[str]:
    """Give every module that is imported, inside functions too; not those for type checkers only."""
    found = []
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
            if node.module == "engine":
                found += [f"engine.{name.name}" for name in node.names]
    return found


def layer_faults(name: str, source: str) -> list[str]:
    """Say what is wrong with a module's imports."""
    own, faults = part(name), []
    for other in imports(ast.parse(source)):
        their = part(other)
        if own is None:
            continue
        if their is not None and their != own and RANK[their] >= RANK[own]:
            faults.append(f"{name} imports {other}: upward")
        if own in PURE and other.split(".")[0] in IMPURE:
            faults.append(f"{name} imports {other}: not pure")
    return faults


def lines_of(name: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines beyond its first; of those in NAMED only what comes after signature and docstring."""
    first = node
    if f"{name}.{node.name}" in NAMED:
        first = node.body[1 if ast.get_docstring(node) else 0]
    return (node.end_lineno or 0) - first.lineno


def size_faults(name: str, source: str) -> list[str]:
    """Say what is too long, or lacks a sentence."""
    tree = ast.parse(source)
    faults = [f"{name}: {source.count(chr(10))} lines"] if source.count("\n") > 400 else []
    faults += [] if ast.get_docstring(tree) else [f"{name}: no docstring"]
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and lines_of(name, node) >= 40:
            faults.append(f"{name}:{node.lineno} {node.name}: over 40 lines")
    if AVOIDED & set(re.split(r"[./_]", name)):
        faults.append(f"{name}: says nothing")
    return faults


def test_faults(name: str, source: str) -> list[str]:
    """Say which tests do not say what they show, or sleep."""
    tree = ast.parse(source)
    faults = [
        f"{name}:{node.lineno} {node.name}: no sentence"
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").rstrip().endswith(".")
    ]
    return faults + [
        f"{name}:{number}: {line.strip()}"
        for number, line in enumerate(source.splitlines(), 1)
        if SLEEPS.search(line) and "SLEEPS" not in line and "fault" not in line
    ]


test_faults.__test__ = False  # type: ignore[attr-defined]


def modules() -> dict[str, str]:
    """Give every module of the engine by its name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path.read_text("utf-8")
        for path in ENGINE.rglob("*.py")
        if "_data" not in path.parts
    }


def types_of(source: str) -> list[str]:
    """Name the classes and type aliases that a module defines."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and ALIAS.match(ast.unparse(node.value)):
            found.append(node.targets[0].id)
    return found


def name_faults(sources: dict[str, str]) -> list[str]:
    """Say which type names stand for two things, and which file names for more than two."""
    types = Counter(name for source in sources.values() for name in types_of(source))
    files = Counter(name.rpartition(".")[2] for name in sources if not name.endswith("engine"))
    packages = {name.rpartition(".")[0] for name in sources}
    files.subtract(name.rpartition(".")[2] for name in sources if name in packages)
    return [*(name for name, count in types.items() if count > 1), *(name for name, count in files.items() if count > 2)]


def loop_faults(name: str, source: str) -> list[str]:
    """Say where a loop names its variable `one`: it holds something that has a name."""
    return [
        f"{name}:{node.lineno}: for one"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.For, ast.AsyncFor)) and "one" in [part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)]
    ]


def test_one_name_means_one_thing():
    """No type name stands twice in the engine, no file name more than twice, and a loop variable says what it holds."""
    assert name_faults(modules()) == []
    assert [fault for name, source in modules().items() for fault in loop_faults(name, source)] == []


def listing_faults(name: str, source: str, there: set[str]) -> list[str]:
    """Say which files the docstring of a package describes that are not in it."""
    listed = re.findall(r"^(\w+)\.py  ", inspect.cleandoc(ast.get_docstring(ast.parse(source)) or ""), re.MULTILINE)
    return [f"{name}: describes {module}.py" for module in listed if f"{name}.{module}" not in there]


def test_a_package_describes_files_that_it_has():
    """Where the docstring of a package lists its modules, each is one."""
    sources = modules()
    assert [fault for name, source in sources.items() for fault in listing_faults(name, source, set(sources))] == []


def test_imports_point_downward_only():
    """As the table of layers says: cli -> runner -> connection -> net -> core -> language -> errors; and what is pure imports nothing that is not."""
    assert [fault for name, source in modules().items() for fault in layer_faults(name, source)] == []


def test_there_is_no_import_cycle():
    """No module reaches itself by its imports, counting those inside functions."""
    sources = modules()
    graph = {name: {one for one in imports(ast.parse(source)) if one in sources and one != name} for name, source in sources.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name not in done:
            for other in graph[name]:
                visit(other, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_files_and_functions_are_small_and_named_for_what_they_are():
    """Files stay under 400 lines, functions under 40, every module begins with a sentence."""
    assert [fault for name, source in modules().items() for fault in size_faults(name, source)] == []


def test_tests_say_what_they_show_and_never_sleep():
    """Each test has a sentence, none waits for real time, is skipped or expected to fail, and their files are small too."""
    sources = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")}
    assert [fault for name, source in sources.items() for fault in test_faults(name, source)] == []
    assert [name for name, source in sources.items() if source.count("\n") > 400] == []


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "bench").glob("*.py")))
def test_the_benchmarks_can_be_begun(name):
    """What they import exists: they are run on demand only, so nothing else would notice."""
    assert importlib.import_module(f"bench.{name}")


@pytest.mark.parametrize(
    ("faults", "source"),
    [
        (lambda text: layer_faults("engine.core.x", text), "from engine.net import limiter"),
        (lambda text: layer_faults("engine.core.x", text), "def f():\n    import time"),
        (lambda text: layer_faults("engine.language.x", text), "from engine.core.http import Response"),
        (lambda text: size_faults("engine.x", text), '"""A."""\n' * 401),
        (lambda text: size_faults("engine.x", text), '"""A."""\ndef f():\n' + "    x = 1\n" * 41),
        (lambda text: size_faults("engine.x", text), '"""A."""\ndef f(\n' + "    x,\n" * 41 + "): ..."),
        (lambda text: size_faults("engine.x", text), '"""A."""\ndef f():\n    """B.\n' + "    b\n" * 41 + '    """'),
        (lambda text: size_faults("engine.api", text), '"""A."""\ndef run():\n' + "    x = 1\n" * 41),
        (lambda text: size_faults("engine.x", text), "x = 1"),
        (lambda text: size_faults("engine.utils", text), '"""A."""'),
        (lambda text: layer_faults("engine.core.x", text), "from pathlib import Path"),
        (lambda text: name_faults({"engine.a.x": text, "engine.b.y": text}), "class Same: ..."),
        (lambda text: name_faults({"engine.a.x": text, "engine.b.y": text}), "Same = Literal['a', 'b']"),
        (lambda text: name_faults({"engine.a.x": text, "engine.b.x": text, "engine.c.x": text}), ""),
        (lambda text: loop_faults("x", text), "for one in (): ..."),
        (lambda text: listing_faults("engine.a", text, {"engine.a.y"}), '"""A.\n\nx.py  gone\n"""'),
        (lambda text: test_faults("x", text), "def test_x():\n    pass"),
        (lambda text: test_faults("x", text), "import time\ntime." + "sleep(1)"),
    ],
)
def test_each_rule_of_the_house_can_fail(faults, source):
    """A house that could not be disordered would prove nothing."""
    assert faults(source)


def test_no_address_of_a_registry_and_no_path_of_a_machine_is_committed():
    """Pinned requirements hold hashes only."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text
        assert "index" not in text
        assert "--hash=sha256:" in text
