# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide "Rotating keys" says is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.guides import GUIDES, ROOT, blocks, reader
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


def test_a_walk_through_the_guide(tmp_path: Path) -> None:
    """One of the endpoints is there before, the other is not."""
    with Simulator() as server, reader(tmp_path, {}) as person:
        seed(server, IDS[0])
        person.run(f"export ELASTICSEARCH_URL={server.url}")
        for heading, key in (("The first run", OLD), ("A new key", NEW)):
            server.clear_log()
            person.typed = {"read -rs ANTHROPIC_API_KEY": key}
            person.follow(blocks("rotate_keys", heading))
            assert [server.endpoints[inference_id].secret for inference_id in IDS] == [key, key]
            assert len([line for line in server.requests if line.startswith("PUT /_inference/")]) == len(IDS)
            assert server.requests[-2:] == ["GET /_inference/_all", f"POST /{INDEX}/_mget"]
        person.run(
            "sed 's/when_changed/\"{{ send_key | default(\\x27on_create\\x27) }}\"/' endpoints.yml > memory.yml; "
            "mv memory.yml endpoints.yml"
        )
        server.clear_log()
        [once] = re.findall(r"^   (ansible-playbook .* -e send_key=always)$", GUIDE.read_text(), re.MULTILINE)
        assert "changed=1" in person.run(once)
        assert "changed=0" in person.run("ansible-playbook endpoints.yml")
        assert len([line for line in server.requests if "/_update?" in line]) == len(IDS)
    assert find_leaks(person.seen) == []


GUIDE = GUIDES / "rotate_keys.rst"


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
def test_what_each_version_does(version: str, options: dict[str, object], key: str, failed: bool) -> None:
    with Simulator(version=version) as server:
        seed(server)
        run = endpoint(server, **options)
        assert run.failed is failed, run.result
        assert server.endpoints[ID].secret == key


@pytest.mark.parametrize("options", [ALWAYS, WHEN_CHANGED])
@pytest.mark.parametrize("version", ["8.17", "9.3", "9.4", "9.6"])
def test_key_that_anthropic_rejects_leaves_the_old_one(version: str, options: dict[str, object]) -> None:
    with Simulator(version=version, refused_keys=[KEY]) as server:
        seed(server)
        assert endpoint(server, **options).failed
        assert server.endpoints[ID].secret == FORMER_KEY
        assert f"{ID}-ansible-preflight" not in server.endpoints


@pytest.mark.parametrize(("version", "preflight"), [("9.3", True), ("9.3", False), ("9.4", True)])
def test_temporary_endpoint_is_used_if_the_update_does_not_validate(version: str, preflight: bool) -> None:
    with Simulator(version=version) as server:
        seed(server)
        run = endpoint(server, **ALWAYS, preflight=preflight)
        assert run["action"] == "updated"
        assert server.endpoints[ID].secret == KEY
        assert f"{ID}-ansible-preflight" not in server.endpoints
        used = any("-ansible-preflight" in request for request in server.requests)
    assert used is (version == "9.3" and preflight)


def test_on_8_16_each_new_key_is_one_recreation() -> None:
    with Simulator(version="8.16") as server:
        seed(server)
        remembered = [endpoint(server, **{**WHEN_CHANGED, **RECREATE})["action"] for _run in range(3)]
        forgotten = [endpoint(server, **{**ALWAYS, **RECREATE})["action"] for _run in range(2)]
    assert remembered == ["recreated", "none", "none"]
    assert forgotten == ["recreated", "recreated"]


def test_what_others_do_is_not_seen_until_the_remedy() -> None:
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
def test_so_is_what_runs_without_records_do(other: str) -> None:
    """On 9.3 the key has to go along with a rate limit, so that on_create sends it, too."""
    with Simulator(version="9.3") as server:
        endpoint(server, **DOCUMENTED, update_secrets="when_changed")
        settings = {"api_key": FORMER_KEY, "model_id": MODEL, "rate_limit": {"requests_per_minute": 7}}
        endpoint(server, **{**DOCUMENTED, "service_settings": settings}, update_secrets=other)
        assert server.endpoints[ID].secret == FORMER_KEY
        assert endpoint(server, **DOCUMENTED, update_secrets="when_changed")["changed"] is False
        endpoint(server, **DOCUMENTED, update_secrets="always")
        assert server.endpoints[ID].secret == KEY


