# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bars: what has to hold, as ratios in one run on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from . import plays
from .cases import Figures
from .runner import Run


@dataclass(frozen=True)
class Bar:
    """One thing that has to hold: `figure` is at most, or at least, `limit`."""

    work: str
    what: str
    figure: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.figure >= self.limit if self.at_least else self.figure <= self.limit

    @property
    def wanted(self) -> str:
        """The limit, for people."""
        return f"{'≥' if self.at_least else '≤'} {self.limit:.3g}{self.unit}"

    @property
    def measured(self) -> str:
        """The figure, for people."""
        return f"{self.figure:.3g}{self.unit}"


def bars(figures: Figures) -> Iterator[Bar]:
    """All of them."""
    one = {way: median(seconds) for way, seconds in figures.one.items()}
    for way in (plays.SINGLE, plays.BULK):
        yield Bar(
            "1 idle endpoint", f"task with {way}, against a task with uri GET", one[way] / one[plays.URI], 1, " times"
        )
    idle = _found(figures, plays.BULK, 100)
    yield Bar("100 idle endpoints", "requests", max(run.requests for run in idle), 1)
    loop = loop_of_100(figures, plays.URI)
    yield Bar(
        "100 idle endpoints",
        "task with a loop of uri GETs, against the task with anthropic_endpoints",
        loop / _task(idle),
        40,
        " times",
        at_least=True,
    )
    yield Bar(
        "100 idle endpoints",
        "play with anthropic_endpoints, against a play with only ping",
        _play(idle) / _play(_found(figures, plays.PING, 0)),
        1.2,
        " times",
    )
    many = _found(figures, plays.MANY, 100)
    yield Bar("100 idle endpoints of ten services", "requests", max(run.requests for run in many), 1)
    yield Bar(
        "100 idle endpoints of ten services",
        "play with endpoints, against a play with only ping",
        _play(many) / _play(_found(figures, plays.PING, 0)),
        1.2,
        " times",
    )
    yield from _bars_of_creates(figures)
    yield Bar(
        "1,000 idle endpoints",
        "play with them, more than a play with one",
        _play(_found(figures, plays.BULK, 1000)) - _play(_found(figures, plays.BULK, 1)),
        1,
        " s",
    )
    memory = max(run.memory for run in _found(figures, plays.BULK, 1000, metered=True))
    yield Bar("1,000 idle endpoints", "memory of the module at its peak", memory / 2**20, 100, " MiB")


def _bars_of_creates(figures: Figures) -> Iterator[Bar]:
    slowest = max(figures.plan.delays)
    work = f"{figures.plan.creates} creates at {slowest * 1000:.0f} ms"
    one, eight = (_found(figures, plays.BULK, figures.plan.creates, slowest, parallel) for parallel in (1, 8))
    yield Bar(work, "task with parallel 8, against parallel 1", _task(eight) / _task(one), 1 / 6, " times")
    yield Bar(work, "requests at once with parallel 8", max(run.most_at_once for run in eight), 8)
    yield Bar(work, "connections with parallel 8", max(run.connections for run in eight), 10)


def loop_of_100(figures: Figures, way: str) -> float:
    """Seconds of the task; in proportion, if only shorter loops were measured."""
    size = max(figures.plan.loops)
    return _task(_found(figures, way, size)) * 100 / size


def _found(
    figures: Figures,
    way: str,
    count: int,
    delay: float | None = None,
    parallel: int | None = None,
    *,
    metered: bool = False,
) -> list[Run]:
    wanted = (way, count, delay, parallel, metered)
    return next(
        runs
        for case, runs in figures.runs.items()
        if (case.way, case.count, case.delay, case.parallel, case.metered) == wanted
    )


def _task(runs: list[Run]) -> float:
    return median(run.task for run in runs)


def _play(runs: list[Run]) -> float:
    return median(run.play for run in runs)
