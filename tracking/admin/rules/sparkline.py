"""A day of one rule as a picture: a bar an hour, of it what was sent, its warnings in front."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tracking.store.windows import Hours

WIDTH, HEIGHT = 3, 20  # of a bar and the gap behind it; of the highest bar
GAP = 1
LEAST = 1.5  # height of a bar that is not nothing


def sparkline(day: Hours) -> SafeString:
    """Inline SVG with a title that says the same in words, to whoever points at it or has it read aloud."""
    highest = max(*day.events, *day.sent, *day.warnings, 1)
    return format_html(
        '<svg class="tracking-spark" role="img" viewBox="0 0 {} {}" width="{}" height="{}"><title>{}</title>{}</svg>',
        WIDTH * len(day.events),
        HEIGHT,
        WIDTH * len(day.events),
        HEIGHT,
        words(day),
        format_html_join("", '<rect class="tracking-{}" x="{}" y="{}" width="{}" height="{}"/>', _rows(day, highest)),
    )


def words(day: Hours) -> str:
    fired, sent, warned = sum(day.events), sum(day.sent), sum(day.warnings)
    return f"{fired:,} fired, {sent:,} sent, {warned:,} with a warning in the last {len(day.events)} hours"


def _rows(day: Hours, highest: int) -> Iterator[tuple[object, ...]]:
    """From the back to the front."""
    for kind, counts in (("fired", day.events), ("sent", day.sent), ("warned", day.warnings)):
        for bar in _bars(counts, highest):
            yield kind, *bar


def _bars(counts: tuple[int, ...], highest: int) -> Iterator[tuple[object, ...]]:
    for hour, count in enumerate(counts):
        if count:
            height = max(LEAST, HEIGHT * count / highest)
            yield hour * WIDTH, f"{HEIGHT - height:.1f}", WIDTH - GAP, f"{height:.1f}"
