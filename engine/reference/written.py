"""A value as YAML on one line: how the examples of a word are shown."""

from __future__ import annotations

import json
from typing import Any

import yaml


def flow(value: Any, *, inside: bool = False) -> str:
    """Write a value as YAML on one line, a text in quotes only where it needs them. `inside`: of a map or list."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(name, inside=True)}: {flow(one, inside=True)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(one, inside=True) for one in value) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        read = yaml.load(f"[{value}]" if inside else value, yaml.BaseLoader)  # noqa: S506  # it makes texts, and nothing else
    except yaml.YAMLError:
        read = None
    return value if read == ([value] if inside else value) else json.dumps(value, ensure_ascii=False)
