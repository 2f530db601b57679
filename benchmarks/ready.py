"""Imported first by every benchmark that needs the product: Django, set up by what the environment says."""

from __future__ import annotations

import os

import django

django.setup()

SINK_PORT = int(os.environ["SINK_PORT"])
FULL = os.environ.get("SIZE") == "full"  # millions of rows, and minutes to fill them in
