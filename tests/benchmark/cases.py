# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases to measure, and the measurement. Each round runs all cases, so that a change of load affects all alike."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulator import Simulator

from . import plays, stages
from .runner import Run, Runner

#: The tasks that check one idle endpoint, compared within one play.
ONE = [plays.PING, plays.URI, plays.SINGLE, plays.BULK]


@dataclass(frozen=True)
class Case:
    """One way to manage `count` endpoints, which exist unless `delay` is set.

    `delay`: seconds that the server needs to create an endpoint. `rounds`: number of measurements.
    """

    way: str
    count: int
    delay: float | None = None
    parallel: int | None = None
    rounds: int = 5
    metered: bool = False

    @property
    def requests(self) -> int:
        """Return the number of requests that the case requires."""
        if self.way == plays.PING:
            return 0
        read = 1 if self.way in (plays.BULK, plays.MANY, plays.ROLE) else self.count
        if self.way == plays.URI_PUT:
            return self.count
        version = 1
        return read + (version + self.count if self.delay is not None else 0)

    def run(self, runner: Runner) -> Run:
        """Measure the case once, with a new server.

        Raises RuntimeError if the requests or the endpoints differ from what the case requires.
        """
        with Simulator(delay=self.delay or 0.0) as server:
            if self.delay is None:
                plays.seed(server, self.count, self.way)
            run = runner.run(plays.play(self.way, self.count, self.parallel), server, metered=self.metered)
            held = sum(1 for inference_id in server.endpoints if not inference_id.startswith("."))
        if run.requests != self.requests or held != self.count:
            raise RuntimeError(f"{self}: {run.requests} requests, and the server has {held} endpoints")
        return run


@dataclass(frozen=True)
class Plan:
    """The cases to measure, and the number of measurements.

    The longest loops average out fluctuations, so one round is enough, or two if a target depends on it. The time of
    a loop is proportional to its length, so creating with `uri` is measured for `uri_creates` endpoints and scaled.
    """

    sizes: tuple[int, ...] = (1, 10, 100, 1000)
    loops: tuple[int, ...] = (1, 10, 100)
    loop_rounds: int = 3
    rounds: int = 4
    delays: tuple[float, ...] = (0.0, 0.05, 0.2)
    parallels: tuple[int, ...] = (1, 4, 8, 16)
    creates: int = 100
    create_rounds: int = 3
    uri_creates: int = 10
    meter_rounds: int = 3
    turns: int = 10
    mixed_plays: int = 3
    stage_rounds: int = 15

    def idle(self) -> Iterator[Case]:
        """Yield the cases in which all endpoints are in sync."""
        yield Case(plays.PING, 0, rounds=self.rounds)
        for way in (plays.BULK, plays.ROLE):
            for size in self.sizes:
                yield Case(way, size, rounds=self.rounds)
        yield Case(plays.MANY, 100, rounds=self.rounds)
        for way in (plays.SINGLE, plays.URI, plays.PAIR):
            for size in self.loops:
                longest = 2 if way == plays.URI else 1
                rounds = longest if size >= 100 else self.loop_rounds if size > 1 else self.rounds
                yield Case(way, size, rounds=rounds)

    def created(self) -> Iterator[Case]:
        """Yield the cases that create all endpoints."""
        for delay in self.delays:
            rounds = self.create_rounds if delay == max(self.delays) else max(self.create_rounds - 1, 1)
            for parallel in self.parallels:
                yield Case(plays.BULK, self.creates, delay, parallel, rounds)
            yield Case(plays.URI_PUT, self.uri_creates, delay, rounds=rounds)

    def metered(self) -> Iterator[Case]:
        """Yield the cases that measure CPU time and memory. The meter slows them down, so their times are not used."""
        yield Case(plays.PING, 0, rounds=self.meter_rounds, metered=True)
        yield Case(plays.URI, 1, rounds=self.meter_rounds, metered=True)
        yield Case(plays.SINGLE, 1, rounds=self.meter_rounds, metered=True)
        for size in self.sizes:
            yield Case(plays.BULK, size, rounds=self.meter_rounds, metered=True)
        for parallel in self.parallels[1:]:
            yield Case(plays.BULK, self.creates, self.delays[-1], parallel, self.meter_rounds, metered=True)


