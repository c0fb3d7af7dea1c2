"""Write a page as one HTML file for screen and paper. No script; nothing is loaded; all text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import assert_never

from engine.explain.blocks import (
    Heading,
    Hyperlink,
    Inline,
    InlineCode,
    Items,
    Line,
    Listing,
    PageBlock,
    Paragraph,
    Pointer,
    Strong,
    TableBlock,
)

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
.whole { white-space: nowrap }
.whole wbr { display: none }
pre { margin: 0; padding: .75rem 1rem; font-size: .8rem; line-height: 1.45; background: var(--tint); border-radius: .4rem;
  overflow-x: auto }
pre code { padding: 0; font-size: 1em; line-height: inherit; overflow-wrap: normal }
figure { margin: 1.25rem 0 }
figcaption { margin-bottom: .4rem }
:target { scroll-margin-top: 1rem; background: var(--tint) }
.wide { overflow-x: auto; margin: 1.25rem 0 }
td code { overflow-wrap: normal }
table { border-collapse: collapse; width: 100%; font-size: .92rem }
caption { text-align: left; color: var(--soft); padding-bottom: .5rem }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600 }
thead th { color: var(--soft) }
tbody th { min-width: 9rem }
nav h2 { margin: 2rem 0 .5rem; font-size: 1rem; border: 0; padding: 0 }
nav li { margin: .2rem 0 }
nav ul { list-style: none; margin: 0; padding: 0; max-width: none; font-size: .9rem }
nav li li { padding-left: 1rem }
nav li li li { display: inline; padding: 0 }
nav li li li:not(:last-child)::after { content: " · "; color: var(--soft) }
nav li li ul { padding-left: 1rem }
.last { margin-top: 2rem; color: var(--soft); font-size: .875rem }
@media screen and (min-width: 80rem) {
  body { padding-left: 19rem }
  nav { position: fixed; inset: 0 auto 0 0; width: 19rem; padding: 1.5rem; overflow-y: auto; border-right: 1px solid var(--line) }
  nav h2 { margin-top: 0 }
  nav li li li { display: list-item }
  nav li li li:not(:last-child)::after { content: none }
}
@media screen and (max-width: 45rem) {
  main { padding: 1.5rem 1rem 3rem }
  h1 { font-size: 2rem }
  thead { position: absolute; clip-path: inset(50%) }
  table, caption, tbody, tr, tbody th, td { display: block }
  tr { padding: .6rem 0; border-bottom: 1px solid var(--line) }
  tbody th, td { padding: .1rem 0; border: 0 }
  td:empty { display: none }
  td::before { content: attr(data-head) ": "; color: var(--soft) }
  .long { white-space: normal }
  .long wbr { display: inline }
}
@media print {
  body { font-size: 10.5pt }
  main { max-width: none; padding: 0 }
  h2, h3, caption, thead, thead tr, figcaption { break-after: avoid }
  nav { break-after: page }
  nav ul { font-size: 9.5pt }
  tr, li { break-inside: avoid }
  .wide { overflow: visible }
  table { font-size: 8pt }
  tbody th { min-width: 5rem }
  code { background: none; padding: 0 }
  pre { border: 1px solid var(--line); white-space: pre-wrap; font-size: 6.8pt }
}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
BREAK = re.compile(r"(?<=[^/:][/:])(?=[\w{])")
NARROW = 34  # characters of code that fit on the narrowest screens
LAST = '<p class="last">'


def webpage(blocks: Sequence[PageBlock]) -> str:
    """Give the whole HTML file; its title is the page's first heading."""
    title = next((block.text for block in blocks if isinstance(block, Heading)), "Habeas")
    last = len(blocks) - 1
    written = [_block(block, last=index == last) for index, block in enumerate(blocks)]
    begins = next((index for index, block in enumerate(blocks) if isinstance(block, Heading) and block.level > 1), len(blocks))
    body = "\n".join([*written[:begins], *_contents(blocks), *written[begins:]])
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
            place = f' id="{_slug(block.text)}"' if block.level > 1 else ""
            return f"<h{block.level}{place}>{escape(block.text)}</h{block.level}>"
        case Paragraph():
            return f"{LAST if last else '<p>'}{_line(block.line)}</p>"
        case Items():
            tag = "ol" if block.numbered else "ul"
            return f"<{tag}>\n{_lines(f'<li>{_line(line)}</li>' for line in block.lines)}\n</{tag}>"
        case TableBlock():
            return _table(block)
        case Listing():
            caption = f"<figcaption>{_line(block.caption)}</figcaption>"
            return f'<figure id="{escape(block.anchor)}">\n{caption}\n<pre tabindex="0"><code>{escape(block.text)}</code></pre>\n</figure>'
        case _:
            assert_never(block)


