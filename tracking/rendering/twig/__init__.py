"""Twig 3.30 in Python: the template language of PHP, rendered the same, for authors who are not trusted.

    environment = Environment(autoescape="html")
    environment.from_string("Hello {{ name|title }}!").render({"name": "ann"})
"""

from __future__ import annotations

from .environment import Environment, Template
from .errors import TwigError, TwigLimitError, TwigLoaderError, TwigRuntimeError, TwigSyntaxError
from .limits import Limits
from .names import names
from .values import Markup

__all__ = [
    "Environment",
    "Limits",
    "Markup",
    "Template",
    "TwigError",
    "TwigLimitError",
    "TwigLoaderError",
    "TwigRuntimeError",
    "TwigSyntaxError",
    "names",
]
