"""The HTTP door: parse, call, answer."""
