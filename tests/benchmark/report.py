# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures as tables: for the terminal, and as the page of the documentation."""

from __future__ import annotations

import os
import platform
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from typing import TypeVar

from . import plays, stages
from .bars import Bar
from .cases import Case, Figures
from .runner import Run

MEBIBYTE = 2**20
Measured = TypeVar("Measured")


@dataclass(frozen=True)
class Table:
    """A table under a heading, with what there is to know about it; its first column is wide."""

    heading: str
    about: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def text(self) -> str:
        """For the terminal, without the markup of code."""
        cells = [[cell.replace("``", "") for cell in row] for row in (self.head, *self.rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(self.head))]
        lines = ["  ".join(map(str.ljust, row, widths)) for row in cells]
        return "\n".join(line.rstrip() for line in (self.heading, "-" * len(self.heading), *lines))

    def rst(self) -> str:
        """For the page."""
        lines = [
            self.heading,
            "-" * len(self.heading),
            "",
            textwrap.fill(self.about, 120, break_on_hyphens=False),
            "",
            ".. list-table::",
            "   :header-rows: 1",
            "",
        ]
        for row in (self.head, *self.rows):
            lines += [f"   {'*' if not column else ' '} - {cell}".rstrip() for column, cell in enumerate(row)]
        return "\n".join(lines)


def tables(figures: Figures, bars: Sequence[Bar]) -> list[Table]:
    """All tables."""
    return [
        _bars(bars),
        _idle(figures),
        _one(figures),
        _created(figures),
        _used(figures),
        _stages(figures),
    ]


def page(figures: Figures, bars: Sequence[Bar]) -> str:
    """The page of the documentation."""
    parts = [_HEAD, _about(figures), *(table.rst() for table in tables(figures, bars))]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def machine() -> str:
    """What the figures were measured with; nothing that tells whose machine it is."""
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    python = f"Python {platform.python_version()}"
    libraries = ", ".join(f"{name} {version(name)}" for name in ("ansible-core", "requests", "urllib3"))
    return f"{platform.system()}, {cores}, {python}, {libraries}"


_HEAD = """
..
  Copyright: (c) 2026, esops.inference contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

  Written by make bench, with what it measured.

.. _ansible_collections.esops.inference.docsite.benchmarks:

How long things take
====================
"""


def _about(figures: Figures) -> str:
    return f"""
``make bench`` measures all of this in one run, checks the bars, and writes this page. It runs ``ansible-playbook``
as users do, on ``localhost`` with ``connection: local`` and without facts, against simulated servers on the same
machine, over HTTP. What is compared takes turns, so that all of it meets the same moods of the machine. Each figure is
the median, and in brackets stand the lowest and the highest. Figures of one run can be compared with one another,
not with those of another run or another machine.

This run took {figures.minutes:.0f} minutes on {machine()}."""


def _bars(bars: Sequence[Bar]) -> Table:
    rows = [[one.work, one.what, one.wanted, one.measured, "PASS" if one.holds else "FAIL"] for one in bars]
    return Table(
        "Bars",
        "What has to hold; where one does not, ``make bench`` fails.",
        ("Work", "What", "Bar", "Measured", ""),
        rows,
    )


def _idle(figures: Figures) -> Table:
    rows = []
    for case, runs in figures.runs.items():
        if case.delay is None and not case.metered:
            task = _spread(runs, lambda run: run.task)
            count = f"{case.count:,}" if case.count else "none"
            rows.append([_WAYS[case.way], count, _spread(runs, lambda run: run.play), task, *_traffic(runs)])
    return Table(
        "Nothing to change",
        "The endpoints are as declared. *Play* is the time of ``ansible-playbook`` from its start to its end, in "
        "seconds; *tasks* is the time from the start of a task to its result, as a callback plugin sees it, summed up "
        "over the play. The pair of ``uri`` tasks looks whether the endpoint is there, and creates it if it is not: it "
        "finds no other difference.",
        ("With", "Endpoints", "Play (s)", "Tasks (s)", "Requests", "Connections"),
        rows,
    )


def _one(figures: Figures) -> Table:
    first = {case.way: runs for case, runs in figures.runs.items() if _is_one(case)}
    uri = median(figures.one[plays.URI])
    rows = [
        [
            _WAYS[way],
            _spread(figures.one[way], lambda seconds: seconds),
            f"{median(figures.one[way]) / uri:.2f}",
            _spread(first[way], lambda run: run.task),
        ]
        for way in figures.one
    ]
    turns = figures.plan.turns * figures.plan.mixed_plays
    return Table(
        "One endpoint",
        f"The time of one task, in seconds, while nothing differs. *A further task* is measured {turns} times in plays "
        "in which these tasks take turns, each time in another order. *The first task* is the only one of its play: "
        "it is there that ansible-core puts together the file that it sends for the module, once in a play.",
        ("With", "A further task (s)", "Against uri", "The first task (s)"),
        rows,
    )


