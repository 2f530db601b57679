"""PostgreSQL to be crashed: restarted, backed up and restored, put on a small disk, followed by a standby."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg2

from tests.acceptance.stage import eventually
from tests.crash.machines import PATIENCE, Machine
from tests.crash.wrong_clocks import wrong_clock


def _postgres_programs() -> Path | None:
    found = shutil.which("postgres")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


class PostgreSQL(Machine):
    """`clock_ahead` is what its clock is wrong by, in seconds, from the next start on."""

    name = "postgres"
    clock_ahead = 0

    @staticmethod
    def missing() -> str | None:
        return None if _postgres_programs() else "no initdb on PATH or under /usr/lib/postgresql"

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **(wrong_clock(self.clock_ahead) if self.clock_ahead else {})}

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def back_up(self, target: Path) -> None:
        """All its files as they are now; it is down for the moment that takes."""
        self.kill(signal.SIGINT)
        _copy(self.data, target)
        self.start()

    def restore(self, source: Path) -> None:
        self.kill()
        shutil.rmtree(self.data)
        _copy(source, self.data)
        self.start()

    @contextmanager
    def on_a_small_disk(self, megabytes: int) -> Iterator[Path]:
        """Its files on a file system of that size, which is given; root's to make."""
        disk = self.folder / "small"
        disk.mkdir()
        self.kill(signal.SIGINT)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", disk], check=True)
        try:
            self._move(self.data, disk / "data")
            self.data.symlink_to(disk / "data")
            self.start()
            yield disk
        finally:
            self.kill()
            self.data.unlink()
            self._move(disk / "data", self.data)
            subprocess.run(["umount", disk], check=True)
            self.start()

    @staticmethod
    def _move(source: Path, target: Path) -> None:
        _copy(source, target)
        shutil.rmtree(source)

    def freeze(self) -> None:
        """The processes of its sessions are in groups of their own. None is begun once the first is frozen."""
        super().freeze()
        self._signal_sessions(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_sessions(signal.SIGCONT)
        super().thaw()

    def _signal_sessions(self, number: signal.Signals) -> None:
        assert self.process is not None
        found = subprocess.check_output(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], text=True)
        for pid in found.split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), number)

    def take_over(self, standby: Standby) -> None:
        """The standby's data answer at this one's address, as after the address has moved."""
        standby.kill(signal.SIGINT)
        shutil.rmtree(self.data)
        standby.data.rename(self.data)
        self.start()

    @property
    def user(self) -> str | None:
        """It refuses to run as root."""
        return "postgres" if os.getuid() == 0 else None

    def prepare(self) -> None:
        self._own_folder()
        subprocess.run(
            [self._program("initdb"), "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
            cwd=self.folder,
            env=self.environment,
            user=self.user,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def _own_folder(self) -> None:
        if self.user:
            owner = pwd.getpwnam(self.user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)

    def _program(self, name: str) -> str:
        folder = _postgres_programs()
        assert folder is not None
        return str(folder / name)

    def command(self) -> Sequence[str]:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            "shared_buffers": "32MB",
            "log_min_messages": "fatal",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", "data", *options]

    def answers(self) -> bool:
        self.ask("SELECT 1")
        return True

    def ask(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """The rows of one statement, committed; none for a statement that has none."""
        with closing(psycopg2.connect(self.url.replace("postgres://", "postgresql://", 1), connect_timeout=15)) as link:
            link.autocommit = True
            with link.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []

    def set_everywhere(self, setting: str, value: str) -> bool:
        """Change a setting of the running server for all its sessions; whether they have it.

        The postmaster hears of the new value after the statement is done. It tells the sessions before it takes a
        connection, so that all know the value when a new connection shows it.
        """
        self.ask(f"ALTER SYSTEM SET {setting} = '{value}'")
        self.ask("SELECT pg_reload_conf()")
        return eventually(lambda: self.ask(f"SHOW {setting}") == [(value,)], within=PATIENCE)


class Standby(PostgreSQL):
    """A copy of a primary that follows it."""

    name = "standby"

    def __init__(self, primary: PostgreSQL) -> None:
        super().__init__()
        self._primary = primary

    def prepare(self) -> None:
        self._own_folder()
        self._primary.back_up(self.data)
        (self.data / "standby.signal").touch()
        with (self.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = 'host=127.0.0.1 port={self._primary.port} user=postgres'\n")

    def follows(self) -> bool:
        """Whether the primary waits for it at each commit from now on."""
        self._primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self._primary.ask("SELECT pg_reload_conf()")
        return eventually(lambda: self._primary.ask(_SYNCHRONOUS) == [("sync",)], within=PATIENCE, every=0.1)

    def promote(self) -> None:
        assert self.ask("SELECT pg_promote()") == [(True,)]


_SYNCHRONOUS = "SELECT sync_state FROM pg_stat_replication"


def _copy(source: Path, target: Path) -> None:
    """With owners and modes, which PostgreSQL is particular about."""
    subprocess.run(["cp", "-a", source, target], check=True)
