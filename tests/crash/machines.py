"""Servers of the suite's own, to be killed, frozen, emptied and started again; the machine's are never touched."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Self

import redis

from tests.acceptance.stage import eventually
from tracking.embedded import broker

PATIENCE = 60  # seconds a server has to start


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _end_with_parent() -> None:
    """On Linux: no server outlives a test run that is killed."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


_PR_SET_PDEATHSIG = 1


class Machine(ABC):
    """A server in a folder of its own, on a port of its own. A context manager that starts and removes it."""

    name = ""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"crash-{self.name}-"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def command(self) -> Sequence[str]: ...

    @abstractmethod
    def answers(self) -> bool: ...

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.folder)}

    @property
    def user(self) -> str | None:
        """Who the server runs as; None: we."""
        return None

    def prepare(self) -> None:  # noqa: B027 - most need nothing
        """Before the first start."""

    def __enter__(self) -> Self:
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def launch(self) -> None:
        """Start, and wait for nothing. In a group of its own: what it starts is killed with it."""
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command()),
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                user=self.user,
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - no threads are at work when a server is started
            )

    def start(self) -> None:
        self.launch()
        assert eventually(self._answers_or_again, within=PATIENCE, every=0.1), self._last_words()

    def _answers_or_again(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            self.launch()  # what was killed may hold its files for a moment
        with suppress(Exception):  # each client has errors of its own
            return self.answers()
        return False

    def _last_words(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")[-2_000:]

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, by default as a power cut does; afterwards it is gone."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGCONT)
            if how is signal.SIGKILL:
                os.killpg(self.process.pid, how)
            else:
                self.process.send_signal(how)
        self.process.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def freeze(self) -> None:
        """Its sockets stay open, and nobody answers."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGCONT)

    def start_if_down(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.start()

    def restart(self, how: signal.Signals = signal.SIGKILL) -> None:
        self.kill(how)
        self.start()


class Broker(Machine):
    """A machine that forgets: `empty` throws away every message it has. In a block of `full` it takes no more."""

    @abstractmethod
    def empty(self) -> None: ...

    @abstractmethod
    def full(self) -> AbstractContextManager[None]: ...


class Redis(Broker):
    """Without persistence: killed, it comes back with nothing."""

    name = "redis"

    @staticmethod
    def missing() -> str | None:
        return None  # it comes in a wheel

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str]:
        options = {"--port": self.port, "--bind": "127.0.0.1", "--save": "", "--appendonly": "no"}
        return [broker.program(), *(str(word) for pair in options.items() for word in pair)]

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=2, socket_connect_timeout=2)

    def answers(self) -> bool:
        with closing(self.client()) as client:
            return bool(client.ping())

    def empty(self) -> None:
        with closing(self.client()) as client:
            client.flushall()

    @contextmanager
    def full(self) -> Iterator[None]:
        with closing(self.client()) as client:
            client.config_set("maxmemory", "1")
            try:
                yield
            finally:
                client.config_set("maxmemory", "0")


class RabbitMQ(Broker):
    """A node of its own name, with its own cookie, beside the machine's."""

    name = "rabbitmq"
    _program = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    _control = "/usr/lib/rabbitmq/bin/rabbitmqctl"

    @classmethod
    def missing(cls) -> str | None:
        return None if Path(cls._program).exists() else f"no {cls._program}"

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def prepare(self) -> None:
        self.distribution = free_port()
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.local = 127.0.0.1:{self.port}\ndisk_free_limit.absolute = 1MB\n"
        )
        (self.folder / "plugins").write_text("[].\n")

    @property
    def environment(self) -> dict[str, str]:
        folder = str(self.folder)
        loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        return {
            **super().environment,
            "RABBITMQ_NODENAME": f"crash{os.getpid()}p{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq",
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": folder,
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{loopback} +S 1:1 +A 8",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def command(self) -> Sequence[str]:
        return [self._program]

    def answers(self) -> bool:
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=2)) as client:
            client.sendall(b"AMQP\x00\x00\x09\x01")
            return client.recv(1) == b"\x01"

    def empty(self) -> None:
        """Not a message, not a queue is left."""
        self.kill()
        shutil.rmtree(self.folder / "mnesia")
        self.start()

    @contextmanager
    def full(self) -> Iterator[None]:
        """Whoever publishes is kept waiting."""
        self._may_have_memory("0")
        try:
            yield
        finally:
            self._may_have_memory("0.4")  # as it comes

    def _may_have_memory(self, share: str) -> None:
        command = [self._control, "set_vm_memory_high_watermark", share]
        subprocess.run(command, env=self.environment, check=True, stdout=subprocess.DEVNULL, timeout=PATIENCE)
