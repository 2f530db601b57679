"""Debian's postfix as a relay of the tests' own: STARTTLS and a login required, mail delivered into Maildirs."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.stage import eventually
from tests.crash.machines import free_port

LOGIN, PASSWORD, REALM = "relay", "open sesame ☂", "peers.test"
DOMAIN = "inbox.test"  # mail to any name there is delivered; to any other, relaying is denied
_NEEDED = ("postfix", "postconf", "saslpasswd2")

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.peers.test
mydestination =
alias_maps =
mynetworks =
smtputf8_enable = yes
message_size_limit = 1000000
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = static:inbox/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_tls_chain_files = {certificate}
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = {realm}
cyrus_sasl_config_path = {folder}/etc/sasl
smtpd_client_restrictions =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_auth_destination, reject
smtpd_peername_lookup = no
"""

_SASL = """
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {folder}/etc/sasl/sasldb2
mech_list: {mechanisms}
"""

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def missing() -> str | None:
    """What of it is not installed."""
    absent = [name for name in _NEEDED if shutil.which(name, path=_path()) is None]
    return f"no {', '.join(absent)} on this machine: Debian's postfix and sasl2-bin have them" if absent else None


@dataclass(frozen=True)
class Postfix:
    folder: Path
    port: int

    def run(self, word: str) -> None:
        command = ["postfix", "-c", str(self.folder / "etc"), word]
        done = subprocess.run(command, env={"PATH": _path()}, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{done.stderr}\n{self.log()}"

    def offer(self, *mechanisms: str) -> None:
        """Let in by these mechanisms only, from the next session on."""
        (self.folder / "etc" / "sasl" / "smtpd.conf").write_text(
            _SASL.format(folder=self.folder, mechanisms=" ".join(mechanisms))
        )

    def mails(self) -> list[bytes]:
        """What was delivered, as it lies there."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / "inbox" / "new").glob("*"))]

    def delivers(self, count: int, *, within: float = 30) -> list[bytes]:
        assert eventually(lambda: len(self.mails()) >= count, within=within, every=0.05), self.log()
        return self.mails()

    def empty(self) -> None:
        for path in (self.folder / "mail" / "inbox" / "new").glob("*"):
            path.unlink()

    def log(self) -> str:
        path = self.folder / "maillog"
        return path.read_text(errors="replace")[-3_000:] if path.exists() else ""


@contextmanager
def postfix(certificate: Path) -> Iterator[Postfix]:
    """One that runs until the end; `certificate` is a PEM file with key and certificate of 127.0.0.1."""
    with tempfile.TemporaryDirectory(prefix="peer-") as name:
        server = Postfix(Path(name), free_port())
        _furnish(server, certificate)
        server.run("start")
        try:
            yield server
        finally:
            server.run("stop")


def _furnish(server: Postfix, certificate: Path) -> None:
    folder = server.folder
    folder.chmod(0o755)
    nobody, owner = pwd.getpwnam("nobody"), pwd.getpwnam("postfix")
    for name in ("etc", "queue", "data", "mail", "etc/sasl"):
        (folder / name).mkdir()
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
    values = {
        "folder": folder,
        "port": server.port,
        "domain": DOMAIN,
        "realm": REALM,
        "uid": nobody.pw_uid,
        "gid": nobody.pw_gid,
        "certificate": certificate,
    }
    (folder / "etc" / "main.cf").write_text(_MAIN.format(**values))
    (folder / "etc" / "master.cf").write_text(_MASTER.format(**values))
    server.offer("PLAIN", "LOGIN", "CRAM-MD5")
    _let_in(folder / "etc" / "sasl" / "sasldb2", owner.pw_uid)


def _let_in(database: Path, owner: int) -> None:
    subprocess.run(
        ["saslpasswd2", "-p", "-c", "-f", str(database), "-u", REALM, LOGIN],
        input=PASSWORD.encode(),
        env={"PATH": _path()},
        check=True,
        timeout=20,
    )
    os.chown(database, owner, grp.getgrnam("postfix").gr_gid)


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
