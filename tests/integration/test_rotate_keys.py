# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follow the guide "Rotate API keys", and verify its statements and those of "API key fingerprints"."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.guides import ROOT, blocks, follow_excerpts, reader
from tests.integration.harness import SECRETS, Played, find_leaks, recap, run_playbook
from tests.simulator import Fault, OnIndices, Security, Simulator
from tests.unit.support import DOCUMENTED, FORMER_KEY, ID, KEY, MODEL, Run, endpoint, seed

IDS = ("support-answers", "support-letters")
INDEX = "ansible-inference-fingerprints"
RATE_LIMIT = {"service_settings": {"rate_limit": {"requests_per_minute": 7}}}
ALWAYS = {"service_settings": {"api_key": KEY}, "update_secrets": "always"}
WHEN_CHANGED = {**ALWAYS, "update_secrets": "when_changed"}
RECREATE = {"service_settings": {"api_key": KEY, "model_id": MODEL}, "allow_recreate": True}

EXAMPLE = ROOT / "docs/examples/rotate_keys"
CLUSTERS = ("search", "support", "archive")
OLD, NEW = SECRETS["secret_anthropic_key"], SECRETS["secret_anthropic_key_rotated"]


def test_guide_rotates_key_of_new_and_existing_endpoint(tmp_path: Path) -> None:
    with Simulator() as server, reader(tmp_path, {}) as person:
        seed(server, IDS[0])
        person.run(f"export ELASTICSEARCH_URL={server.url}")
        for heading, key in (("Set up the playbook", OLD), ("Rotate the key", NEW)):
            server.clear_log()
            person.typed = {"read -rs ANTHROPIC_API_KEY": key}
            follow_excerpts(person, blocks("rotate_keys", heading))
            assert [server.endpoints[inference_id].secret for inference_id in IDS] == [key, key]
            assert len([line for line in server.requests if line.startswith("PUT /_inference/")]) == len(IDS)
            assert server.requests[-2:] == ["GET /_inference/_all", f"POST /{INDEX}/_mget"]

        option, command = (block.text.strip() for block in blocks("rotate_keys", "Rotate keys without fingerprints"))
        playbook = person.folder / "endpoints.yml"
        playbook.write_text(playbook.read_text().replace("update_secrets: when_changed", option))
        server.clear_log()
        assert "changed=1" in person.run(command)
        assert "changed=0" in person.run("ansible-playbook endpoints.yml")
        assert len([line for line in server.requests if "/_update?" in line]) == len(IDS)
    assert find_leaks(person.seen) == []


@pytest.mark.parametrize(
    ("version", "options", "key", "failed"),
    [
        ("9.6", ALWAYS, KEY, False),
        ("9.5", RATE_LIMIT, FORMER_KEY, False),
        ("9.4", ALWAYS, KEY, False),
        ("9.4", RATE_LIMIT, FORMER_KEY, True),
        ("9.4", {"service_settings": {"api_key": KEY, **RATE_LIMIT["service_settings"]}}, KEY, False),
        ("9.3", ALWAYS, KEY, False),
        ("8.17", ALWAYS, KEY, False),
        ("8.16", ALWAYS, FORMER_KEY, True),
        ("8.16", {**ALWAYS, **RECREATE}, KEY, False),
        ("9.6", WHEN_CHANGED, KEY, False),
        ("8.17", WHEN_CHANGED, KEY, False),
        ("8.16", WHEN_CHANGED, FORMER_KEY, True),
        ("8.16", {**WHEN_CHANGED, **RECREATE}, KEY, False),
    ],
)
def test_version_decides_how_the_key_is_replaced(
    version: str, options: dict[str, object], key: str, failed: bool
) -> None:
    with Simulator(version=version) as server:
        seed(server)
        run = endpoint(server, **options)
        assert run.failed is failed, run.result
        assert server.endpoints[ID].secret == key


@pytest.mark.parametrize("options", [ALWAYS, WHEN_CHANGED])
@pytest.mark.parametrize("version", ["8.17", "9.3", "9.4", "9.6"])
def test_endpoint_keeps_old_key_if_anthropic_rejects_the_new_one(version: str, options: dict[str, object]) -> None:
    with Simulator(version=version, refused_keys=[KEY]) as server:
        seed(server)
        assert endpoint(server, **options).failed
        assert server.endpoints[ID].secret == FORMER_KEY
        assert f"{ID}-ansible-preflight" not in server.endpoints


