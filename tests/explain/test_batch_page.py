"""A batch over time: what each step of its rate counts, what its areas show, and that many people make no large page."""

from __future__ import annotations

import re

import pytest

from engine.explain.batch_page import MOST_PEOPLE, batch_page
from engine.explain.batch_times import SLOTS, Band, BatchTimes, DrawnPerson, UsedLimit, edges_of, rates
from engine.language.model.units import Rate
from tests.explain.reading import harmless

SECOND, MINUTE, DAY = Rate(10, 1.0), Rate(100, 60.0), Rate(6000, 86400.0)


def band(people: list[DrawnPerson], sent: list[float] = [], limits: list[UsedLimit] = [], shares: list[float] = [0.75]) -> Band:  # noqa: B006
    return Band("acme/default", people, sent, limits, shares)


def shown(*bands: Band) -> str:
    return batch_page(BatchTimes(False, bands))


@pytest.mark.parametrize(
    ("seconds", "period", "width"),
    [(160.0, 1.0, 1.0), (16.0, 1.0, 0.1), (320.0, 60.0, 2.0), (16_000.0, 60.0, 120.0), (0.0, 1.0, 0.001), (1600.0, None, 10.0)],
)
def test_slots_are_whole_periods_or_shorter_than_one(seconds, period, width):
    """So no slot may hold more than the limit allows, and there are never more than SLOTS of them."""
    edges = edges_of(5.0, 5.0 + seconds, period)
    assert edges[1] - edges[0] == pytest.approx(width)
    assert len(edges) - 1 <= SLOTS
    assert edges[-1] >= 5.0 + seconds - 1e-6


def test_a_rate_counts_a_slot_or_the_period_before_its_end():
    """A burst stays in every step until its period has passed; a long slot gives the average number in a period."""
    assert rates([0.0, 0.1, 0.2], [0.0, 0.5, 1.0, 1.5], 1.0) == [3, 3, 0]
    assert rates([0.0, 1.0, 5.0, 6.0], [0.0, 4.0, 8.0], 1.0) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("sent", "most", "average"),
    [([], 0, 0.0), ([3.0], 1, 1.0), ([0.0, 0.5, 0.99, 1.0], 3, 4.0), ([0.0, 1.0, 2.0, 3.0, 4.0], 1, 1.25)],
)
def test_the_most_in_one_period_and_the_average(sent, most, average):
    """A request that leaves a whole period after another is not in one period with it."""
    limit = UsedLimit("heavy", SECOND, sent)
    assert (limit.most(), limit.average()) == (most, pytest.approx(average))


def test_the_limit_that_was_filled_the_most_is_drawn_and_all_are_told():
    """With the share of it that was used, and how full each was; an empty day's limit is not drawn."""
    sent = [index / 7.5 for index in range(60)]
    limits = [UsedLimit("all", DAY, sent), UsedLimit("heavy", SECOND, sent), UsedLimit("heavy", MINUTE, sent)]
    chosen = band([DrawnPerson("A", "done", 0.0, 8.0, 60)], sent, limits)
    assert chosen.busiest is limits[1]
    page = harmless(shown(chosen))
    assert (
        "60 requests. Drawn is the limit that was filled the most, heavy of 10 per second: each step is what left in the 1 s before it."
        in page.text
    )
    assert "limit75 % of it" in page.text
    told = re.search(r"heavy 10 per second 60 (\d+) (\S+ \(\d+ % of the share\))", page.text)
    assert told is not None
    assert told.groups() == ("8", "7.6 (102 % of the share)")
    assert "all 6,000 per day 60 60 60.0 (1 % of the share)" in page.text


def test_a_line_stands_at_its_part_of_the_height():
    """The limit is under the top, its share at three quarters of that; a rate above the limit would stand above it."""
    page = shown(band([DrawnPerson("A", "done", 0.0, 10.0)], [0.0] * 20, [UsedLimit("n", SECOND, [0.0] * 20)]))
    heights = [float(one) for one in re.findall(r'style="bottom:([\d.]+)%"', page)]
    assert heights == [pytest.approx(100 / 2 / 1.15, abs=0.01), pytest.approx(75 / 2 / 1.15, abs=0.01)]


def test_areas_show_who_was_done_failed_and_under_way():
    """From the back: everybody who was begun, who ended, who is done; at the end a quarter is failed and a quarter never was asked."""
    people = [
        DrawnPerson("A", "done", 0.0, 4.0, 2),
        DrawnPerson("B", "failed", 2.0, 8.0, 3),
        DrawnPerson("C", "done", 4.0, 8.0, 1),
        DrawnPerson("D", "queued"),
    ]
    text = shown(band(people))
    areas = dict(re.findall(r'<i class="(wait|broken|ok)" style="clip-path:polygon\(([^)]*)\)', text))
    ends = {name: area.split(",")[-2] for name, area in areas.items()}
    assert ends == {"wait": "100.00% 25.00%", "broken": "100.00% 25.00%", "ok": "100.00% 50.00%"}
    assert areas["wait"].split(",")[1] == "0.00% 75.00%"
    said = harmless(text).text
    assert "4 people: 2 done, 1 failed, 1 queued. Half of those who are done or failed had ended after 8 s, the last after 8 s." in said
    assert "C" in said
    assert '<li class="row" title="B: failed at 8 s">' in text
    assert "drawn beside no limit" in said


def test_two_thousand_people_make_a_small_page():
    """Everybody is counted and in the areas; rows are of who failed and of who took longest."""
    people = [
        DrawnPerson(f"D{index}", "failed" if index % 100 == 0 else "done", index / 2, index / 2 + 3 + index % 7, 4) for index in range(2000)
    ]
    sent = [index / 8 for index in range(8000)]
    text = shown(*(band(people, sent, [UsedLimit("all", SECOND, sent)]) for _ in range(2)))
    assert len(text) < 150_000
    assert text.count('<li class="row"') == 2 * MOST_PEOPLE
    assert all(f'title="D{index}: failed' in text for index in range(0, 2000, 100))
    assert "2,000 people: 1,980 done, 20 failed" in harmless(text).text
    assert "1,800 others who took less time not shown" in text


def test_a_batch_that_asked_nobody_yet_is_a_page_too():
    """It says so."""
    assert "Nobody has been asked for yet." in harmless(shown(band([DrawnPerson("A", "queued")], shares=[]))).text
