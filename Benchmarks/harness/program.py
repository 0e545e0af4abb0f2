"""The program itself: how soon it is ready, how long `list` takes, and its size."""

import pathlib
import subprocess
import tempfile
import time

from daemon import BINARY, QUIET, ROOT, Daemon
from figures import at_most
from hosts import Lab


def measure_start(report, runs, saved_state):
    """From before exec to READY=1, with avahi-daemon running; then `list`, as its user waits for it."""
    group = "7. Start"
    with Lab() as lab:
        host = lab.host("starting")
        times = {None: [], saved_state: []}
        for _ in range(runs):
            for state in times:
                daemon = Daemon(host, QUIET, state=state)
                times[state].append(1000 * daemon.time_to_ready)
                daemon.stop()
        report.add(group, "exec to READY=1, nothing saved", "ms", times[None], at_most(30))
        report.add(group, "exec to READY=1, 1,000 backends saved", "ms", times[saved_state], at_most(30))

        daemon = Daemon(host, QUIET, state=saved_state)
        listed = len(daemon.ask("GET", "/v1/backends")["backends"])
        if listed != 1000:
            raise RuntimeError(f"{listed} backends are listed, not 1,000")
        for more in ([], ["--json"]):
            took = []
            for _ in range(2 * runs):
                start = time.monotonic()
                with host.entered():
                    subprocess.run(
                        [BINARY, "list", *more, "--socket", daemon.socket], check=True,
                        stdout=subprocess.DEVNULL)
                took.append(1000 * (time.monotonic() - start))
            name = " ".join(["list", *more])
            report.add(group, f"{name} as a process, 1,000 backends", "ms", took, at_most(15))


def measure_size(report):
    group = "8. Size"
    with tempfile.TemporaryDirectory() as directory:
        stripped = pathlib.Path(directory) / "stripped"
        subprocess.run(["strip", "--strip-unneeded", BINARY, "-o", stripped], check=True)
        report.add(group, "stripped binary", "MB", [stripped.stat().st_size / 1e6])
    packages = sorted((ROOT / ".build/deb").glob("nexus-discovery_*.deb"))
    if not packages:
        report.notes["size of the package"] = 'there is none: run "make deb" before'
    for package in packages[-1:]:
        report.add(group, "package", "MB", [package.stat().st_size / 1e6])
        size = subprocess.run(
            ["dpkg-deb", "--field", package, "Installed-Size"], check=True, capture_output=True)
        report.add(group, "package, installed", "MB", [int(size.stdout) / 1000])