@pytest.mark.parametrize(("version", "preflight"), [("9.3", True), ("9.3", False), ("9.4", True)])
def test_preflight_check_runs_only_if_the_update_does_not_validate_keys(version: str, preflight: bool) -> None:
    with Simulator(version=version) as server:
        seed(server)
        run = endpoint(server, **ALWAYS, preflight=preflight)
        assert run["action"] == "updated"
        assert server.endpoints[ID].secret == KEY
        assert f"{ID}-ansible-preflight" not in server.endpoints
        used = any("-ansible-preflight" in request for request in server.requests)
    assert used is (version == "9.3" and preflight)


def test_8_16_recreates_endpoint_once_with_when_changed_and_always_with_always() -> None:
    with Simulator(version="8.16") as server:
        seed(server)
        when_changed = [endpoint(server, **{**WHEN_CHANGED, **RECREATE})["action"] for _run in range(3)]
        always = [endpoint(server, **{**ALWAYS, **RECREATE})["action"] for _run in range(2)]
    assert when_changed == ["recreated", "none", "none"]
    assert always == ["recreated", "recreated"]


def test_key_replaced_by_another_tool_is_fixed_with_always() -> None:
    with Simulator() as server:
        endpoint(server, **DOCUMENTED, update_secrets="when_changed")
        server.remove(ID)
        seed(server)
        assert server.endpoints[ID].secret == FORMER_KEY
        assert endpoint(server, **DOCUMENTED, update_secrets="when_changed")["changed"] is False
        assert endpoint(server, **DOCUMENTED, update_secrets="always")["changed"] is True
        assert server.endpoints[ID].secret == KEY
        assert endpoint(server, **DOCUMENTED, update_secrets="when_changed")["changed"] is False


@pytest.mark.parametrize("other", ["always", "on_create"])
def test_key_sent_by_run_without_fingerprints_is_fixed_with_always(other: str) -> None:
    """Change the rate limit on 9.3, so that on_create also sends the key."""
    with Simulator(version="9.3") as server:
        endpoint(server, **DOCUMENTED, update_secrets="when_changed")
        settings = {"api_key": FORMER_KEY, "model_id": MODEL, "rate_limit": {"requests_per_minute": 7}}
        endpoint(server, **{**DOCUMENTED, "service_settings": settings}, update_secrets=other)
        assert server.endpoints[ID].secret == FORMER_KEY
        assert endpoint(server, **DOCUMENTED, update_secrets="when_changed")["changed"] is False
        endpoint(server, **DOCUMENTED, update_secrets="always")
        assert server.endpoints[ID].secret == KEY


class TestRole:
    """The Elasticsearch role of the example: sufficient and minimal."""

    role = json.loads((EXAMPLE / "role.json").read_text())

    def runs(self, role: dict[str, Any]) -> list[Run]:
        """Create an endpoint, rotate its key, change nothing, and delete it, with the privileges of the role."""
        granted = [*role["cluster"], *(OnIndices(one["names"], one["privileges"]) for one in role["indices"])]
        login = {"elasticsearch_username": "ansible", "elasticsearch_password": "a password"}
        with Simulator(security=Security(users={"ansible": ("a password", granted)})) as server:
            former = {**DOCUMENTED["service_settings"], "api_key": FORMER_KEY}
            steps = ({"service_settings": former}, {}, {}, {"state": "absent"})
            declared = {**DOCUMENTED, **login, "update_secrets": "when_changed", "duplicate_model": "allow"}
            return [endpoint(server, **{**declared, **step}) for step in steps]

    def test_role_is_sufficient(self) -> None:
        runs = self.runs(self.role)
        assert [run["action"] for run in runs] == ["created", "updated", "none", "deleted"]
        assert [run.warnings for run in runs] == [[]] * 4

    @pytest.mark.parametrize("privilege", role["cluster"])
    def test_each_cluster_privilege_is_required(self, privilege: str) -> None:
        runs = self.runs({**self.role, "cluster": [name for name in self.role["cluster"] if name != privilege]})
        assert any(run.failed or run.warnings for run in runs)

    @pytest.mark.parametrize("privilege", role["indices"][0]["privileges"])
    def test_each_index_privilege_is_required(self, privilege: str) -> None:
        [index] = self.role["indices"]
        less = {**index, "privileges": [name for name in index["privileges"] if name != privilege]}
        runs = self.runs({**self.role, "indices": [less]})
        assert any(run.failed and f"index privilege {privilege} on {INDEX}" in run["msg"] for run in runs)


