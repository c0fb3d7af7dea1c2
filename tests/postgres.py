"""A PostgreSQL of the tests' own: in a temporary folder, on a socket there, ended with the process that began it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
SETTINGS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60", "shared_buffers=16MB")
NOTICED = 10.0  # seconds within which a server has seen that a session was killed


def program(name: str) -> str | None:
    """Find one of PostgreSQL's programs; Debian keeps them out of the way."""
    return shutil.which(name, path=os.pathsep.join([*map(str, INSTALLED), os.environ.get("PATH", "")]))


def unprivileged() -> tuple[str, ...]:
    """Give the words that begin a command as somebody else: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return ()
    names = {one.pw_name for one in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")


class Postgres:
    """A server; `team` is a user who may connect to the database `habeas` and is nobody special."""

    def __init__(self, *settings: str) -> None:
        """Take settings that win over SETTINGS."""
        self._settings = (*SETTINGS, *settings)
        self.folder = Path(tempfile.mkdtemp(prefix="habeas-pg-"))
        self._user = unprivileged()
        if self._user:
            shutil.chown(self.folder, int(self._user[1].partition("=")[2]), int(self._user[2].partition("=")[2]))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make it and start it."""
        init = ("-D", str(self.folder / "data"), "-A", "trust", "-U", "boss", "-N", "--no-instructions", "-E", "UTF8", "--locale=C")
        subprocess.run([*self._user, program("initdb"), *init], check=True, capture_output=True, cwd="/")
        self.begin()
        self.sql("create role team login", "create database habeas owner team")

    def begin(self) -> None:
        """Let it serve what lies there."""
        settings = [word for one in (*self._settings, f"unix_socket_directories={self.folder}") for word in ("-c", one)]
        dying = ("--pdeathsig", "INT") if self._user else ()
        command = [*self._user, *dying, program("postgres"), "-D", str(self.folder / "data"), *settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
        self.recovered()

    def crash(self) -> None:
        """End it at once, as a crash would; `begin` recovers what was committed."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(60)

    def kill(self, pid: int) -> bool:
        """Kill the process of one session, and wait until the server ends all of them, and recovers what was committed.

        Whether it does: a session that ends by itself at that moment ends nobody else's.
        """
        with psycopg.connect(self.address("postgres", "boss"), autocommit=True) as other:
            try:
                os.kill(pid, signal.SIGKILL)
                until = time.monotonic() + NOTICED
                while time.monotonic() < until:
                    other.execute("select pg_sleep(0.01)")
            except ProcessLookupError:
                pass
            except psycopg.OperationalError:
                return True
        return False

    def recovered(self) -> None:
        """Wait until it can be asked again."""
        while True:
            try:
                self.sql("select 1")
                break
            except psycopg.OperationalError:
                assert self._process is None or self._process.poll() is None, (self.folder / "log").read_text()

    def stop(self) -> None:
        """End it, and delete what it kept."""
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, database: str = "habeas", user: str = "team") -> str:
        """Give the address of a database."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def sql(self, *statements: str, database: str = "postgres") -> list[tuple]:
        """Do something as the server's owner; gives the rows of the last statement."""
        with psycopg.connect(self.address(database, "boss"), autocommit=True) as connection:
            rows = []
            for statement in statements:
                cursor = connection.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
            return rows

    def end_sessions(self) -> None:
        """End all sessions of the team, as a restart would."""
        self.sql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'team'")
