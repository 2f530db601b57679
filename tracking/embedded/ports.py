"""Which ports the web and the mail catcher get: a busy default gives way to a free one, a busy choice is an error."""

from __future__ import annotations

import socket
from collections.abc import Collection

from tracking.errors import RunError

HOST = "127.0.0.1"


def choose(name: str, chosen: str, *, default: int, taken: Collection[int] = ()) -> int:
    """The port for `name`: the one that was chosen (text, "" for none), else the default, else any free one.

    Raises RunError, naming the port and `name`, when the chosen one cannot be had.
    """
    if not chosen:
        return default if default not in taken and is_free(default) else any_free()
    port = _parsed(name, chosen)
    if port in taken:
        raise RunError(f"{name}={port} is already given to another part. Choose another port.")
    if not is_free(port):
        raise RunError(f"{name}={port} is in use by another program. Choose another port, or leave {name} out.")
    return port


def _parsed(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise RunError(f"{name}={text} is no port: it must be a number from 1 to 65535.")
    return int(text)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do; a closed one's past does not count
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
