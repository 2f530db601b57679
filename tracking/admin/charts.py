"""Small charts drawn by the server: bars and lines over time, with the limits that they are measured by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 1_000, 100  # of the drawing, which stretches to its place
LEAST = 1.5  # height of a bar that is not nothing
MARKS = 4  # times below a chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One number a step; None where there is none. `kind` names its colour in the style sheet."""

    name: str
    kind: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`bars` stand on each other in `stacked` charts, else in front of each other. `limit` is a dashed line."""

    title: str
    times: Sequence[datetime]  # the beginning of each step
    bars: Sequence[Series] = ()
    lines: Sequence[Series] = ()
    limit: float | None = None
    unit: str = ""
    stacked: bool = False
    empty: str = field(default="Nothing yet.")

    def drawn(self) -> SafeString:
        return render_to_string("admin/tracking/chart.html", {"chart": self})

    @property
    def series(self) -> Sequence[Series]:
        return [*self.bars, *self.lines]

    @property
    def top(self) -> float:
        """What the upper edge stands for: round, above everything that is drawn."""
        return _round_up(max(self._highest(), (self.limit or 0) * 1.15, 1))

    @property
    def is_empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)

    @property
    def top_label(self) -> str:
        return f"{self.top:,.0f}{self.unit}"

    @property
    def limit_label(self) -> str:
        return "" if self.limit is None else f"limit {self.limit:,g}{self.unit}"

    @property
    def words(self) -> str:
        """The same for people who do not see it."""
        last = (f"{one.name} {_last(one.values):,g}{self.unit}" for one in self.series)
        return f"{self.title}: at last {', '.join(last)}{f'; {self.limit_label}' if self.limit is not None else ''}"

    def marks(self) -> list[str]:
        count = len(self.times)
        steps = sorted({round(number * (count - 1) / (MARKS - 1)) for number in range(MARKS)}) if count else []
        return [f"{self.times[step]:%H:%M}" for step in steps]

    def rectangles(self) -> Iterator[dict[str, object]]:
        width = WIDTH / max(len(self.times), 1)
        for index, moment in enumerate(self.times):
            base = 0.0
            for one in self.bars:
                value = one.values[index] or 0
                if value:
                    height = max(LEAST, HEIGHT * value / self.top)
                    yield {
                        "kind": one.kind,
                        "x": f"{index * width:.2f}",
                        "y": f"{HEIGHT - base - height:.2f}",
                        "width": f"{width * 0.86:.2f}",
                        "height": f"{height:.2f}",
                        "title": f"{moment:%H:%M} {one.name}: {value:,g}",
                    }
                    base += height if self.stacked else 0

    def paths(self) -> Iterator[dict[str, str]]:
        for one in self.lines:
            yield {"kind": one.kind, "points": " ".join(self._points(one.values))}

    def _points(self, values: Sequence[float | None]) -> Iterator[str]:
        """Steps of a path; the pen is lifted where there is no value."""
        width, drawing = WIDTH / max(len(values), 1), False
        for index, value in enumerate(values):
            if value is not None:
                yield f"{'L' if drawing else 'M'}{(index + 0.5) * width:.2f} {HEIGHT - HEIGHT * value / self.top:.2f}"
            drawing = value is not None

    @property
    def limit_at(self) -> str:
        return f"{HEIGHT - HEIGHT * (self.limit or 0) / self.top:.2f}"

    def _highest(self) -> float:
        if not self.stacked:
            return max((value or 0 for one in self.series for value in one.values), default=0)
        piles = ([one.values[step] or 0 for one in self.bars] for step in range(len(self.times)))
        return max(map(sum, piles), default=0)


def _last(values: Sequence[float | None]) -> float:
    return next((value for value in reversed(values) if value is not None), 0)


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    size = 1.0
    while True:
        for step in (1, 2, 5):
            if step * size >= value:
                return step * size
        size *= 10
