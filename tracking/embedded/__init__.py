"""The whole product on one machine with nothing installed beside it: what `make run` starts, and how it ends."""
