# What campaigns in Python share: a PostgreSQL server of their own. Imported, not run.
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile


def programs():
    """Where PostgreSQL's programs are; None without them."""
    found = shutil.which("initdb")
    places = [pathlib.Path(os.path.realpath(found)).parent] if found else []
    places += sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


class Postgres:
    """A server on a free port of loopback, with its data in a directory of its own until close()."""

    def __init__(self, *settings):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gonext-postgres."))
        bin_directory = programs()
        # PostgreSQL refuses to run as root.
        self.user = None
        if os.geteuid() == 0:
            self.user = next((name for name in ("postgres", "nobody") if self.known(name)), None)
            shutil.chown(self.directory, self.user)
        data = self.directory / "data"
        self.run(bin_directory / "initdb", "-D", data, "-U", "gonext", "-A", "trust", "-E", "UTF8", "--no-sync")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = ["-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1",
                   "-c", f"unix_socket_directories={self.directory}"]
        for setting in settings:
            options += ["-c", setting]
        self.control = bin_directory / "pg_ctl"
        self.data = data
        self.run(self.control, "-D", data, "-w", "-l", self.directory / "log", "-o", " ".join(options), "start")
        self.url = f"jdbc:postgresql://127.0.0.1:{self.port}/postgres?user=gonext"

    @staticmethod
    def known(name):
        try:
            pwd.getpwnam(name)
            return True
        except KeyError:
            return False

    def run(self, *command):
        done = subprocess.run([str(part) for part in command], user=self.user, cwd=self.directory,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"campaign: {command[0].name} failed: {done.stderr.strip()[-300:]}")

    def close(self):
        self.run(self.control, "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)
