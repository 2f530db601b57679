"""The bounds of one rendering, for templates whose authors are not trusted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one template may cost. Every default is far above any mail and far below any harm."""

    source: int = 262_144  # characters of one template's source
    tokens: int = 15_000  # words and marks inside the tags of one template
    nesting: int = 80  # depth of expressions and tags in the source
    loops: int = 16  # `for` tags inside each other in one block or macro
    calls: int = 60  # macros, blocks, includes and arrows inside each other at run time
    steps: int = 1_500_000  # units of work: about a node of the template executed once
    seconds: float = 0.5  # processor time of one rendering; a busy machine is not its fault
    output: int = 4_194_304  # characters of the rendered text
    string: int = 1_048_576  # characters of one string value
    items: int = 100_000  # elements of one array
    memory: int = 50_331_648  # bytes of values made by one rendering, never given back
    pattern_seconds: float = 0.1  # one regular expression match
    templates: int = 100  # templates compiled for one rendering
