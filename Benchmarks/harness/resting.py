"""What the daemon takes while there is nothing to do: memory, wake-ups and processor time."""

import shutil
import time

from daemon import QUIET, UNASKED, Daemon
from figures import at_most
from hosts import Lab
from network import start_crowd


def measure_rest(report, saved_state, seconds):
    """Six hosts side by side, two of each kind; the state that one saves is copied to `saved_state`."""
    with Lab() as silent, Lab() as lab:
        start_crowd(lab.host("peer", avahi=False), 1000, "serve")
        kinds = {"0 backends": [], "1,000 backends": [], "1,000 backends and health checks": []}
        empty, full, checking = kinds.values()
        for number in range(2):
            empty.append(Daemon(silent.host(f"empty{number}"), QUIET))
            full.append(Daemon(lab.host(f"full{number}"), QUIET))
            checking.append(Daemon(lab.host(f"checking{number}"), UNASKED))
        for daemon in full + checking:
            daemon.wait_for_count(1000, within=120)
        settle(empty + full)

        every = empty + full + checking
        before = [one.program.processor_time() for one in every]
        wakings = count_wakings(every, seconds)
        times = [
            one.program.processor_time() - earlier for one, earlier in zip(every, before)]

        group = f"5. At rest, {seconds} s"
        for kind, daemons in kinds.items():
            target = at_most(0) if daemons is not checking else None
            places = [every.index(one) for one in daemons]
            report.add(group, f"wake-ups, {kind}", "", [wakings[one] for one in places], target)
            report.add(group, f"processor time, {kind}", "ms", [times[one] for one in places])

        group = "4. Memory"
        anonymous = {}
        for (kind, daemons), bound in zip(kinds.items(), (14, 16, None)):
            resident, anonymous[kind] = zip(*[daemon.memory() for daemon in daemons])
            report.add(
                group, f"resident, {kind}", "MB", resident, at_most(bound) if bound else None)
            report.add(group, f"anonymous, {kind}", "MB", anonymous[kind])
        grown = [
            1e6 * (more - less) / 1000
            for more, less in zip(anonymous["1,000 backends"], anonymous["0 backends"])]
        report.add(group, "growth per backend, in all", "B", grown, at_most(2000))

        full[0].stop()
        shutil.copytree(full[0].state, saved_state, dirs_exist_ok=True)


def count_wakings(daemons, seconds):
    """How often the threads of each woke in that time, those included that begin or end meanwhile."""
    last = [daemon.wakings() for daemon in daemons]
    sums = [0] * len(daemons)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now = [daemon.wakings() for daemon in daemons]
        for place, (old, new) in enumerate(zip(last, now)):
            sums[place] += sum(count - old.get(thread, 0) for thread, count in new.items())
        last = now
    return sums


def settle(daemons, within=120):
    """Waits until none of them woke for 35 s: the state is saved, idle threads are gone, and what was
    made for clients is forgotten."""
    deadline = time.monotonic() + within
    last = None
    while time.monotonic() < deadline:
        now = [daemon.wakings() for daemon in daemons]
        if now == last:
            return
        last = now
        time.sleep(35)
