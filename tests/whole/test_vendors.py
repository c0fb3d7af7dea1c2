"""A bare name means one spec: the one that says it is that vendor's. Two of them are a mistake that is told, and nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ZOOM = (ROOT / "specs" / "zoom.yaml").read_text("utf-8")


def test_a_name_that_two_specs_claim_is_taken_by_neither(habeas, tmp_path):
    """The message names both files; a file written with its path is taken."""
    other = tmp_path / "my_zoom.yaml"
    other.write_text(ZOOM)
    for command in (("plan", "zoom"), ("run", "zoom", "--email", "ada@example.com"), ("check", "zoom")):
        told = habeas(*command, HABEAS_SPECS=str(tmp_path))
        assert told.returncode == 2
        assert f"`zoom` means more than one spec: {ROOT / 'specs' / 'zoom.yaml'} and {other}; name the file" in told.stderr
    assert habeas("plan", str(other), HABEAS_SPECS=str(tmp_path)).returncode == 0
    assert habeas("plan", "zoom", HABEAS_SPECS=f"{ROOT / 'specs'}:{ROOT / 'specs'}").returncode == 0


def test_check_points_at_the_vendor_of_the_second(habeas, tmp_path):
    """Whether the two are named, or found in the folders; one file named twice is one."""
    other = tmp_path / "my_zoom.yaml"
    other.write_text(ZOOM)
    for words, folders in (((str(ROOT / "specs" / "zoom.yaml"), str(other)), ""), ((), str(tmp_path))):
        told = habeas("check", "--format", "json", *words, HABEAS_SPECS=folders)
        assert told.returncode == 2
        (wrong,) = [one for one in json.loads(told.stdout) if one["level"] == "error"]
        assert wrong["message"] == f"{ROOT / 'specs' / 'zoom.yaml'} is a spec of `zoom` already"
        assert (wrong["file"], wrong["line"], wrong["column"]) == (str(other), 1 + ZOOM[: ZOOM.index("\nvendor: ") + 1].count("\n"), 9)
    told = habeas("check", str(ROOT / "specs" / "zoom.yaml"), "zoom")
    assert told.returncode == 0
    assert "1 spec," in told.stdout


def test_a_file_that_does_not_say_its_vendor_is_of_the_one_it_is_named_for(habeas, tmp_path):
    """So its mistakes are told, wherever they stand; a file of another vendor is not found by its own name."""
    (tmp_path / "acme.yaml").write_text("spec: 1\n")
    told = habeas("plan", "acme", HABEAS_SPECS=str(tmp_path))
    assert (told.returncode, "`vendor` is missing" in told.stderr) == (2, True)
    (tmp_path / "acme.yaml").write_text("vendor: emca\nspec: 1\n")
    told = habeas("plan", "acme", HABEAS_SPECS=str(tmp_path))
    assert (told.returncode, "no spec is called `acme`" in told.stderr) == (2, True)
    told = habeas("plan", "zooom")
    assert "no spec is called `zooom`: did you mean `zoom`? A file is written with its path, ./NAME.yaml" in told.stderr


def test_the_schema_is_printed_and_lies_beside_a_first_spec(habeas, tmp_path):
    """So that the first line, which names it, holds in any folder; one that is there already stays."""
    published = (ROOT / "specs" / "habeas.schema.json").read_text("utf-8")
    assert habeas("schema").stdout == published
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Acme", "version": "1"},
        "servers": [{"url": "https://api.acme.example/v1"}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "security": [{"key": []}],
        "paths": {
            "/users": {"get": {"parameters": [{"name": "email", "in": "query", "schema": {"type": "string"}}], "responses": {"200": {}}}},
            "/users/{userId}": {"get": {"parameters": [{"name": "userId", "in": "path", "required": True}], "responses": {"200": {}}}},
        },
    }
    (tmp_path / "acme.json").write_text(json.dumps(document))
    out = tmp_path / "specs"
    out.mkdir()
    for name in ("acme", "emca"):
        told = habeas("new", name, "--openapi", str(tmp_path / "acme.json"), "--out", str(out / f"{name}.yaml"))
        assert told.returncode == 0, told.stderr
        assert (out / f"{name}.yaml").read_text().splitlines()[0] == "# yaml-language-server: $schema=habeas.schema.json"
        assert (out / "habeas.schema.json").read_text() == (published if name == "acme" else "{}")
        (out / "habeas.schema.json").write_text("{}")
