"""nexus-discovery on a host, started as the service manager starts it."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import tempfile
import time

from hosts import read_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / ".build/release/nexus-discovery"

# Nothing is due by itself: no check of health, and no question to the network.
QUIET = "[health_check]\nenabled = false\n[discovery]\nquery_interval_seconds = 0\n"
# The same with checks.
UNASKED = "[discovery]\nquery_interval_seconds = 0\n"
# As it is shipped, but that most services here have no server behind them.
UNCHECKED = "[health_check]\nenabled = false\n"


class Daemon:
    """Runs from its making to `stop`, or to the end of its host."""

    def __init__(self, host, configuration=QUIET, arguments=(), state=None):
        self.host = host
        # In the file system that all hosts share.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="nexus-bench-"))
        host.cleanups.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.configuration = self.directory / "nexus.toml"
        self.configuration.write_text(configuration)
        self.state = self.directory / "state"
        self.state.mkdir()
        if state:
            shutil.copytree(state, self.state, dirs_exist_ok=True)
        self.socket = str(self.directory / "api.sock")
        self.log = self.directory / "log"
        inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        inbox.bind(str(self.directory / "notify"))
        inbox.settimeout(30)
        environment = dict(os.environ, NOTIFY_SOCKET=str(self.directory / "notify"))
        with open(self.log, "wb") as log:
            self.program = host.spawn(
                BINARY, "serve", "--config", self.configuration, "--socket", self.socket,
                "--state-dir", self.state, "--log-format", "json", *arguments, stderr=log,
                env=environment)
        self.pid = self.program.pid
        self.started = self.program.started
        with inbox:
            while b"READY=1" not in inbox.recv(1 << 16):
                pass
        # Seconds from before its start to its word that it is ready.
        self.time_to_ready = time.monotonic() - self.started

    def stop(self):
        self.program.stop()

    # Its API

    def ask(self, method, path, body=None, meanwhile=lambda: None):
        """The answer; what is done `meanwhile` is done before that is waited for."""
        connection = UnixConnection(self.socket)
        connection.request(
            method, path, body and json.dumps(body), {"Content-Type": "application/json"})
        meanwhile()
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
        return json.loads(text) if text else None

    def wait_for_backends(self, count, within=60):
        """Waits until that many backends have been listed; when."""
        watcher = Watcher(self.socket)
        try:
            read_until(lambda: len(watcher.ids) >= count, [watcher], within, f"{count} backends")
        except TimeoutError as error:
            raise TimeoutError(f"{error}; there are {len(watcher.ids)}") from None
        finally:
            watcher.close()
        return watcher.at

    def wait_for_count(self, count, within=60):
        """The same without a watch, for which it would keep events."""
        deadline = time.monotonic() + within
        while (listed := self.ask("GET", "/v1/status")["backends"]["total"]) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {within} s for {count} backends; there are {listed}")
            time.sleep(0.2)

    def reload(self, servers):
        """Has it take these servers, as (name, URL), in place of those that it was configured with."""
        text = QUIET + "".join(
            f'[[backends]]\nname = "{name}"\nurl = "{url}"\n' for name, url in servers)
        new = self.configuration.with_suffix(".new")
        new.write_text(text)
        new.rename(self.configuration)
        os.kill(self.pid, signal.SIGHUP)

    # What it takes, as /proc has it

    def memory(self):
        """Resident and anonymous memory, in MB."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return tuple(
            int(re.search(rf"{name}:\s+(\d+)", text)[1]) * 1024 / 1e6
            for name in ("VmRSS", "RssAnon"))

    def wakings(self):
        """How often each of its threads gave up the processor of its own accord: each waking is one
        more."""
        counts = {}
        for task in pathlib.Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                text = (task / "status").read_text()
                counts[task.name] = int(
                    re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M)[1])
        return counts


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self.path)


class Listener:
    """A client of /v1/watch that keeps the end of what came, and when."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.sendall(b"GET /v1/watch HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.tail = b""
        self.at = None

    def fileno(self):
        return self.socket.fileno()

    def read(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise RuntimeError("the watch ended")
        self.at = time.monotonic()
        self.tail = (self.tail[-4096:] + data)[-4096:] if len(data) < 4096 else data[-4096:]
        return data

    def has(self, name):
        return f'"name":"{name}"'.encode() in self.tail

    def close(self):
        self.socket.close()


class Watcher(Listener):
    """One that keeps which backends it has heard of."""

    ID = re.compile(rb'"id":"([0-9a-f-]{36})"')

    def __init__(self, path):
        super().__init__(path)
        self.ids = set()

    def read(self):
        # An id may come in two parts.
        before = self.tail[-64:]
        self.ids.update(self.ID.findall(before + super().read()))

    def forget(self):
        self.ids.clear()
        self.tail = b""
