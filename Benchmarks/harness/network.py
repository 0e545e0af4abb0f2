"""What takes a network: latency from an announcement to a line, and convergence."""

import pathlib
import subprocess

from daemon import BINARY, UNCHECKED, Daemon
from figures import at_most
from hosts import Lab, let_rest, read_until

HERE = pathlib.Path(__file__).resolve().parent
PEER = HERE / "peer.py"
BARE_LOOP = HERE.parent / ".build/bare_loop"
PYTHON = "/usr/bin/python3"


def build_bare_loop():
    BARE_LOOP.parent.mkdir(exist_ok=True)
    subprocess.run(
        ["cc", "-O2", "-Wall", "-Wextra", "-Werror", HERE / "bare_loop.c", "-o", BARE_LOOP,
         "-lavahi-client", "-lavahi-common"], check=True)


def start_crowd(host, count, *more, within=120):
    program = host.spawn(PYTHON, PEER, host.address, "crowd", count, *more)
    program.line("announced", within)
    return program


def measure_latency(report):
    """100 announcements, each seen by avahi-browse and by `watch` at the same time.

    avahi-daemon tells its clients one after another: either is the first in half of the rounds."""
    browse, watch, added = [], [], []
    for round in range(4):
        with Lab() as lab:
            listening, neighbour = lab.host("listening"), lab.host("neighbour", avahi=False)
            announcer = neighbour.spawn(PYTHON, PEER, neighbour.address, "announcer")
            announcer.line("ready")

            def start_browse():
                return listening.spawn(
                    "stdbuf", "-oL", "avahi-browse", "--resolve", "--parsable", "_ollama._tcp")

            def announce(name, *watchers):
                """When it was sent, and when each has told of it."""
                mark = len(announcer.lines)
                marks = [len(one.lines) for one in watchers]
                announcer.say(name)

                def lines(one, mark):
                    return [
                        at for at, line in one.lines[mark:]
                        if name in line and line[0] in "={"]

                read_until(
                    lambda: len(announcer.lines) > mark and all(map(lines, watchers, marks)),
                    [announcer, *watchers], 20, f"news of {name}")
                sent = float(announcer.lines[mark][1])
                return [1000 * (lines(*one)[0] - sent) for one in zip(watchers, marks)]

            browser = start_browse() if round % 2 else None
            # It follows the type before the daemon does, once it has told of something.
            if browser:
                announce(f"first-{round}", browser)
            daemon = Daemon(listening, UNCHECKED)
            watcher = listening.spawn(BINARY, "watch", "--json", "--socket", daemon.socket)
            announce(f"second-{round}", watcher)
            browser = browser or start_browse()
            for number in range(3):
                announce(f"warm-{round}-{number}", browser, watcher)
            for number in range(25):
                by_browse, by_watch = announce(f"box-{round}-{number}", browser, watcher)
                browse.append(by_browse)
                watch.append(by_watch)
                added.append(by_watch - by_browse)
    group = "1. Latency: announcement to line"
    report.add(group, "avahi-browse -rp", "ms", browse)
    report.add(group, "watch --json", "ms", watch)
    report.add(group, "added over avahi-browse", "ms", added, at_most(2))


def measure_convergence(report, runs):
    """From the start of the daemon, and of a bare loop over libavahi-client, to all services."""
    group = "2. Convergence: start to all listed"
    for count in (200, 1500):
        times = {}
        with Lab() as lab:
            listening, peer = lab.host("listening"), lab.host("peer", avahi=False)
            crowd = start_crowd(peer, count)

            def bare():
                program = listening.spawn(BARE_LOOP, "_ollama._tcp", count)
                at, _ = program.line("resolved", within=60)
                program.stop()
                return at - program.started

            def ours():
                daemon = Daemon(listening, UNCHECKED)
                at = daemon.wait_for_backends(count)
                daemon.stop()
                return at - daemon.started

            for run in range(runs):
                # Each finds warm what the other had avahi-daemon fetch.
                for first, second in (("bare", "ours"), ("ours", "bare")):
                    listening.start_avahi()
                    for name, state in ((first, "cold"), (second, "warm")):
                        # Who answers has an answer of a second ago still to send, and who was asked
                        # clears up after the one before.
                        let_rest([crowd, listening.avahi])
                        took = bare() if name == "bare" else ours()
                        times.setdefault((name, state), []).append(took)
        for state in ("cold", "warm"):
            both = times["bare", state], times["ours", state]
            label = f"{count:,} services, {state}"
            report.add(group, f"{label}: bare C loop", "s", both[0])
            report.add(group, f"{label}: nexus-discovery", "s", both[1])
            target = at_most(1.1 if state == "cold" else 1.3) if count == 1500 else None
            ratios = [mine / bare for bare, mine in zip(*both)]
            report.add(group, f"{label}: over the bare loop", "×", ratios, target)
