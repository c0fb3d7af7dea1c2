"""How a language writes days, numbers and lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from engine.pages.visible import visible

MONTHS = {
    "en": ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    "de": ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
}
WEEKDAYS = {"en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "de": ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"]}
THOUSANDS = {"en": ",", "de": "."}
LAST_OF_LIST = {"en": Markup(" and "), "de": Markup(" und ")}


def day_words(day: date, language: str) -> str:
    """Write a day in a language: 29 November 2026, 29. November 2026."""
    return f"{day.day}{'.' if language == 'de' else ''} {MONTHS[language][day.month - 1]} {day.year}"


def short_day(day: date, language: str) -> str:
    """Write a day where there is little room: Sun 29 Nov 2026, So 29. Nov 2026."""
    month = MONTHS[language][day.month - 1][:3]
    return f"{WEEKDAYS[language][day.weekday()]} {day.day}{'.' if language == 'de' else ''} {month} {day.year:04}"


def number_words(number: int, language: str) -> str:
    """Write a number: 1,250 and 1.250."""
    return f"{number:,}".replace(",", THOUSANDS[language])


def listed(parts: Sequence[str], language: str) -> Markup:
    """Join the parts of a sentence: a, b and c; what is not markup is escaped."""
    parts = [part if isinstance(part, Markup) else visible(part) for part in parts]
    if len(parts) < 2:
        return Markup("").join(parts)
    return LAST_OF_LIST[language].join((Markup(", ").join(parts[:-1]), parts[-1]))
