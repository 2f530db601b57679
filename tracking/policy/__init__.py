"""Small decisions as functions: when to try again, what counts as a warning, when to tell, what it costs."""
