"""Twig here beside Jinja2's sandbox and PHP's Twig, kept with the other numbers."""

from __future__ import annotations

from benchmarks import twig
from benchmarks.results import keep


def main() -> None:
    keep("templates", us=twig.main())


if __name__ == "__main__":
    main()
