# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Performance targets: ratios and counts from one run on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from . import plays
from .cases import Figures
from .runner import Run

#: The unit of a ratio.
RATIO = " \N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Target:
    """A limit for one figure: a maximum, or a minimum with `at_least`."""

    scenario: str
    comparison: str
    figure: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Return whether the figure is within the limit."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    @property
    def condition(self) -> str:
        """Return the limit as text, such as "≤ 1 s"."""
        return f"{'≥' if self.at_least else '≤'} {self.limit:.3g}{self.unit}"

    @property
    def measured(self) -> str:
        """Return the figure as text, such as "0.578 s"."""
        return f"{self.figure:.3g}{self.unit}"


def targets(figures: Figures) -> Iterator[Target]:
    """Yield all targets with their figures."""
    one = {way: median(seconds) for way, seconds in figures.one.items()}
    for way in (plays.SINGLE, plays.BULK):
        yield Target(
            "1 idle endpoint", f"Task with {way} vs. task with {plays.URI}", one[way] / one[plays.URI], 1, RATIO
        )
    idle = find(figures, plays.BULK, 100)
    yield Target("100 idle endpoints", "Requests", max(run.requests for run in idle), 1)
    loop = loop_of_100(figures, plays.URI)
    yield Target(
        "100 idle endpoints",
        f"Loop of {plays.URI} vs. task with {plays.BULK}",
        loop / task_time(idle),
        40,
        RATIO,
        at_least=True,
    )
    yield Target(
        "100 idle endpoints",
        f"Play with {plays.BULK} vs. play with only ping",
        play_time(idle) / play_time(find(figures, plays.PING, 0)),
        1.2,
        RATIO,
    )
    many = find(figures, plays.MANY, 100)
    yield Target("100 idle endpoints of ten services", "Requests", max(run.requests for run in many), 1)
    yield Target(
        "100 idle endpoints of ten services",
        f"Play with {plays.MANY} vs. play with only ping",
        play_time(many) / play_time(find(figures, plays.PING, 0)),
        1.2,
        RATIO,
    )
    yield from _create_targets(figures)
    yield Target(
        "1,000 idle endpoints",
        "Additional time of the play vs. 1 endpoint",
        play_time(find(figures, plays.BULK, 1000)) - play_time(find(figures, plays.BULK, 1)),
        1,
        " s",
    )
    memory = max(run.memory for run in find(figures, plays.BULK, 1000, metered=True))
    yield Target("1,000 idle endpoints", "Peak memory of the module", memory / 2**20, 100, " MiB")


def _create_targets(figures: Figures) -> Iterator[Target]:
    slowest = max(figures.plan.delays)
    scenario = f"Creating {figures.plan.creates} endpoints, {slowest * 1000:.0f} ms each"
    one, eight = (find(figures, plays.BULK, figures.plan.creates, slowest, parallel) for parallel in (1, 8))
    yield Target(scenario, "Task with parallel: 8 vs. parallel: 1", task_time(eight) / task_time(one), 1 / 6, RATIO)
    yield Target(scenario, "Concurrent requests with parallel: 8", max(run.most_at_once for run in eight), 8)
    yield Target(scenario, "Connections with parallel: 8", max(run.connections for run in eight), 10)


def loop_of_100(figures: Figures, way: str) -> float:
    """Return the seconds of a loop over 100 endpoints, scaled up if only shorter loops were measured."""
    size = max(figures.plan.loops)
    return task_time(find(figures, way, size)) * 100 / size


def find(
    figures: Figures,
    way: str,
    count: int,
    delay: float | None = None,
    parallel: int | None = None,
    *,
    metered: bool = False,
) -> list[Run]:
    """Return the runs of a case."""
    wanted = (way, count, delay, parallel, metered)
    return next(
        runs
        for case, runs in figures.runs.items()
        if (case.way, case.count, case.delay, case.parallel, case.metered) == wanted
    )


def task_time(runs: list[Run]) -> float:
    """Return the median of the seconds that the tasks took."""
    return median(run.task for run in runs)


def play_time(runs: list[Run]) -> float:
    """Return the median of the seconds that ansible-playbook took."""
    return median(run.play for run in runs)
