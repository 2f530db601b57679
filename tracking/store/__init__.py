"""Memory: the flow's way to the database. Every write to a row happens here."""
