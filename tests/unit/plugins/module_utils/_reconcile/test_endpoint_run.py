# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of one endpoint during one run."""

from __future__ import annotations

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._reconcile.endpoint_run import EndpointRun
from ansible_collections.esops.inference.plugins.module_utils._reconcile.history import UNKNOWN
from ansible_collections.esops.inference.plugins.module_utils._reconcile.plan import Plan
from tests.unit.reconciling import EXISTING, TOKENS, MemoryApi, cluster_of, failed, lost, wanted, with_task_settings

FIVE = with_task_settings(EXISTING, max_tokens=5)
UPDATE = Plan("updated", EXISTING, FIVE, (TOKENS,))


def run_of(api: MemoryApi) -> EndpointRun:
    return EndpointRun(cluster_of(api), wanted("a", settings={TOKENS: 5}), EXISTING)


def test_new_run_sends_no_request() -> None:
    api = MemoryApi(EXISTING)
    run = run_of(api)
    assert (run.history.found, run.history.writes, run.service.name) == (EXISTING, [], "anthropic")
    assert api.calls == []


class TestReadAfter:
    @pytest.mark.parametrize("endpoint", [FIVE, None])
    def test_endpoint_is_read_after_a_failed_request(self, endpoint: Endpoint | None) -> None:
        run = run_of(MemoryApi(*([endpoint] if endpoint else [])))
        assert run.read_after(lost(), UPDATE) == endpoint
        assert run.history.writes == []

    def test_read_that_fails_raises_the_first_error_with_both_problems(self) -> None:
        api = MemoryApi(FIVE)
        api.failures["get a"] = [failed("GET", "/_inference/a")]
        run, error = run_of(api), lost()
        with pytest.raises(ClientError) as raised:
            run.read_after(error, UPDATE)
        assert (raised.value.method, raised.value.path) == (error.method, error.path)
        assert raised.value.problem == (
            "The connection was lost. The current state of the endpoint could not be read: It failed."
        )
        [write] = run.history.writes
        assert (write.action, write.verdict, write.is_read, write.error) == ("updated", UNKNOWN, False, error)


@pytest.mark.parametrize(("endpoint", "paths"), [(FIVE, ()), (EXISTING, (TOKENS,))])
def test_differences_are_those_from_the_declaration(endpoint: Endpoint, paths: tuple[str, ...]) -> None:
    run = run_of(MemoryApi())
    assert run.find_differences(endpoint) == paths
    assert run.is_in_sync(endpoint) is (not paths)


def test_endpoint_that_does_not_exist_is_not_in_sync() -> None:
    assert run_of(MemoryApi()).is_in_sync(None) is False
