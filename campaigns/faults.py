"""What the campaigns of faults share: hosts, their plugins, load that checks each answer, and what must be there later.

The plugin is benchmarks/soak: its routes answer with what the client sent and with the version that served it. It counts in
the key-value store, and writes a row and its job in one transaction. So an answer that is wrong, and a change that was
acknowledged and is lost or doubled, is seen.
"""
import collections
import ctypes
import http.client
import io
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import urllib.parse
import zipfile

ROOT = pathlib.Path(os.environ["root"])
REPORT = pathlib.Path(os.environ["report"])
HELLO = next((ROOT / "examples/hello-rust").glob("*.gnplugin"))
ROUTES = "/api/plugins/soak"
FIRST, SECOND = "1.0.0", "2.0.0"
SEED = 20261201

found = []
attacks = 0
begun = time.monotonic()
lock = threading.RLock()


def say(*words):
    print(f"{time.monotonic() - begun:5.0f} s:", *words, flush=True)


def check(good, what):
    global attacks
    with lock:
        attacks += 1
        if not good:
            found.append(what)
            say("found:", what)
    return good


def missing(what):
    print("campaign:", what, file=sys.stderr)
    raise SystemExit(3)


def left_out(what):
    say("left out:", what)


def end():
    (REPORT / "found.txt").write_text("".join(line + "\n" for line in found))
    print(f"attacks={attacks} found={len(found)}")
    raise SystemExit(1 if found else 0)


def command(*words):
    """Whether a command did what it should."""
    try:
        return subprocess.run([*map(str, words)], capture_output=True).returncode == 0
    except OSError:
        return False


def own_mounts():
    """What is mounted from now on is seen by this process and its children alone, and ends with them."""
    if os.environ.get("gonext_own_mounts") or os.geteuid() != 0 or not command("unshare", "-m", "true"):
        return
    os.environ["gonext_own_mounts"] = "1"
    os.execvp("unshare", ["unshare", "-m", "--propagation", "private", sys.executable, *sys.argv])


def trace():
    """Keeps where a part of a campaign failed."""
    with open(REPORT / "trace.txt", "a") as file:
        traceback.print_exc(file=file)