def play(servers: dict[str, Simulator], home: Path, key: str) -> Played:
    """Run the example with the inventory of many clusters, and a second one with the addresses and the secrets."""
    home.mkdir()
    hosts = {name: {"anthropic_elasticsearch_url": server.url} for name, server in servers.items()}
    secrets = {"vault_elasticsearch_api_key": API_KEY, "vault_anthropic_api_key": key}
    inventory = home.with_suffix(".yml")
    inventory.write_text(yaml.safe_dump({"elasticsearch_clusters": {"hosts": hosts, "vars": secrets}}))
    clusters = ROOT / "docs/examples/many_clusters/inventory.yml"
    return run_playbook(["-i", clusters, "-i", inventory, EXAMPLE / "playbook.yml"], home)


API_KEY = f"rotating-keys:{SECRETS['secret_api_key']}"


def keys(server: Simulator) -> set[str | None]:
    return {endpoint.secret for endpoint in server.endpoints.values() if endpoint.service == "anthropic"}


class TestBatches:
    @pytest.fixture
    def servers(self) -> Any:
        """Start three clusters. For the first one, Anthropic rejects the new key."""
        granted = (*TestRole.role["cluster"], *(OnIndices(**one) for one in TestRole.role["indices"]))
        security = Security(api_keys={API_KEY: granted})
        with (
            Simulator(security=security, refused_keys=[NEW]) as search,
            Simulator(security=security) as support,
            Simulator(security=security) as archive,
        ):
            yield dict(zip(CLUSTERS, (search, support, archive), strict=True))

    def test_play_ends_after_failed_batch_and_valid_key_reaches_all_clusters(
        self, servers: dict[str, Simulator], tmp_path: Path
    ) -> None:
        first = play(servers, tmp_path / "first", OLD)
        assert first.status == 0, first.printed
        assert [keys(server) for server in servers.values()] == [{OLD}] * 3

        # An endpoint of the first batch does not respond
        self.clear_logs(servers)
        servers["search"].faults.add(Fault("provider_refusal", match="^POST /_inference/", times=9))
        silent = play(servers, tmp_path / "silent", OLD)
        servers["search"].faults.clear()
        assert silent.status == 2, silent.printed
        assert recap(silent).keys() == {"search"}
        assert servers["support"].requests == []

        # Anthropic rejects the new key
        self.clear_logs(servers)
        rejected = play(servers, tmp_path / "rejected", NEW)
        assert rejected.status == 2
        assert recap(rejected).keys() == {"search"}
        assert "invalid x-api-key" in rejected.printed
        assert servers["support"].requests == servers["archive"].requests == []
        assert [keys(server) for server in servers.values()] == [{OLD}] * 3

        # Anthropic accepts the new key from the other clusters
        good = {name: servers[name] for name in CLUSTERS[1:]}
        last = play({**good, "search": good["support"]}, tmp_path / "last", NEW)
        assert last.status == 0, last.printed
        assert recap(last)["archive"]["changed"] == 1
        assert [keys(server) for server in good.values()] == [{NEW}] * 2
        for played in (first, silent, rejected, last):
            assert find_leaks(played.printed + played.written) == []

    @staticmethod
    def clear_logs(servers: dict[str, Simulator]) -> None:
        for server in servers.values():
            server.clear_log()

    def test_guide_shows_the_file_of_the_play(self) -> None:
        shown = [yaml.safe_load(block.text) for block in blocks("rotate_keys") if block.language == "yaml"]
        assert yaml.safe_load((EXAMPLE / "playbook.yml").read_text()) in shown