def _is_one(case: Case) -> bool:
    return case.count < 2 and case.delay is None and not case.metered


def _created(figures: Figures) -> Table:
    rows = []
    for case, runs in figures.runs.items():
        if case.delay is None or case.metered:
            continue
        if case.way == plays.URI_PUT:
            scale = figures.plan.creates / case.count
            how, seconds = f"loop of {_WAYS[case.way]}", f"{median(run.task for run in runs) * scale:.1f} (scaled)"
        else:
            how, seconds = f"{_WAYS[case.way]}, ``parallel: {case.parallel}``", _spread(runs, lambda run: run.task)
        at_once = str(max(run.most_at_once for run in runs))
        rows.append([how, f"{case.delay * 1000:.0f}", seconds, *_traffic(runs), at_once])
    return Table(
        f"{figures.plan.creates} creates",
        "No endpoint is there yet, and the server takes its time for each. The time is that of the task. "
        f"The loops of ``uri`` were run with {figures.plan.uri_creates} endpoints and their time is scaled; their "
        f"requests and connections are those of the {figures.plan.uri_creates}. *At once* is the highest number of "
        "requests that the server had in work at the same time.",
        ("With", "Server time (ms)", "Task (s)", "Requests", "Connections", "At once"),
        rows,
    )


def _used(figures: Figures) -> Table:
    rows = []
    for case, runs in figures.runs.items():
        if case.metered:
            work = "create" if case.delay is not None else "idle" if case.count else "none"
            count = f"{case.count:,} {work}" if case.count else work
            parallel = str(case.parallel or "")
            cpu = _spread(runs, lambda run: run.cpu)
            rows.append([_WAYS[case.way], count, parallel, cpu, _spread(runs, lambda run: run.memory / MEBIBYTE, 1)])
    return Table(
        "Memory and CPU",
        "What the process of the module uses, as the operating system counts it: seconds of CPU, and the most memory "
        f"at a time. For creates, the server takes {max(figures.plan.delays) * 1000:.0f} ms each.",
        ("With", "Endpoints", "Parallel", "CPU (s)", "Memory (MiB)"),
        rows,
    )


def _stages(figures: Figures) -> Table:
    ways = {plays.PING: "ping", plays.URI: "uri", plays.SINGLE: plays.SINGLE, plays.BULK: plays.BULK}
    runs = [figures.stages[name] for name in ways.values()]

    def row(name: str, seconds: Iterable[float]) -> list[str]:
        return [name, *(f"{1000 * one:.1f}" for one in seconds)]

    rows = [row(stage, (median(run[stage] for run in of_way) for of_way in runs)) for stage in stages.STAGES]
    processes = [median(sum(run.values()) for run in of_way) for of_way in runs]
    tasks = [median(figures.one[way]) for way in ways]
    rows.append(row("the process of the module, from its start to its end", processes))
    between = (task - process for task, process in zip(tasks, processes, strict=True))
    rows.append(row("ansible-core around it: worker, templates, files, shell", between))
    rows.append(row("the task", tasks))
    return Table(
        "Where the time of a task goes",
        "Milliseconds of a further task with one idle endpoint. The stages are measured in the process itself, with "
        "the file that ansible-core sent for the module; each moment belongs to the innermost stage, so that "
        "the import of the collection's module_utils is without that of ``requests``. What a module sends "
        "along as source is compiled anew in each task, so most of an import is compiling. What ansible-core does "
        "around the process is the difference between the task and the process.",
        ("Stage", *ways.values()),
        rows,
    )


_WAYS = {
    plays.PING: "``ansible.builtin.ping``",
    plays.URI: "``uri`` GET",
    plays.URI_PUT: "``uri`` PUT",
    plays.PAIR: "``uri`` GET and PUT",
    plays.SINGLE: "``anthropic_endpoint``",
    plays.BULK: "``anthropic_endpoints``",
    plays.MANY: "``endpoints``, ten services",
    plays.ROLE: "role ``anthropic``",
}


def _spread(runs: Sequence[Measured], of: Callable[[Measured], float], digits: int = 2) -> str:
    values = [of(run) for run in runs]
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def _traffic(runs: Sequence[Run]) -> list[str]:
    return [f"{max(run.requests for run in runs):,}", f"{max(run.connections for run in runs):,}"]
