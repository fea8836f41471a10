# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain

import pytest

from tests.benchmark import plays, report, stages
from tests.benchmark.cases import ONE, Case, Figures, Plan
from tests.benchmark.runner import Run
from tests.benchmark.targets import RATIO, Target, targets
from tests.pages.readme import BENCHMARK


def made_up_run(case: Case) -> Run:
    """Return a run in which each request takes 10 ms, and `uri` takes 500 ms for each endpoint."""
    uri = case.way in (plays.URI, plays.URI_PUT, plays.PAIR)
    seconds = 0.5 * case.count if uri else 0.5 + case.requests * ((case.delay or 0.0) + 0.01) / (case.parallel or 1)
    return Run(
        play=seconds + 1,
        tasks=((case.way, seconds),),
        requests=case.requests,
        connections=case.parallel or 1,
        most_at_once=case.parallel or 1,
        cpu=0.4,
        memory=40 * 2**20,
    )


@pytest.fixture
def figures() -> Figures:
    plan = Plan()
    cases = chain(plan.idle(), plan.created(), plan.metered())
    return Figures(
        plan,
        runs={case: [made_up_run(case)] * case.rounds for case in cases},
        one={way: [0.5, 0.6, 0.7] for way in ONE},
        stages={name: [dict.fromkeys(stages.STAGES, 0.05)] for name in ("ping", "uri", plays.SINGLE, plays.BULK)},
        minutes=13,
    )


def headings(page: str) -> list[str]:
    return re.findall(r"^(.+)\n[-=]+$", page, re.MULTILINE)


def test_report_begins_with_three_findings(figures: Figures) -> None:
    assert [report.plain(finding) for finding in report.findings(figures)] == [
        "Checking one endpoint takes 0.60 s with anthropic_endpoint, and 0.60 s with uri (GET).",
        (
            "Checking 100 endpoints takes 0.51 s and one request with anthropic_endpoints. A loop of uri (GET) takes "
            "50.0 s, which is 98 times as long. The whole play takes 1.51 s, and 1.50 s with only ansible.builtin.ping."
        ),
        (
            "Creating 100 endpoints takes 3.2 s with parallel: 8, the default, if the server needs 200 ms for each. It "
            "takes 21.9 s with parallel: 1, and 50.0 s with a loop of uri (PUT)."
        ),
    ]


def test_report_page_has_findings_then_targets_then_details(figures: Figures) -> None:
    page = report.page(figures, list(targets(figures)))
    assert page.index("* **Checking one endpoint**") < page.index("Targets\n-------\n")
    assert headings(page)[:4] == ["Benchmarks", "Targets", "Method", "Idle runs"]


def test_benchmarks_page_has_the_sections_of_the_report(figures: Figures) -> None:
    page = report.page(figures, list(targets(figures)))
    assert headings(BENCHMARK.read_text(encoding="utf-8")) == headings(page)


def test_target_with_maximum_is_missed_above_the_limit() -> None:
    target = Target("1 idle endpoint", "Task vs. task", 0.995, 1, RATIO)
    assert (target.condition, target.measured, target.met) == (f"≤ 1{RATIO}", f"0.995{RATIO}", True)
    assert not replace(target, figure=1.01).met


def test_target_with_minimum_is_missed_below_the_limit() -> None:
    target = Target("100 idle endpoints", "Loop vs. task", 69.6, 40, RATIO, at_least=True)
    assert (target.condition, target.measured, target.met) == (f"≥ 40{RATIO}", f"69.6{RATIO}", True)
    assert not replace(target, figure=39.9).met
