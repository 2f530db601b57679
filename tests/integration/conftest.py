"""What the tests over rows share."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.fixture
def two_at_once(transactional_db: None) -> None:
    """For tests with several transactions at the same time, which SQLite's memory database does not have."""
    if connection.vendor != "postgresql":
        pytest.skip("two transactions at the same time: set TEST_DATABASE_URL to a PostgreSQL server")
