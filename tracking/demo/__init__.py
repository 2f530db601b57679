"""A lead platform that looks like a real one, to try the product out with. Nothing else of the product knows of it."""