class TestRole:
    """The role of the guide is enough, and each part of it is needed."""

    role = json.loads((EXAMPLE / "role.json").read_text())

    def life(self, role: dict[str, Any]) -> list[Run]:
        """All that the guide does."""
        granted = [*role["cluster"], *(OnIndices(one["names"], one["privileges"]) for one in role["indices"])]
        login = {"elasticsearch_username": "ansible", "elasticsearch_password": "a password"}
        with Simulator(security=Security(users={"ansible": ("a password", granted)})) as server:
            former = {**DOCUMENTED["service_settings"], "api_key": FORMER_KEY}
            steps = ({"service_settings": former}, {}, {}, {"state": "absent"})
            declared = {**DOCUMENTED, **login, "update_secrets": "when_changed", "duplicate_model": "allow"}
            return [endpoint(server, **{**declared, **step}) for step in steps]

    def test_it_is_enough(self) -> None:
        runs = self.life(self.role)
        assert [run["action"] for run in runs] == ["created", "updated", "none", "deleted"]
        assert [run.warnings for run in runs] == [[]] * 4

    @pytest.mark.parametrize("privilege", role["cluster"])
    def test_so_is_no_less_of_the_cluster(self, privilege: str) -> None:
        runs = self.life({**self.role, "cluster": [name for name in self.role["cluster"] if name != privilege]})
        assert any(run.failed or run.warnings for run in runs)

    @pytest.mark.parametrize("privilege", role["indices"][0]["privileges"])
    def test_nor_of_the_index(self, privilege: str) -> None:
        [index] = self.role["indices"]
        less = {**index, "privileges": [name for name in index["privileges"] if name != privilege]}
        runs = self.life({**self.role, "indices": [less]})
        assert any(run.failed and f"index privilege {privilege} on {INDEX}" in run["msg"] for run in runs)

    def test_the_guide_shows_it(self) -> None:
        assert self.role in [json.loads(block.text) for block in blocks("rotate_keys") if block.language == "json"]


def play(servers: dict[str, Simulator], home: Path, key: str) -> Played:
    """Play the example with the inventory of many clusters; another says where they are, and has the vaults' part."""
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


class TestWaves:
    @pytest.fixture
    def servers(self) -> Any:
        """Three clusters; the first one's way to Anthropic does not take the new key."""
        granted = (*TestRole.role["cluster"], *(OnIndices(**one) for one in TestRole.role["indices"]))
        security = Security(api_keys={API_KEY: granted})
        with (
            Simulator(security=security, refused_keys=[NEW]) as search,
            Simulator(security=security) as support,
            Simulator(security=security) as archive,
        ):
            yield dict(zip(CLUSTERS, (search, support, archive), strict=True))

    def test_what_fails_ends_it_at_the_first_wave_and_a_good_key_reaches_all(
        self, servers: dict[str, Simulator], tmp_path: Path
    ) -> None:
        first = play(servers, tmp_path / "first", OLD)
        assert first.status == 0, first.printed
        assert [keys(server) for server in servers.values()] == [{OLD}] * 3

        # An endpoint that does not answer
        self.forget(servers)
        servers["search"].faults.add(Fault("provider_refusal", match="^POST /_inference/", times=9))
        silent = play(servers, tmp_path / "silent", OLD)
        servers["search"].faults.clear()
        assert silent.status == 2, silent.printed
        assert recap(silent).keys() == {"search"}
        assert servers["support"].requests == []

        # A key that is refused
        self.forget(servers)
        refused = play(servers, tmp_path / "refused", NEW)
        assert refused.status == 2
        assert recap(refused).keys() == {"search"}
        assert "invalid x-api-key" in refused.printed
        assert servers["support"].requests == servers["archive"].requests == []
        assert [keys(server) for server in servers.values()] == [{OLD}] * 3

        # The same key where it is taken
        good = {name: servers[name] for name in CLUSTERS[1:]}
        last = play({**good, "search": good["support"]}, tmp_path / "last", NEW)
        assert last.status == 0, last.printed
        assert recap(last)["archive"]["changed"] == 1
        assert [keys(server) for server in good.values()] == [{NEW}] * 2
        for played in (first, silent, refused, last):
            assert find_leaks(played.printed + played.written) == []

    @staticmethod
    def forget(servers: dict[str, Simulator]) -> None:
        for server in servers.values():
            server.clear_log()

    def test_the_guide_shows_the_play(self) -> None:
        shown = [yaml.safe_load(block.text) for block in blocks("rotate_keys") if block.language == "yaml"]
        assert yaml.safe_load((EXAMPLE / "playbook.yml").read_text()) in shown
