"""The API under load, its watchers, and churn: all with servers from the configuration, which come and
go quicker than any network has them."""

import re
import resource
import time

from daemon import QUIET, Daemon, Listener, Watcher
from figures import at_least, at_most
from hosts import Host, read_until

WATCHERS = 1000


def servers(count, first=0):
    return [
        (f"server-{number}", f"http://192.0.2.{number % 250}:{1000 + number // 250}")
        for number in range(first, first + count)]


def alone(body):
    """Calls it with a host that is on no network."""
    host = Host("alone")
    try:
        return body(host)
    finally:
        host.close()


def start(host, count):
    daemon = Daemon(host, QUIET, ["--no-discovery"])
    daemon.reload(servers(count))
    daemon.wait_for_backends(count)
    return daemon


def measure_api(report, runs, seconds):
    """wrk over one thread and 32 connections that are kept, on loopback."""
    group = "6. API, wrk with 32 connections"

    def load(host, path):
        text = host.run(
            "wrk", "--threads", "1", "--connections", "32", "--duration", f"{seconds}s", "--latency",
            f"http://127.0.0.1:6398{path}")
        if re.search(r"Non-2xx|Socket errors", text):
            raise RuntimeError(text)
        value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
        return (
            float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
            float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit])

    def measure(host):
        for count in (10, 1000):
            daemon = start(host, count)
            one = daemon.ask("GET", "/v1/backends")["backends"][0]["id"]
            paths = {"/v1/backends": "/v1/backends", "/v1/backends/{id}": f"/v1/backends/{one}"}
            for name, path in paths.items():
                load(host, path)
                rates, p99 = zip(*[load(host, path) for _ in range(runs)])
                target = at_least(50_000) if name.endswith("}") else None
                report.add(group, f"{name}, {count:,} backends", "1/s", rates, target)
                report.add(group, f"{name}, {count:,} backends, p99", "ms", p99)
            daemon.stop()

    alone(measure)


def measure_watchers(report, runs):
    """One change to 1,000 clients of /v1/watch, as one client in Python reads them all."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, most), most))

    def measure(host):
        daemon = start(host, 100)
        resident = daemon.memory()[0]
        watchers = []
        for _ in range(0, WATCHERS, 50):
            some = [Listener(daemon.socket) for _ in range(50)]
            watchers += some
            read_until(lambda: all(one.tail.endswith(b"]}\n\n") for one in some), some, 30, "snapshots")
        grown, anonymous = daemon.memory()
        group = "4. Memory"
        report.add(group, f"resident, {WATCHERS:,} watchers of 100 backends", "MB", [grown])
        report.add(group, f"anonymous, {WATCHERS:,} watchers of 100 backends", "MB", [anonymous])
        report.add(group, "growth per watcher", "B", [1e6 * (grown - resident) / WATCHERS])

        first, last = [], []
        for run in range(runs):
            name = f"one-{run}"
            began = time.monotonic()
            daemon.ask(
                "POST", "/v1/backends", {"name": name, "url": f"http://192.0.2.1:{9000 + run}"},
                lambda: read_until(
                    lambda: all(one.has(name) for one in watchers), watchers, 30, "the change"))
            moments = [one.at - began for one in watchers]
            first.append(1000 * min(moments))
            last.append(1000 * max(moments))
        group = f"6. Fan-out of one change to {WATCHERS:,} watchers"
        report.add(group, "from the request to the first", "ms", first)
        report.add(group, "from the request to the last", "ms", last)
        for one in watchers:
            one.close()

    alone(measure)


def measure_churn(report, runs, events=100_000):
    """What anonymous memory grows by while half of 1,000 backends go and others come, again and again.

    One daemon goes through all runs: what grows for good grows in each of them."""

    def measure(host):
        daemon = start(host, 1000)
        watcher = Watcher(daemon.socket)
        read_until(lambda: len(watcher.ids) == 1000, [watcher], 30, "the snapshot")

        def churn(events, turn):
            for _ in range(0, events, 1000):
                turn += 1
                watcher.forget()
                # 500 removed, 500 added.
                daemon.reload(servers(1000, first=500 * turn))
                read_until(lambda: len(watcher.ids) == 1000, [watcher], 30, f"turn {turn}")
            return turn

        turn = churn(20_000, 0)
        resident, anonymous = [], [daemon.memory()[1]]
        for _ in range(runs):
            turn = churn(events, turn)
            resident.append(daemon.memory()[0])
            anonymous.append(daemon.memory()[1])
        group = "4. Memory"
        report.add(group, f"resident, 1,000 backends after {events:,} events of churn", "MB", resident)
        report.add(
            group, f"growth in {events:,} events of churn", "MB",
            [after - before for before, after in zip(anonymous, anonymous[1:])], at_most(0))

    alone(measure)
