"""A worker that waits for no client longer than REQUEST_SECONDS, however slowly it sends or reads."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

REQUEST_SECONDS = 30.0  # for a whole request, head and body, to come in


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Gunicorn bounds the wait for a request's first byte; this bounds the wait for its last."""

    def init_process(self) -> None:
        self.reading: dict[Any, float] = {}
        for listener in self.sockets:  # what is accepted there inherits it: a client that stops reading is left
            listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(REQUEST_SECONDS), 0))
        threading.Thread(target=self.hang_up, name="hang-up", daemon=True).start()
        super().init_process()

    def handle(self, conn: Any) -> Any:
        self.reading[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self.reading.pop(conn, None)

    def hang_up(self) -> None:
        """Read no more of those that are late; an answer that is being written still goes out."""
        while True:
            time.sleep(REQUEST_SECONDS / 10)
            late = time.monotonic() - REQUEST_SECONDS
            for conn, since in list(self.reading.items()):
                if since < late:
                    with suppress(OSError):
                        conn.sock.shutdown(socket.SHUT_RD)
