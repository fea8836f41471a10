# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for the filters drift_report and drift_table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.esops.inference.plugins.filter import drift
from ansible_collections.esops.inference.plugins.filter.drift import FilterModule, drift_report, drift_table
from tests.artifact import ROOT
from tests.simulator import Simulator
from tests.unit.support import KEY, MODEL, endpoints, seed

MADE = "2026-11-22T06:00:00Z"
DOWN = {"changed": False, "failed": True, "msg": "https://es.example.com:9200 cannot be reached."}
NOTHING = {"as_declared": 0, "created": 0, "updated": 0, "recreated": 0, "deleted": 0, "failed": 0}


def compared(server: Simulator, *declared: dict[str, Any], **options: Any) -> dict[str, Any]:
    """Run the module in check mode, with the options of the playbook, and return its result."""
    common = {
        "defaults": {"service_settings": {"api_key": KEY, "model_id": MODEL}, "task_settings": {"max_tokens": 1024}},
        "duplicate_model": "allow",
        "return_unchanged": True,
    }
    return endpoints(server, endpoints=list(declared), check=True, diff=True, **{**common, **options}).result


def only(report: dict[str, Any]) -> dict[str, Any]:
    """Return the only endpoint of the only cluster."""
    [cluster] = report["clusters"]
    [endpoint] = cluster["endpoints"]
    assert report["counts"] == {"clusters": 1, "clusters_not_compared": 0, **NOTHING, endpoint["state"]: 1}
    assert report["drift"] is cluster["drift"] is (endpoint["state"] != "as_declared")
    return dict(endpoint)


def one(server: Simulator, **options: Any) -> dict[str, Any]:
    return only(drift_report({"search": compared(server, {"inference_id": "a"}, **options)}, MADE))


class TestStates:
    def test_endpoint_in_sync_has_no_changes(self, server: Simulator) -> None:
        seed(server, "a")
        found = one(server)
        assert (found["state"], found["msg"], found["changes"]) == ("as_declared", None, [])
        assert found["endpoint"]["service_settings"]["model_id"] == MODEL

    def test_endpoint_to_create_shows_declared_settings_without_the_key(self, server: Simulator) -> None:
        found = one(server)
        assert found["state"] == "created"
        assert found["changes"] == [
            {"setting": "service_settings.api_key", "before": None, "after": None},
            {"setting": "service_settings.model_id", "before": None, "after": MODEL},
            {"setting": "task_settings.max_tokens", "before": None, "after": 1024},
        ]

    def test_endpoint_to_update_shows_both_values(self, server: Simulator) -> None:
        seed(server, "a", max_tokens=7)
        found = one(server)
        assert found["state"] == "updated"
        assert found["changes"] == [{"setting": "task_settings.max_tokens", "before": 7, "after": 1024}]
        assert found["endpoint"]["task_settings"] == {"max_tokens": 1024}

    def test_removed_setting_has_no_value_after(self, server: Simulator) -> None:
        seed(server, "a", temperature=0.5)
        found = one(server, unmanaged_settings="remove")
        assert found["changes"] == [{"setting": "task_settings.temperature", "before": 0.5, "after": None}]

    def test_key_to_send_is_a_change_without_values(self, server: Simulator) -> None:
        seed(server, "a")
        found = one(server, update_secrets="always")
        assert found["state"] == "updated"
        assert found["changes"] == [
            {"setting": "service_settings.api_key", "before": "(hidden)", "after": "(hidden, sent)"}
        ]

    def test_endpoint_to_recreate_shows_both_values(self, server: Simulator) -> None:
        server.seed("a", service_settings={"model_id": "former"}, task_settings={"max_tokens": 1024})
        found = one(server, allow_recreate=True)
        assert found["state"] == "recreated"
        assert found["changes"] == [{"setting": "service_settings.model_id", "before": "former", "after": MODEL}]

    def test_endpoint_to_delete_shows_all_settings(self, server: Simulator) -> None:
        seed(server, "a")
        found = only(drift_report({"search": compared(server, {"inference_id": "a", "state": "absent"})}, MADE))
        assert (found["state"], found["endpoint"]) == ("deleted", None)
        assert found["changes"] == [
            {"setting": "task_type", "before": "completion", "after": None},
            {"setting": "service_settings.model_id", "before": MODEL, "after": None},
            {"setting": "service_settings.rate_limit.requests_per_minute", "before": 50, "after": None},
            {"setting": "task_settings.max_tokens", "before": 1024, "after": None},
        ]

    def test_failed_endpoint_has_a_message(self, server: Simulator) -> None:
        server.seed("a", service="openai", service_settings={"model_id": "gpt"})
        found = one(server)
        assert found["state"] == "failed"
        assert found["msg"].startswith("Inference endpoint a belongs to the service openai")

    def test_failed_endpoint_shows_its_changes(self) -> None:
        """9.3 can update task settings in place, but not the rate limit."""
        with Simulator(version="9.3.0") as server:
            seed(server, "a", max_tokens=7)
            body = {"service_settings": {"rate_limit": {"requests_per_minute": 9}}}
            report = drift_report({"search": compared(server, {"inference_id": "a", **body})}, MADE)
        found = only(report)
        assert found["state"] == "failed"
        assert "cannot update it in place" in found["msg"]
        assert {"setting": "task_settings.max_tokens", "before": 7, "after": 1024} in found["changes"]

    def test_diffs_are_assigned_to_their_endpoints(self, server: Simulator) -> None:
        """Only some endpoints have a diff, and the report has another order than the module."""
        for name, tokens in (("d", 4), ("c", 1024), ("b", 2), ("a", 1)):
            seed(server, name, max_tokens=tokens)
        report = drift_report({"search": compared(server, *({"inference_id": name} for name in "dcba"))}, MADE)
        found = {
            endpoint["inference_id"]: [change["before"] for change in endpoint["changes"]]
            for endpoint in report["clusters"][0]["endpoints"]
        }
        assert list(found.items()) == [("a", [1]), ("b", [2]), ("c", []), ("d", [4])]

    def test_report_without_diffs_has_no_values(self, server: Simulator) -> None:
        seed(server, "a", max_tokens=7)
        seed(server, "b")
        result = compared(server, {"inference_id": "a"}, {"inference_id": "b"}, return_unchanged=False)
        del result["diff"]
        a, b = drift_report({"search": result}, MADE)["clusters"][0]["endpoints"]
        assert a["changes"] == [{"setting": "task_settings.max_tokens", "before": None, "after": None}]
        assert b["endpoint"] is None


