"""A way to a server that can be made to swallow whatever goes over it, as a firewall does that drops packets."""

from __future__ import annotations

import selectors
import socket
import threading
from types import TracebackType
from typing import Self


class BlackHole:
    """Passes bytes on between its own port and `host:port`; while it `swallows`, nothing arrives and nothing ends."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._selector = selectors.DefaultSelector()
        self._others: dict[socket.socket, socket.socket] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.swallows = False
        self.swallowed = threading.Event()  # something has come, and went nowhere

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        for link in (self._listener, *self._others):
            link.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.05):
                link = key.fileobj
                assert isinstance(link, socket.socket)
                if link is self._listener:
                    self._open()
                else:
                    self._pass_on(link)

    def _open(self) -> None:
        ours, _ = self._listener.accept()
        theirs = socket.create_connection(self._target)
        self._others |= {ours: theirs, theirs: ours}
        for link in (ours, theirs):
            self._selector.register(link, selectors.EVENT_READ)

    def _pass_on(self, link: socket.socket) -> None:
        try:
            data = link.recv(65536)
        except OSError:
            data = b""
        if self.swallows:
            self.swallowed.set()
            if not data:  # its end does not get through either
                self._selector.unregister(link)
        elif data:
            self._others[link].sendall(data)
        else:
            self._close(link)

    def _close(self, link: socket.socket) -> None:
        for end in (link, self._others[link]):
            self._others.pop(end, None)
            if end in self._selector.get_map():
                self._selector.unregister(end)
            end.close()
