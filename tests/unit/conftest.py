# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator import Simulator
from tests.unit.rejections import Watch

#: The tests of whole runs, which send no request that a healthy server rejects.
RUNS = (
    "plugins/modules/",
    "plugins/module_utils/_reconcile/test_execution.py",
    "plugins/module_utils/_reconcile/test_preflight.py",
    "plugins/module_utils/_reconcile/test_reconciler.py",
    "plugins/module_utils/_reconcile/test_recreation.py",
)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home directory without files. One for all tests, since a directory for each takes longer than most tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, empty_home: Path) -> None:
    """No test depends on the variables, the proxy or the .netrc of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("ELASTICSEARCH_") or name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(empty_home))


@pytest.fixture(autouse=True)
def _nothing_is_rejected_on_purpose(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every request of a run is one that the server accepts, or one of those that the marker C(rejected) names."""
    path = request.path.relative_to(Path(__file__).parent).as_posix()
    if not path.startswith(RUNS):
        yield
        return
    marker = request.node.get_closest_marker("rejected")
    expected = marker.args if marker else ()
    with Watch().over_all_servers() as watch:
        yield
    assert [line for line in watch.rejected if not any(re.fullmatch(each, line) for each in expected)] == []


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator
