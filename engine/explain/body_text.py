"""Write the body of a search as YAML, as a spec has it: a query keeps its lines, `<NAME>` stands for a value."""

from __future__ import annotations

import yaml

from engine.language.expressions.lossless_json import Number
from engine.language.model.body import Content, mapped

WIDTH = 100


class BodyDumper(yaml.SafeDumper):
    """YAML in which a text of several lines keeps them, and a number its digits."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  PyYAML calls it so
        """Indent lists below their key, as specs do."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text.rstrip("\n") else None)


def _number(dumper: yaml.SafeDumper, number: Number) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:float", number.text)


class BodyRoot(dict[str, Content]):
    """The body itself, whose members stand on lines of their own."""


def _root(dumper: yaml.SafeDumper, body: BodyRoot) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", body.items(), flow_style=False)


BodyDumper.add_representer(str, _text)
BodyDumper.add_representer(BodyRoot, _root)
BodyDumper.add_representer(Number, _number)


def body_text(content: Content) -> str:
    """Give a body's lines without a line break at the end."""
    plain = mapped(content, lambda template: _unindented(str(template)))
    root = BodyRoot(plain) if isinstance(plain, dict) else plain
    return yaml.dump(root, Dumper=BodyDumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=WIDTH).rstrip("\n")


def _unindented(text: str) -> str:
    """Leave out blanks at the ends of lines: with them YAML would write a query on one line."""
    return "\n".join(line.rstrip() for line in text.split("\n")) if "\n" in text else text
