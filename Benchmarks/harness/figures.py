"""What was measured: each figure with its samples, and the two ways in which they are shown."""

import dataclasses
import json
import statistics


@dataclasses.dataclass
class Target:
    """What a figure should reach: its median at most, or at least, so much."""

    bound: float
    is_least: bool = False

    def is_met(self, value):
        return value >= self.bound if self.is_least else value <= self.bound


def at_most(bound):
    return Target(bound)


def at_least(bound):
    return Target(bound, is_least=True)


@dataclasses.dataclass
class Figure:
    group: str
    name: str
    unit: str
    samples: list
    target: Target | None = None

    @property
    def median(self):
        return statistics.median(self.samples)

    def as_json(self):
        target = self.target and {
            ("at_least" if self.target.is_least else "at_most"): self.target.bound,
            "met": self.target.is_met(self.median),
        }
        return {
            "group": self.group, "name": self.name, "unit": self.unit, "median": self.median,
            "least": min(self.samples), "most": max(self.samples), "runs": len(self.samples),
            "samples": self.samples, "target": target,
        }

    def as_row(self):
        least, most = shown(min(self.samples)), shown(max(self.samples))
        spread = f"{least} – {most}" if len(self.samples) > 1 else ""
        target, met = "", ""
        if self.target:
            sign = "≥" if self.target.is_least else "≤"
            target = f"{sign} {shown(self.target.bound)}"
            met = "yes" if self.target.is_met(self.median) else "**no**"
        return [
            self.name, shown(self.median), self.unit, spread, str(len(self.samples)), target, met]


class Report:
    """All figures of a run."""

    def __init__(self, conditions):
        self.conditions = conditions
        self.figures = []
        # What could not be measured, and why; and what there was nothing of to measure.
        self.failures = {}
        self.notes = {}

    def add(self, group, name, unit, samples, target=None):
        self.figures.append(Figure(group, name, unit, [float(one) for one in samples], target))

    def as_json(self):
        return json.dumps(
            {
                "conditions": self.conditions, "failures": self.failures,
                "notes": self.notes,
                "figures": [figure.as_json() for figure in self.figures],
            }, indent=1)

    def as_table(self):
        """In Markdown that is aligned for the terminal too."""
        rows = [["figure", "median", "unit", "least – most", "runs", "target", "met"]]
        group = None
        for figure in self.figures:
            if figure.group != group:
                group = figure.group
                rows.append([f"**{group}**"] + [""] * 6)
            rows.append(figure.as_row())
        widths = [max(len(row[column]) for row in rows) for column in range(7)]
        numeric = {1, 3, 4, 5}
        lines = [
            "| " + " | ".join(
                cell.rjust(width) if column in numeric else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths))) + " |"
            for row in rows]
        rule = "|".join(
            "-" * (width + 1) + (":" if column in numeric else "-")
            for column, width in enumerate(widths))
        lines.insert(1, f"|{rule}|")
        for group, why in (self.failures | self.notes).items():
            lines.append(f"\nNot measured: {group}: {why}")
        return "\n".join(lines)


def shown(value):
    """Three digits that count, and no more."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