def _table(table: TableBlock) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.head)
    places = [f' id="{escape(anchor)}"' for anchor in table.anchors] or [""] * len(table.rows)
    rows = (
        f'<tr{place}><th scope="row">{_line(row[0])}</th>'
        + "".join(f'<td data-head="{escape(name)}">{_line(cell)}</td>' for name, cell in zip(table.head[1:], row[1:], strict=True))
        + "</tr>"
        for place, row in zip(places, table.rows, strict=True)
    )
    return (
        f'<div class="wide" role="region" aria-label="{escape(table.caption)}" tabindex="0"><table>\n'
        f"<caption>{escape(table.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{_lines(rows)}\n</tbody>\n</table></div>"
    )


def _line(line: Line) -> str:
    return "".join(_part(part) for part in line)


def _part(part: Inline) -> str:
    match part:
        case str():
            return escape(part)
        case InlineCode():
            return _code(part.text)
        case Strong():
            return f"<strong>{escape(part.text)}</strong>"
        case Hyperlink():
            return f'<a href="{escape(part.address)}">{escape(part.address)}</a>'
        case Pointer():
            return f'<a href="#{escape(part.anchor)}">{escape(part.text)}</a>'
        case _:
            assert_never(part)


def _code(text: str) -> str:
    """Write a text of one word so that no line ends in it, not even at a hyphen; where a page is too narrow for it, it does."""
    whole = "" if re.search(r"[\s/]", text) else ' class="whole"' if len(text) <= NARROW else ' class="whole long"'
    return f"<code{whole}>{BREAK.sub('<wbr>', escape(text))}</code>"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _contents(blocks: Sequence[PageBlock]) -> Iterator[str]:
    """List the headings, below each the rows of its table and its listings that have a place of their own."""
    entries: list[tuple[int, str, str]] = []
    level = 1
    for block in blocks:
        match block:
            case Heading() if block.level > 1:
                level = block.level
                entries.append((level - 1, _slug(block.text), escape(block.text)))
            case TableBlock():
                entries += [(level, anchor, _words(row[0])) for anchor, row in zip(block.anchors, block.rows, strict=False)]
            case Listing():
                entries.append((level, block.anchor, _words(block.caption[:1])))
    if entries:
        yield '<nav aria-labelledby="contents">\n<h2 id="contents">Contents</h2>'
        yield from _nested(entries)
        yield "</nav>"


def _nested(entries: Sequence[tuple[int, str, str]]) -> Iterator[str]:
    """Write entries as lists in lists by their depth, of which none skips one."""
    depth = 0
    for deep, anchor, words in entries:
        yield from ("</li>" if deep == depth else "</li></ul>" * (depth - deep) + "</li>",) if deep <= depth else ("<ul>",)
        yield f'<li><a href="#{escape(anchor)}">{words}</a>'
        depth = deep
    yield "</li></ul>" * depth


def _words(line: Line) -> str:
    """Write the words of a line without what is in bold or leads elsewhere."""
    return escape("".join(part if isinstance(part, str) else part.text for part in line if not isinstance(part, Hyperlink)))


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(texts)