class TestServices:
    """Tests for reports with endpoints of several services."""

    @staticmethod
    def mixed(server: Simulator) -> dict[str, Any]:
        """Return a report with an endpoint to create, one to update, one to delete, and an unreadable one."""
        seed(server, "answers", max_tokens=7)
        server.seed("rerank", service="cohere", service_settings={"model_id": "rerank-v3.5"})
        declared = [{"inference_id": "answers"}, {"inference_id": "letters"}, {"inference_id": "rerank"}]
        result = compared(server, *declared)
        result["results"].append(
            {"inference_id": "unknown", "action": "none", "changed": False, "failed": True, "msg": "?"}
        )
        removed = {"service": "jinaai", "service_settings": {"model_id": "jina-v3"}}
        result["results"].append({"inference_id": "unlisted", "action": "deleted", "changed": True, "endpoint": None})
        result["diff"].append({"before": removed, "after": {}})
        result["summary"].update(deleted=1, failed=2)
        return drift_report({"search": result}, MADE)

    def test_service_is_stored_or_declared_and_null_if_unknown(self, server: Simulator) -> None:
        [cluster] = self.mixed(server)["clusters"]
        assert {endpoint["inference_id"]: endpoint["service"] for endpoint in cluster["endpoints"]} == {
            "answers": "anthropic",
            "letters": "anthropic",
            "rerank": "cohere",
            "unknown": None,
            "unlisted": "jinaai",
        }

    def test_table_shows_the_services_if_there_are_several(self, server: Simulator) -> None:
        lines = "\n".join(drift_table(self.mixed(server)))
        for shown in ("answers (anthropic)", "letters (anthropic)", "rerank (cohere)", "unlisted (jinaai)"):
            assert shown in lines
        assert "unknown (" not in lines

    def test_table_shows_no_service_if_all_endpoints_have_the_same(self, server: Simulator) -> None:
        seed(server, "a", max_tokens=7)
        lines = drift_table(
            drift_report({"search": compared(server, {"inference_id": "a"}, {"inference_id": "b"})}, MADE)
        )
        assert "anthropic" not in "\n".join(lines)


