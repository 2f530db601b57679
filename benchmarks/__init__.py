"""How fast it is, beside others: `make bench`. Everything stays on this machine."""
