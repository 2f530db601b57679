"""What is odd about a rule that could run: one file a concern."""