class TestClusters:
    def test_clusters_are_sorted_and_counted(self, server: Simulator) -> None:
        up = compared(server, {"inference_id": "a"})
        report = drift_report({"c": DOWN, "b": up, "a": {**DOWN, "unreachable": True}}, MADE)
        found = [(cluster["name"], cluster["state"], cluster["drift"]) for cluster in report["clusters"]]
        assert found == [("a", "unreachable", True), ("b", "compared", True), ("c", "failed", True)]
        assert report["counts"] == {"clusters": 3, "clusters_not_compared": 2, **NOTHING, "created": 1}
        assert [cluster["msg"] for cluster in report["clusters"]] == [DOWN["msg"], None, DOWN["msg"]]

    def test_cluster_that_cannot_be_compared_is_drift(self) -> None:
        assert drift_report({"a": DOWN}, MADE)["drift"] is True

    def test_cluster_without_endpoints_is_in_sync(self, server: Simulator) -> None:
        report = drift_report({"a": compared(server)}, MADE)
        assert (report["drift"], report["clusters"][0]["endpoints"]) == (False, [])

    def test_warnings_of_a_cluster_are_kept(self, server: Simulator) -> None:
        result = {**compared(server), "warnings": ["Assuming the latest version."]}
        assert drift_report({"a": result}, MADE)["clusters"][0]["warnings"] == ["Assuming the latest version."]

    def test_report_has_time_and_versions(self) -> None:
        report = drift_report({}, MADE)
        galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
        assert (report["version"], report["made"]) == (1, MADE)
        assert report["made_with"]["collection"] == galaxy["version"]

    def test_installed_collection_returns_its_version(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "MANIFEST.json").write_text(json.dumps({"collection_info": {"version": "7.8.9"}}))
        monkeypatch.setattr(drift, "__file__", str(tmp_path / "plugins/filter/drift.py"))
        assert drift_report({}, MADE)["made_with"]["collection"] == "7.8.9"


class TestTable:
    def test_table_shows_differences_and_counts_the_rest(self, server: Simulator) -> None:
        seed(server, "changed", max_tokens=7, temperature=0.5)
        seed(server, "gone")
        seed(server, "same")
        result = compared(
            server,
            {"inference_id": "changed"},
            {"inference_id": "gone", "state": "absent"},
            {"inference_id": "new"},
            {"inference_id": "same"},
            unmanaged_settings="remove",
        )
        assert drift_table(drift_report({"search": result, "archive": DOWN, "empty": compared(server)}, MADE)) == [
            "Cluster  Endpoint     State         Difference",
            "-------  -----------  ------------  -------------------------------------------",
            "archive               failed        https://es.example.com:9200 cannot be",
            "                                    reached.",
            "empty    0 endpoints  in sync",
            "search   1 endpoint   in sync",
            "search   changed      would update  task_settings.max_tokens: 7 -> 1024",
            "                                    task_settings.temperature: 0.5 -> (none)",
            "search   gone         would delete  exists",
            "search   new          would create  does not exist",
            "",
            "3 clusters (1 not compared), 4 endpoints. In sync: 1, would create: 1, would",
            "update: 1, would delete: 1",
        ]

    def test_table_shows_the_message_of_a_failed_endpoint_first(self, server: Simulator) -> None:
        report = drift_report({"a": compared(server, {"inference_id": "x"})}, MADE)
        report["clusters"][0]["endpoints"][0].update(
            state="failed", msg="Refused.", changes=[{"setting": "task_type", "before": "a", "after": "b"}]
        )
        assert drift_table(report)[-4:-2] == [
            "a        x         failed  Refused.",
            "                           task_type: a -> b",
        ]

    @pytest.mark.parametrize("width", [60, 79, 120])
    def test_table_lines_fit_the_width_without_losing_text(self, width: int) -> None:
        name, inference_id, msg = "c" * 50 + ".example.com", "translations-legal-" * 6 + "x" * 40, f"{'m' * 200} \n y/z"
        endpoint = {"inference_id": inference_id, "state": "failed", "msg": msg, "changes": [], "endpoint": None}
        report = drift_report({name: DOWN}, MADE)
        report["clusters"][0].update(endpoints=[endpoint])
        lines = drift_table(report, width)
        assert max(map(len, lines)) <= width
        shown = "".join("".join(lines).split())
        for letter in "cmx":
            assert shown.count(letter) >= "".join((name, inference_id, msg)).count(letter)

    def test_empty_report_has_an_empty_table(self) -> None:
        assert drift_table(drift_report({}, MADE))[-1] == "0 clusters, 0 endpoints."


def test_filters_have_documentation() -> None:
    for name in FilterModule().filters():
        documented = yaml.safe_load((ROOT / f"plugins/filter/{name}.yml").read_text())
        assert documented["DOCUMENTATION"]["name"] == name
