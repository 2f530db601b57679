"""Which rules an event concerns: pure functions over rule definitions and events."""
