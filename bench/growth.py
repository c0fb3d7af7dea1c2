"""Draw how a batch grows with its people, as one SVG for docs/performance.md: CPU, time and memory, each measured size a dot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PICTURE = Path(__file__).parent.parent / "docs" / "pictures" / "batch-growth.svg"
WIDE, HIGH = 220, 170
LEFT, TOP, RIGHT, BOTTOM = 42, 34, 24, 38
PANELS = (("cpu", "CPU, seconds"), ("wall", "time, seconds"), ("rss", "memory, MB"))
STYLE = """
  text { font: 11px system-ui, sans-serif; fill: #3d4451; }
  .head { font-weight: 600; fill: #14181f; }
  .axis { stroke: #9aa3b2; fill: none; }
  .line { stroke: #9aa3b2; stroke-dasharray: 4 3; fill: none; }
  .dot { fill: #0b57d0; }
  @media (prefers-color-scheme: dark) {
    text { fill: #b9c1cf; } .head { fill: #f1f4f9; }
    .axis, .line { stroke: #6b7484; } .dot { fill: #8ab4f8; }
  }
"""


def ceiling(value: float) -> float:
    """Give the next round number: 1, 2 or 5 times a power of ten."""
    step = 10.0 ** (len(str(int(value))) - 1)
    return next(step * factor for factor in (1, 2, 5, 10) if step * factor >= value)


def panel(what: str, words: str, sizes: Mapping[int, Mapping[str, float]], left: float) -> Iterator[str]:
    """Draw one measure over the number of people: dots, and the straight line through the first and the last."""
    most, top = max(sizes), ceiling(max(one[what] for one in sizes.values()))

    def place(count: float, value: float) -> tuple[float, float]:
        wide, high = WIDE - LEFT - RIGHT, HIGH - TOP - BOTTOM
        return round(left + LEFT + wide * count / most, 1), round(TOP + high * (1 - value / top), 1)

    (x0, y0), (x1, y1) = place(0, 0), place(most, top)
    yield f'<text class="head" x="{left + LEFT}" y="18">{words}</text>'
    yield f'<path class="axis" d="M{x0} {y1}V{y0}H{x1}"/>'
    for value in (0.0, top / 2, top):
        yield f'<text x="{x0 - 6}" y="{place(0, value)[1] + 4}" text-anchor="end">{value:g}</text>'
    for count in (0, most // 2, most):
        yield f'<text x="{place(count, 0)[0]}" y="{y0 + 16}" text-anchor="middle">{count:,}</text>'
    yield f'<text x="{(x0 + x1) / 2}" y="{y0 + 31}" text-anchor="middle">people</text>'
    first, last = (place(count, sizes[count][what]) for count in (min(sizes), most))
    yield f'<path class="line" d="M{first[0]} {first[1]}L{last[0]} {last[1]}"/>'
    for count, one in sorted(sizes.items()):
        x, y = place(count, one[what])
        yield f'<circle class="dot" cx="{x}" cy="{y}" r="3"><title>{count:,} people: {one[what]:.1f}</title></circle>'


def drawing(sizes: Mapping[int, Mapping[str, float]]) -> str:
    """Draw all three."""
    parts: Sequence[str] = [line for place, (what, words) in enumerate(PANELS) for line in panel(what, words, sizes, place * WIDE)]
    told = ", ".join(f"{count:,}: {one['cpu']:.1f} s CPU, {one['wall']:.1f} s, {one['rss']:.0f} MB" for count, one in sorted(sizes.items()))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE * len(PANELS)} {HIGH}" role="img" aria-labelledby="t">'
    return "\n".join(
        [head, f'<title id="t">A batch by its number of people. {told}</title>', f"<style>{STYLE}</style>", *parts, "</svg>", ""]
    )


def draw(sizes: Mapping[int, Mapping[str, float]], path: Path = PICTURE) -> None:
    """Write the picture."""
    path.write_text(drawing(sizes), "utf-8")