def until(condition, seconds=60):
    """Whether the condition holds in time."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.1)
    return bool(condition())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- bundles ------------------------------------------------------------------------------------


def leb(number):
    """LEB128, as WebAssembly has it."""
    out = bytearray()
    while True:
        byte = number & 0x7F
        number >>= 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def repack(source, manifest_of, module_of):
    out = io.BytesIO()
    with zipfile.ZipFile(source) as bundle, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in bundle.namelist():
            content = bundle.read(name)
            if name == "manifest.json":
                manifest = json.loads(content)
                manifest_of(manifest)
                content = json.dumps(manifest).encode()
            elif name == "plugin.wasm":
                content = module_of(content)
            target.writestr(name, content)
    return out.getvalue()


def small(name, version="1.0.0", padding=0):
    """examples/hello-rust under another name, with a module of its own, which is longer by so many random bytes."""
    def manifest_of(manifest):
        manifest.update(name=name, version=version)
        manifest.pop("hooks", None)
        manifest["limits"]["instances_min"] = 0

    def module_of(module):
        text = f"{name} {version} ".encode() + random.Random(SEED).randbytes(padding)
        section = leb(len("campaign")) + b"campaign" + text
        return module + b"\0" + leb(len(section)) + section

    return repack(HELLO, manifest_of, module_of)


def build_soak():
    """Packs the plugin of this load; its second version differs in the text that it answers with."""
    file = REPORT / "soak.gnplugin"
    done = subprocess.run([ROOT / "gonext", "plugin", "pack", "-o", file, ROOT / "benchmarks/soak"],
                          capture_output=True, text=True)
    if done.returncode:
        missing(f"benchmarks/soak cannot be built: {(done.stderr or done.stdout).strip()[-300:]}")
    first = file.read_bytes()
    second = repack(file, lambda manifest: manifest.update(version=SECOND),
                    lambda module: module.replace(FIRST.encode(), SECOND.encode()))
    return {FIRST: first, SECOND: second}


# ---- hosts --------------------------------------------------------------------------------------


hosts = []


def ends_with_its_parent(how=signal.SIGKILL):
    """Whatever happens to the process that started this one (Linux)."""
    ctypes.CDLL(None).prctl(1, how)


def guard():
    """Ends what was started also when this campaign is told to end."""
    ends_with_its_parent(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))


def end_all():
    """No host outlives its campaign."""
    for host in hosts:
        if host.process and host.process.poll() is None:
            host.process.send_signal(signal.SIGCONT)
            host.process.kill()
            host.process.wait()


class Host:
    """A `gonext serve` on a port of its own, which is ended and started again on its data."""

    def __init__(self, name, *options, data=None, java=""):
        self.name = name
        self.data = pathlib.Path(data or REPORT / name)
        self.options = options
        self.java = java
        self.port = free_port()
        self.process = None
        self.lives = 0
        self.patience = 60
        self.up = False
        self.log = REPORT / f"{name}.log"
        hosts.append(self)

    def spawn(self, *more, wrap=(), before=None, env=None):
        environment = dict(os.environ, GONEXT_NO_BUILD="1", GONEXT_JAVA_OPTS=self.java, **(env or {}))
        self.output = open(self.log, "ab")
        self.begin = self.output.tell()
        self.process = subprocess.Popen(
            [*map(str, wrap), ROOT / "gonext", "serve", "--data", self.data, "--port", str(self.port), "--warm-up", "0",
             "--route-rate", "off", "--call-ms", "5000", "--jobs-per-minute", "1000000", "--jobs-waiting", "100000",
             *self.options, *more], stdout=self.output, stderr=self.output, env=environment,
            preexec_fn=lambda: (ends_with_its_parent(), before and before()))

    def start(self, *more, seconds=120, **how):
        """Whether it becomes ready; says what it printed where it does not."""
        self.spawn(*more, **how)
        ready = until(lambda: self.process.poll() is not None or self.ask("GET", "/readyz", timeout=5)[0] == 200, seconds)
        self.up = ready and self.process.poll() is None
        if not self.up and self.process.poll() is None:
            say(f"{self.name} is not ready after {seconds} s: {self.ask('GET', '/readyz')}")
        return self.up

    def refuses_to_start(self, *words, seconds=90, **how):
        """It ends by itself, with a code that is neither 0 nor a signal's, and one clear sentence."""
        self.spawn(**how)
        ended = until(lambda: self.process.poll() is not None, seconds)
        if not ended:
            self.kill()
        code = self.process.returncode
        text = self.printed()
        return (ended and code > 0 and clear(text) and (not words or any(word in text for word in words)),
                f"code {code}: {text.strip()[-500:]}")

    def printed(self):
        with open(self.log, "rb") as file:
            file.seek(self.begin)
            return file.read().decode(errors="replace")

    def ask(self, method, path, body=None, timeout=None, headers=None):
        """Status and body; status 0 where there was no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=min(timeout or 60, self.patience))
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, f"{type(error).__name__}: {error}"
        finally:
            connection.close()

    def admin(self, method, path, body=None, timeout=60):
        try:
            token = (self.data / "admin.token").read_text().strip()
        except OSError:
            token = "unknown"
        return self.ask(method, "/api/v1" + path, body, timeout, {
            "Authorization": "Bearer " + token, "Content-Type": "application/octet-stream"})

    def install(self, bundle, timeout=60):
        return self.admin("POST", "/plugins?grant=true&activate=true", bundle, timeout)

    def update(self, name, bundle, timeout=60):
        return self.admin("PUT", f"/plugins/{name}/bundle?allow_downgrade=true&approve=true", bundle, timeout)

    def version(self):
        """The version that its plugin answers with."""
        status, text = self.ask("GET", ROUTES + "/echo/version", timeout=30)
        return text.rsplit(" ", 1)[-1] if status == 200 else f"{status} {text}"

    def plugins(self):
        """What it says of all plugins, by name; None where it says nothing."""
        status, text = self.admin("GET", "/plugins")
        return {plugin["name"]: plugin for plugin in json.loads(text)["plugins"]} if status == 200 else None

    def metric(self, name):
        _, text = self.ask("GET", "/metrics")
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith((name + " ", name + "{")))

    def kill(self):
        self.up = False
        self.lives += 1
        self.process.kill()
        self.process.wait()
        self.output.close()

    def stop(self, what="it was asked to"):
        """Ends it by SIGTERM, as it should end."""
        self.up = False
        self.lives += 1
        if self.process.poll() is not None:
            check(False, f"{self.name} had ended by itself with {self.process.returncode}: {self.printed()[-400:]}")
            return
        self.process.send_signal(signal.SIGTERM)
        ended = until(lambda: self.process.poll() is not None, 60)
        if not ended:
            self.kill()
        self.output.close()
        # 143: the JVM's, once all is done.
        check(ended and self.process.returncode in (0, 143),
              f"{self.name} ended with {self.process.returncode} when {what}")

    def sound(self, when):
        """No internal error was counted, and no stack trace was printed."""
        errors = self.metric("gonext_server_internal_errors_total")
        check(errors == 0, f"{self.name} counted {errors:.0f} internal errors {when}")
        traces = re.findall(r"^\S.*\n(?:.*\n)?\tat .*", self.printed(), re.MULTILINE)
        check(not traces, f"{self.name} printed a stack trace {when}: {traces[:1]}")


def clear(text):
    """A message that a person can read: it is there, and it is not a stack trace."""
    return bool(text.strip()) and "\n\tat " not in text and "Exception in thread" not in text


def refused(answer, *statuses):
    """A change is refused with a problem document: a reason, and a status that is not the host's own fault."""
    status, text = answer
    if status in (0, 500) or status < 400 or (statuses and status not in statuses):
        return False
    try:
        return bool(json.loads(text).get("detail")) and clear(text)
    except ValueError:
        return False


