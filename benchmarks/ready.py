"""Imported first by every benchmark that needs the product: Django, set up by what the environment says."""

from __future__ import annotations

import os

import django

from benchmarks.results import SIZE

django.setup()

SINK_PORT = int(os.environ["SINK_PORT"])
FULL = SIZE == "full"
