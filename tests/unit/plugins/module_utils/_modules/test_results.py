# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import Refused
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Endpoint
from ansible_collections.esops.inference.plugins.module_utils._modules.results import endpoint_result
from ansible_collections.esops.inference.plugins.module_utils._reconcile.outcome import Outcome

ENDPOINT = Endpoint("a", "completion", "anthropic", {"service_settings.model_id": "m"})
CREATED = Outcome("a", "created", True, None, ENDPOINT, ("service_settings.model_id",))


def test_result_of_a_change_has_a_diff_only_in_diff_mode() -> None:
    assert endpoint_result(CREATED, diff_mode=False) == {
        "changed": True,
        "action": "created",
        "endpoint": ENDPOINT.as_dict(),
        "changes": ["service_settings.model_id"],
    }
    assert endpoint_result(CREATED, diff_mode=True)["diff"]["before"] == {}
    assert "diff" not in endpoint_result(Outcome("a"), diff_mode=True)


def test_result_of_an_endpoint_that_does_not_exist_is_null() -> None:
    assert endpoint_result(Outcome("a"), diff_mode=False)["endpoint"] is None


def test_error_returns_a_failure_with_the_changes() -> None:
    result = endpoint_result(Outcome("a", "created", True, error=Refused("No.", 404)), diff_mode=False)
    assert (result["failed"], result["msg"], result["changed"]) == (True, "No.", True)
    assert result["failure"]["status"] == 404
