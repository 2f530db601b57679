"""The filters and functions of Twig's extra packages, and hashes."""

from __future__ import annotations

from .registry import Registry


def add_extras(registry: Registry) -> None:
    """Register them."""
