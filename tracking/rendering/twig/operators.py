"""Twig's operators and their precedence. A higher number binds tighter."""

from __future__ import annotations

PREFIX = {"not": 50, "...": 512, "-": 500, "+": 500, "(": 0}

BINARY = {
    "?:": 5,
    "? :": 5,
    "??": 300,
    "or": 10,
    "xor": 12,
    "and": 15,
    "b-or": 16,
    "b-xor": 17,
    "b-and": 18,
    "==": 20,
    "!=": 20,
    "<=>": 20,
    "<": 20,
    ">": 20,
    ">=": 20,
    "<=": 20,
    "not in": 20,
    "in": 20,
    "matches": 20,
    "starts with": 20,
    "ends with": 20,
    "has some": 20,
    "has every": 20,
    "===": 20,
    "!==": 20,
    "..": 25,
    "+": 30,
    "-": 30,
    "~": 40,
    "*": 60,
    "/": 60,
    "//": 60,
    "%": 60,
    "**": 200,
}

RIGHT = frozenset({"?:", "? :", "??", "**", "="})

INFIX = BINARY | {
    "?": 0,
    "=": 0,
    "is": 100,
    "is not": 100,
    "|": 512,
    "(": 512,
    ".": 512,
    "?.": 512,
    "[": 512,
    "=>": 250,
}

OPERATORS = frozenset(PREFIX) | frozenset(INFIX)
