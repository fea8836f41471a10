# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.esops.inference.plugins.module_utils._fingerprints import records
from tests.simulator import Simulator
from tests.unit.rejections import Watch

#: Tests of complete runs, which never send a request that a healthy server rejects.
RUNS = (
    "plugins/modules/",
    "plugins/module_utils/_reconcile/test_execution.py",
    "plugins/module_utils/_reconcile/test_preflight.py",
    "plugins/module_utils/_reconcile/test_reconciler.py",
    "plugins/module_utils/_reconcile/test_recreation.py",
)


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create an empty home directory. All tests share it, because creating one takes longer than most tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, empty_home: Path) -> None:
    """Isolate tests from environment variables, proxies, and .netrc of the user."""
    for name in list(os.environ):
        if name.startswith("ELASTICSEARCH_") or name.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(empty_home))


@pytest.fixture(autouse=True)
def _fast_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the lowest accepted cost for the hashes of fingerprints."""
    monkeypatch.setitem(records.COST, "n", 2)


@pytest.fixture(autouse=True)
def _nothing_is_rejected_on_purpose(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail if a server rejects a request that does not match the marker C(rejected)."""
    path = request.path.relative_to(Path(__file__).parent).as_posix()
    if not path.startswith(RUNS):
        yield
        return
    marker = request.node.get_closest_marker("rejected")
    expected = marker.args if marker else ()
    with Watch().watch_all_servers() as watch:
        yield
    assert [line for line in watch.rejected if not any(re.fullmatch(each, line) for each in expected)] == []


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator
