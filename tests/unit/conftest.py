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

#: Tests of whole runs, which must not send requests that a healthy server rejects.
RUNS = (
    "plugins/modules/",
    "plugins/module_utils/_reconcile/test_execution.py",
    "plugins/module_utils/_reconcile/test_preflight.py",
    "plugins/module_utils/_reconcile/test_reconciler.py",
    "plugins/module_utils/_reconcile/test_recreation.py",
)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty home directory. All tests share it, since creating one takes longer than most tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _isolate_from_user_environment(monkeypatch: pytest.MonkeyPatch, empty_home: Path) -> None:
    """Isolate tests from environment variables, proxies, and .netrc of the user."""
    for name in list(os.environ):
        if name.startswith("ELASTICSEARCH_") or name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(empty_home))


@pytest.fixture(autouse=True)
def _verify_no_rejected_requests(request: pytest.FixtureRequest) -> Iterator[None]:
    """Verify that the server rejects no request of a run, except those of the marker C(rejected)."""
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
