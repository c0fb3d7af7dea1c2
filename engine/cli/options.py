"""The arguments and options that several commands share, each with its one help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

VendorArgument = Annotated[str, typer.Argument(metavar="VENDOR", help="A vendor's name (zoom), or the path of a spec (./specs/zoom.yaml).")]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="URL", help="Send everything to a simulator, http://127.0.0.1:PORT; default $HABEAS_<VENDOR>_AT."),
]
OnlyOption = Annotated[list[str] | None, typer.Option("--only", metavar="E,E.FIELD", help="Fetch only these endpoints or fields.")]
WithoutOption = Annotated[list[str] | None, typer.Option("--without", metavar="E,E.FIELD", help="Leave these endpoints or fields out.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="DAY|SPAN", help="Only what is newer: 2025-01-01, 90d, 6mo. The manifest says so.")
]
ShareOption = Annotated[int, typer.Option("--share", metavar="PERCENT", min=1, max=100, help="How much of the vendor's limit to use.")]
PlanOption = Annotated[
    str | None, typer.Option("--plan", metavar="PLAN", help="The plan of the account, for its limits; default the spec's first.")
]
ConnectionOption = Annotated[
    str | None, typer.Option("--connection", metavar="NAME", help="Which account, where there are several; default the only one.")
]
OpenApiOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--openapi", metavar="FILE", help="The vendor's own OpenAPI 3 or Swagger 2 document, JSON or YAML; repeat it for several."
    ),
]
EmailOption = Annotated[
    str | None, typer.Option("--email", metavar="ADDRESS|-", help="The person's e-mail address; - reads it from standard input.")
]
SubjectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--subject", metavar="KIND=VALUE", help="Another identifier: email, phone or username; KIND=- reads it from standard input."
    ),
]
ProbeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--probe",
        metavar="EMAIL|-",
        help="A known colleague, not the administrator: found by the same look-up, they prove that a person who is not found is unknown. "
        "Also KIND=VALUE; - and KIND=- read standard input.",
    ),
]
LargestFileOption = Annotated[
    str, typer.Option("--largest-file", metavar="SIZE", help="Where no record tells a file's size: stop after this much, such as 500MB.")
]
NoWaitOption = Annotated[bool, typer.Option("--no-wait", help="Do not wait while another run uses the connection.")]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it there, into a new file; default standard output.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
