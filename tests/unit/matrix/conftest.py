# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.retries import RetryBudget
from tests.unit.matrix.operations import OPERATIONS, VERSIONS

Count = Callable[[str], None]

_COUNTED: Counter[str] = Counter()


@pytest.fixture
def count() -> Count:
    """Return a function that counts runs for the summary at the end of the tests."""

    def add(what: str) -> None:
        _COUNTED[what] += 1

    return add


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the pauses between the attempts of a request."""
    monkeypatch.setattr(RetryBudget, "consume", lambda _self, _seconds: 0.0)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _COUNTED:
        terminalreporter.section("matrices")
        terminalreporter.line(
            f"{len(OPERATIONS)} operations ({', '.join(map(str, OPERATIONS))}) on {len(VERSIONS)} versions "
            f"({', '.join(VERSIONS)}), a fault at every request:"
        )
        for what, number in sorted(_COUNTED.items()):
            terminalreporter.line(f"{number:6} {what}")
