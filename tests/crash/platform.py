"""A platform, as a process: a line of events in, a line out when they are taken. It lives through its database's death.

{"once": false, "events": [...]}  ->  true
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import django

PAUSE = 0.2  # seconds until a call that failed is made again


def main() -> None:
    django.setup()
    for line in sys.stdin:
        document = json.loads(line)
        sys.stdout.write(json.dumps(hand_over(document["events"], once=document["once"])) + "\n")
        sys.stdout.flush()


def hand_over(documents: list[dict[str, Any]], *, once: bool) -> bool:
    """Whether the events were taken; unless it is to be tried once, they are in the end."""
    from django.db import Error, close_old_connections

    from tracking.emit import emit_many
    from tracking.events import Event

    while True:
        try:
            emit_many([Event.from_json(document) for document in documents])
        except Error:
            if once:
                return False
            time.sleep(PAUSE)
            close_old_connections()
        else:
            return True


if __name__ == "__main__":
    main()
