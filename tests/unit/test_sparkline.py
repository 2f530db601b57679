"""A day as a picture: its bars are as high as its hours, and it says in words what it shows."""

from __future__ import annotations

import re

from tracking.admin.rules.sparkline import HEIGHT, LEAST, sparkline
from tracking.store.windows import Hours


def heights(svg: str, name: str) -> list[float]:
    return [float(height) for height in re.findall(rf'class="{name}"[^>]* height="([\d.]+)"', svg)]


def test_bars_are_as_high_as_the_hours():
    svg = sparkline(Hours(events=(0, 10, 5, 1000), sent=(0, 0, 0, 750), warnings=(0, 0, 0, 500)))

    assert heights(svg, "tracking-fired") == [LEAST, LEAST, HEIGHT]
    assert heights(svg, "tracking-sent") == [HEIGHT * 3 / 4]
    assert heights(svg, "tracking-warned") == [HEIGHT / 2]
    assert "<title>1,015 fired, 750 sent, 500 with a warning in the last 4 hours</title>" in svg


def test_a_quiet_day_has_no_bar():
    assert "<rect" not in sparkline(Hours(events=(0,) * 24, sent=(0,) * 24, warnings=(0,) * 24))
