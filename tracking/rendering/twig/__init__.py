"""Twig 3.30 in Python: the template language of PHP, rendered the same, for authors who are not trusted.

environment = Environment(autoescape="html")
environment.from_string("Hello {{ name|title }}!").render({"name": "ann"})
"""

from __future__ import annotations

from tracking.rendering.twig.environment import Environment, Template
from tracking.rendering.twig.errors import TwigError, TwigLimitError, TwigLoaderError, TwigRuntimeError, TwigSyntaxError
from tracking.rendering.twig.limits import Limits
from tracking.rendering.twig.names import names, words
from tracking.rendering.twig.values import Markup

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
    "words",
]
