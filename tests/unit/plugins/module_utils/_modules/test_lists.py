# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the results of lists of endpoints."""

from __future__ import annotations

from tests.simulator import Simulator
from tests.unit.support import endpoints, seed


def test_list_has_a_result_for_each_endpoint_and_a_summary(server: Simulator) -> None:
    seed(server, "kept")
    seed(server, "changed")
    server.seed("foreign", service="openai")
    run = endpoints(
        server,
        diff=True,
        endpoints=[
            {"inference_id": "kept", "task_settings": {"max_tokens": 1024}},
            {"inference_id": "changed", "task_settings": {"max_tokens": 7}},
            {"inference_id": "foreign"},
            {"inference_id": "gone", "state": "absent"},
        ],
    )
    assert [(each["inference_id"], each["action"], each["changed"]) for each in run["results"]] == [
        ("kept", "none", False),
        ("changed", "updated", True),
        ("foreign", "none", False),
        ("gone", "none", False),
    ]
    assert run["summary"] == {
        "created": 0,
        "updated": 1,
        "recreated": 0,
        "deleted": 0,
        "unchanged": 2,
        "failed": 1,
    }
    assert run["changed"] is True
    assert run["msg"].startswith("1 of 4 endpoints failed. foreign: Inference endpoint foreign belongs to the service")
    assert run["results"][2]["msg"] in run["msg"]
    assert run["results"][2]["failure"]["status"] is None
    assert [diff["before_header"] for diff in run["diff"]] == ["inference endpoint changed"]
    assert all("diff" not in each for each in run["results"])


def test_list_without_a_change_has_neither_diff_nor_message(server: Simulator) -> None:
    seed(server, "kept")
    run = endpoints(server, diff=True, endpoints=[{"inference_id": "kept"}])
    assert run["changed"] is False
    assert "diff" not in run
    assert "msg" not in run
    assert server.requests == ["GET /_inference/_all"]
