"""A YAML file that the operator writes in the state folder, read as a form; what does not fit is told in words, with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from engine.decoding import converted
from engine.errors import UsageError
from engine.language.text.mistakes import did_you_mean

Form = TypeVar("Form", bound=msgspec.Struct)


class WrittenTwice(yaml.MarkedYAMLError):
    """A word stands twice in one map: the last would count, and nobody would see that the first does not."""


class _OperatorLoader(yaml.SafeLoader):
    """YAML's plain values; a word that is written twice is refused, as in a spec."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  as PyYAML calls it
        """Give a map. Raises WrittenTwice."""
        first: dict[tuple[str, Any], int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if (key.tag, key.value) in first:
                said = f"`{key.value}` is written twice; the first is in line {first[key.tag, key.value]}"
                raise WrittenTwice(problem=said, problem_mark=key.start_mark)
            first[key.tag, key.value] = key.start_mark.line + 1
        return super().construct_mapping(node, deep)


def read_operator_file(path: Path, form: type[Form], hint: str, parts: Callable[[Any], Iterator[str]] = lambda _: iter(())) -> Form | None:
    """Read it; None where there is none. Raises UsageError where it is not as it should be: it ends with the `hint`.

    `parts` says what is wrong below the file's own words.
    """
    try:
        body = yaml.load(path.read_text("utf-8"), Loader=_OperatorLoader) or {}  # noqa: S506  a SafeLoader
        return converted(body, form)
    except FileNotFoundError:
        return None
    except msgspec.ValidationError:
        what = next(misfits("the file", body, form), None) or next(parts(body), "something in it is of another form than it should be")
        message = f"{path}: {what}; {hint}"
    except yaml.MarkedYAMLError as error:
        mark, said = error.problem_mark, error.problem if isinstance(error, WrittenTwice) else f"no YAML ({error.problem})"
        message = f"{path}{f':{mark.line + 1}:{mark.column + 1}' if mark else ''}: {said}"
    except (yaml.YAMLError, UnicodeDecodeError, OSError, RecursionError) as error:
        message = f"{path} cannot be read ({type(error).__name__})"
    except ValueError:  # PyYAML makes days and numbers of what looks like some
        message = f"{path}: it holds a day that there is not, such as 2026-02-30, or a number that is too long; {hint}"
    raise UsageError(message) from None


def misfits(place: str, body: Any, form: type[msgspec.Struct]) -> Iterator[str]:
    """Say what is wrong in one part of a file, not below it, where it holds words at all."""
    words = {one.name: one for one in msgspec.structs.fields(form)}
    if not isinstance(body, dict):
        yield f"{place} holds {', '.join(words)}, each with a colon behind it"
        return
    for word in body:
        if word not in words:
            yield f"{place}: `{word}` is no word here: {did_you_mean(str(word), words)}"
        elif not isinstance(body[word], dict):
            try:
                converted(body[word], words[word].type)
            except msgspec.ValidationError:
                bare = words[word].type in (str, str | None) and not isinstance(body[word], str | list)
                yield f"{place}: `{word}` is not what it should be{': put a text in quotes' if bare else ''}"
    yield from (f"{place}: `{name}` is missing" for name, one in words.items() if one.required and name not in body)
