"""The registry's state machine alone, which a program of its own measures inside its process."""

import json
import statistics
import subprocess

from daemon import ROOT
from figures import at_least, at_most

PROGRAM = ROOT / "Benchmarks/.build/release/registry-bench"
EVENTS = ("found", "re-seen", "updated", "removed")


def measure_registry(report, runs):
    output = subprocess.run([PROGRAM, str(runs)], check=True, capture_output=True, text=True).stdout
    figures = {
        one["name"]: (one["unit"], one["samples"]) for one in map(json.loads, output.splitlines())}
    targets = {f"{kind}, 10000 backends": at_least(1_000_000) for kind in EVENTS} | {
        "bytes per backend, 10000 backends": at_most(1000),
        "TXT record parsed": at_most(1000),
    }
    group = "3. The state machine alone, one core"
    for name, (unit, samples) in figures.items():
        shown = name.replace("10000", "10,000").replace(",0000", "0,000")
        report.add(group, shown, unit, samples, targets.get(name))
    for kind in EVENTS:
        few, many = (figures[f"{kind}, {count} backends"][1] for count in (10_000, 100_000))
        report.add(
            group, f"{kind}: 10,000 over 100,000 backends", "×",
            [one / other for one, other in zip(few, many)], at_most(2))
    few, many = (figures[f"snapshot, {count} backends"][1] for count in (10_000, 100_000))
    report.add(
        group, "snapshot: per backend, 100,000 over 10,000", "×",
        [other / one / 10 for one, other in zip(few, many)])