# ---- load ---------------------------------------------------------------------------------------


class Load:
    """Clients of the hosts of one store, what they were told, and what must be there at the end."""

    def __init__(self, hosts, clients=4, pause=0.02):
        self.hosts = hosts
        self.clients = clients
        self.pause = pause
        self.stopped = threading.Event()
        self.placed, self.perhaps_placed = set(), set()
        self.counts, self.perhaps_counted = [], 0
        self.answers = collections.Counter()
        self.refusals = {}
        self.wrong = []
        self.numbers = iter(range(10**9))
        self.threads = []

    def begin(self):
        self.stopped.clear()
        self.threads = [threading.Thread(target=self.run, args=(random.Random(SEED + i),), daemon=True)
                        for i in range(self.clients)]
        for thread in self.threads:
            thread.start()

    def rest(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def run(self, dice):
        while not self.stopped.is_set():
            self.one(dice.choice(self.hosts), dice.choice(["echo", "echo", "filter", "count", "order"]))
            time.sleep(dice.random() * self.pause)

    def one(self, host, kind, timeout=None):
        """One request, whose answer is checked. Returns its status."""
        with lock:
            number = f"id-{next(self.numbers)}"
        lives = host.lives
        if kind == "filter":
            status, text = host.ask("POST", "/api/v1/filters/soak.echo",
                                    json.dumps({"value": number, "fail_closed": True}), timeout)
            if status == 200:
                text = json.loads(text)["value"]
        elif kind == "echo":
            status, text = host.ask("GET", f"{ROUTES}/echo/{number}", timeout=timeout)
        elif kind == "count":
            status, text = host.ask("POST", f"{ROUTES}/count", "", timeout)
        else:
            status, text = host.ask("POST", f"{ROUTES}/order/{number}", "", timeout)
        with lock:
            if status == 200:
                said, _, version = text.rpartition(" ")
                if version not in (FIRST, SECOND) or (said != number if kind != "count" else not said.isdigit()):
                    self.wrong.append(f"{kind} {number} on {host.name}: {text[:200]}")
                elif kind == "count":
                    self.counts.append(int(said))
                elif kind == "order":
                    self.placed.add(number)
                self.answers[kind] += 1
                return status
            self.answers[f"{kind} refused"] += 1
            excused = status == 0 and (host.lives != lives or not host.up)
            if not excused:
                self.refusals.setdefault((kind, status, host.name), text)
            if kind == "count":
                self.perhaps_counted += 1
            elif kind == "order":
                self.perhaps_placed.add(number)
        return status

    def ask_all(self, host, when, *kinds):
        """Each kind of request is answered, now."""
        for kind in kinds or ("echo", "filter", "count", "order"):
            check(self.one(host, kind) == 200, f"{kind} on {host.name} is not answered {when}: "
                  f"{[text for key, text in self.refusals.items() if key[0] == kind][-1:]}")

    def fresh(self):
        """Forgets the refusals so far."""
        with lock:
            self.refusals = {}

    def judge(self, when, late=False):
        """No answer was wrong, and each refusal was clear. What needs no store was always served, but may be late."""
        check(not self.wrong, f"wrong answers {when}: {self.wrong[:3]}")
        self.wrong = []
        for (kind, status, name), text in sorted(self.refusals.items()):
            well = kind in ("count", "order") and status not in (0, 500) or late and status == 504
            check(well and clear(text), f"{kind} on {name} got {status} {when}: {text[:300]}")
        self.fresh()

    def settle(self, host, when, seconds=90):
        """All that was acknowledged is there once, and nothing that nobody asked for."""
        def totals():
            status, text = host.ask("GET", ROUTES + "/totals")
            return json.loads(text) if status == 200 else {}

        def shipped():
            now = totals()
            return now and now["placed"] == now["shipped"]

        check(until(shipped, seconds), f"not all jobs have run {when}: {totals()}")
        now = totals()
        placed = self.ids(host, "placed")
        told, most = len(self.counts), len(self.counts) + self.perhaps_counted
        check(len(set(self.counts)) == told, f"a count was told twice {when}")
        check(told <= now.get("count", -1) <= most, f"{now.get('count')} counted {when}, told {told} to {most}")
        check(self.placed <= placed, f"lost orders {when}: {sorted(self.placed - placed)[:3]}")
        check(placed <= self.placed | self.perhaps_placed, f"orders of nobody {when}")
        done = self.ids(host, "shipped")
        check(placed == done, f"the jobs are not those of the orders {when}: {sorted(placed ^ done)[:3]}")

    def ids(self, host, table):
        ids, after = [], ""
        while True:
            path = f"{ROUTES}/ids/{table}?after={urllib.parse.quote(after)}"
            # A statement has 250 ms, which a busy machine may not keep.
            answers = (host.ask("GET", path) for _ in range(20))
            status, text = next((answer for answer in answers if answer[0] == 200), (0, "no answer"))
            check(status == 200, f"{table} cannot be read: {text}")
            page = json.loads(text) if status == 200 else []
            if not page:
                check(len(ids) == len(set(ids)), f"{table} has doubles")
                return set(ids)
            ids += page
            after = page[-1]


class Operator:
    """Changes the version of the plugin, and knows what it must be."""

    def __init__(self, bundles):
        self.bundles = bundles
        self.version = FIRST
        self.possible = {FIRST}
        self.acknowledged = 0

    def change(self, host, timeout=90):
        """Updates the plugin to the other version; returns the answer."""
        wanted = SECOND if self.version == FIRST else FIRST
        status, text = host.update("soak", self.bundles[wanted], timeout)
        if status == 200:
            self.version, self.possible = wanted, {wanted}
            self.acknowledged += 0 if '"unchanged"' in text else 1
        elif status == 0 or "maybe" in text or "has made or has not" in text or "was made" in text:
            self.possible.add(wanted)
        return status, text

    def settled(self, hosts, when, seconds=60):
        """All hosts serve one version, which is one that it can be, and say that they do."""
        def versions():
            return {host.version() for host in hosts}

        agreed = until(lambda: len(versions()) == 1 and versions() <= self.possible, seconds)
        check(agreed, f"the hosts serve {versions()} {when}, and not one of {self.possible}")
        for host in hosts:
            plugins = host.plugins() or {}
            soak = plugins.get("soak", {})
            check(soak.get("state") == "ACTIVE" and soak.get("version") in self.possible,
                  f"{host.name} says {soak.get('state')} {soak.get('version')} {when}")
        self.version = hosts[0].version()
        self.possible = {self.version}

    def audited(self, host, when):
        """Each change that was acknowledged has a row."""
        status, text = host.admin("GET", "/plugins/soak/audit?limit=1000")
        rows = [row for row in json.loads(text)["audit"]
                if row["event"] == "update"] if status == 200 else []
        check(len(rows) >= self.acknowledged,
              f"{len(rows)} rows of the audit log say that the plugin was updated {when}, acknowledged {self.acknowledged}")
