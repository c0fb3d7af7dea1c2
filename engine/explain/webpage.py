"""Write a page as one HTML file for screen and paper. No script; nothing is loaded; all text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import assert_never

from engine.explain.blocks import Heading, Hyperlink, Inline, InlineCode, Items, Line, PageBlock, Paragraph, Strong, TableBlock

COLOURS = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #556070; --line: #d5dae1; --paper: #fff; --tint: #f4f6f8; --accent: #0b5c8f }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --soft: #a3adba; --line: #3a4350; --paper: #14181e; --tint: #1d232b; --accent: #7cc0ee }
}
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --tint: #f6f6f6; --accent: #000 } }
"""
STYLE = """
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif }
main { max-width: 70rem; margin: 0 auto; padding: 3rem 1.5rem 4rem }
h1 { margin: 0 0 .5rem; font-size: 2.4rem; line-height: 1.15; letter-spacing: -.02em }
h1 + p { margin-top: 0; color: var(--soft); font-size: 1.1rem; max-width: 46rem }
h2 { margin: 3rem 0 .75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: 1.45rem; line-height: 1.25 }
h3 { margin: 2rem 0 .5rem; font-size: 1.1rem }
p, ul, ol { margin: .6rem 0; max-width: 50rem }
ul, ol { padding-left: 1.4rem }
li { margin: .25rem 0 }
a { color: var(--accent); overflow-wrap: anywhere }
code { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--tint); padding: .1em .35em;
  border-radius: .25em; overflow-wrap: anywhere }
td code { overflow-wrap: normal }
.wide { overflow-x: auto; margin: 1.25rem 0 }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
caption { text-align: left; color: var(--soft); padding-bottom: .5rem }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600 }
thead th { color: var(--soft) }
tbody th { min-width: 9rem }
.last { margin-top: 2rem; color: var(--soft); font-size: .875rem }
@media print {
  body { font-size: 10.5pt }
  main { max-width: none; padding: 0 }
  h2, h3, caption { break-after: avoid }
  tr, li { break-inside: avoid }
  .wide { overflow: visible }
  code { background: none; padding: 0 }
}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
BREAK = re.compile(r"(?<=[^/:][/:])(?=[\w{])")
LAST = '<p class="last">'


def webpage(blocks: Sequence[PageBlock]) -> str:
    """Give the whole HTML file; its title is the page's first heading."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "Habeas")
    last = len(blocks) - 1
    body = "\n".join(_block(block, last=index == last) for index, block in enumerate(blocks))
    return document(f"{title}: access requests with Habeas", STYLE, f"<main>\n{body}\n</main>")


def document(title: str, style: str, body: str) -> str:
    """Give a whole HTML file around a body that is HTML already; its policy forbids the browser to load or run anything."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{COLOURS}{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _block(block: PageBlock, *, last: bool) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
        case Paragraph():
            return f"{LAST if last else '<p>'}{_line(block.line)}</p>"
        case Items():
            tag = "ol" if block.numbered else "ul"
            return f"<{tag}>\n{_lines(f'<li>{_line(line)}</li>' for line in block.lines)}\n</{tag}>"
        case TableBlock():
            return _table(block)
        case _:
            assert_never(block)


def _table(table: TableBlock) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
    rows = (
        f'<tr><th scope="row">{_line(row[0])}</th>' + "".join(f"<td>{_line(cell)}</td>" for cell in row[1:]) + "</tr>" for row in table.rows
    )
    return (
        f'<div class="wide"><table>\n<caption>{escape(table.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{_lines(rows)}\n</tbody>\n</table></div>"
    )


def _line(line: Line) -> str:
    return "".join(_part(part) for part in line)


def _part(part: Inline) -> str:
    match part:
        case str():
            return escape(part)
        case InlineCode():
            return f"<code>{BREAK.sub('<wbr>', escape(part.text))}</code>"
        case Strong():
            return f"<strong>{escape(part.text)}</strong>"
        case Hyperlink():
            return f'<a href="{escape(part.address)}">{escape(part.address)}</a>'
        case _:
            assert_never(part)


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(texts)