#: A short plan for development. Its figures are too rough for the page.
QUICK = Plan(
    loops=(1, 10),
    loop_rounds=2,
    rounds=2,
    delays=(0.2,),
    parallels=(1, 8),
    create_rounds=1,
    uri_creates=5,
    meter_rounds=1,
    turns=6,
    mixed_plays=1,
    stage_rounds=5,
)


@dataclass
class Figures:
    """All measurements.

    `one`: seconds of tasks with one idle endpoint, without the first task of each play.
    `stages`: seconds by stage of each run, by module.
    """

    plan: Plan
    runs: dict[Case, list[Run]] = field(default_factory=dict)
    one: dict[str, list[float]] = field(default_factory=dict)
    stages: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    minutes: float = 0.0


def measure(plan: Plan, home: Path, say: Callable[[str], None]) -> Figures:
    """Measure all cases of the plan.

    Raises RuntimeError if a play fails or does not have the expected result.
    """
    figures = Figures(plan)
    runner = Runner(home)
    say("warming up")
    for way in (*ONE, plays.ROLE, plays.PAIR):
        Case(way, 0 if way == plays.PING else 1).run(runner)
    for number in range(plan.mixed_plays):
        say(f"tasks with one endpoint, {number + 1} of {plan.mixed_plays}")
        _measure_one(figures, runner)
    say("stages of a task")
    _measure_stages(figures, runner)
    for name, cases in (("idle", plan.idle()), ("creates", plan.created()), ("metered", plan.metered())):
        _measure_rounds(figures, name, list(cases), runner, say)
    return figures


def _measure_rounds(figures: Figures, name: str, cases: list[Case], runner: Runner, say: Callable[[str], None]) -> None:
    rounds = max(case.rounds for case in cases)
    for number in range(rounds):
        say(f"{name}, round {number + 1} of {rounds}")
        for case in cases:
            if number < case.rounds:
                figures.runs.setdefault(case, []).append(case.run(runner))


def _measure_one(figures: Figures, runner: Runner) -> None:
    with Simulator() as server:
        plays.seed(server, 1)
        run = runner.run(plays.mixed(ONE, figures.plan.turns + 1), server)
    # ansible-core builds the file of a module in the first task of a play. The plays with one task measure that.
    for name, seconds in run.tasks[len(ONE) :]:
        figures.one.setdefault(name, []).append(seconds)


def _measure_stages(figures: Figures, runner: Runner) -> None:
    with Simulator() as server:
        plays.seed(server, 1)
        files = runner.modules(plays.mixed(ONE, 1), server)
        for _round in range(figures.plan.stage_rounds):
            for name, file in sorted(files.items()):
                figures.stages.setdefault(name, []).append(_stages(file, runner.environment(server)))


def _stages(file: Path, environment: Mapping[str, str]) -> dict[str, float]:
    """Run the file of a module and return the seconds by stage.

    Raises RuntimeError if the module fails.
    """
    started = time.perf_counter()
    process = subprocess.run(
        [sys.executable, stages.__file__, file],
        env={**environment, "BENCHMARK_STARTED": repr(started)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    ended = time.perf_counter()
    try:
        result, (at, seconds) = json.loads(process.stdout), ast.literal_eval(process.stderr)
    except (ValueError, SyntaxError):
        raise RuntimeError(f"{process.stdout}\n{process.stderr}") from None
    if result.get("failed"):
        raise RuntimeError(result["msg"])
    if not seconds[stages.OPTIONS] or not (seconds[stages.REQUEST] or "ping" in result):
        raise RuntimeError("stages.FUNCTIONS names a function that does not exist")
    return {**seconds, stages.EXIT: ended - at}
