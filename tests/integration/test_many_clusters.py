# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the example of the guide "Manage many clusters" with three simulators, one of which is down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.integration.harness import SECRETS, Played, find_leaks, recap, run_playbook
from tests.simulator import Security, Simulator

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/many_clusters"
GUIDE = ROOT / "docs/docsite/rst/many_clusters.rst"

API_KEY = f"many-clusters:{SECRETS['secret_api_key']}"
ANSWERS = {"task_settings": {"max_tokens": 1024}}
QUESTIONS = {"task_settings": {"max_tokens": 256}}


def simulator() -> Simulator:
    return Simulator(security=Security(api_keys={API_KEY: ("all",)}))


def play(urls: Mapping[str, str], home: Path, *arguments: str) -> Played:
    """Run the example, with a second inventory for the addresses and the secrets."""
    home.mkdir()
    hosts = {name: {"anthropic_elasticsearch_url": url} for name, url in urls.items()}
    secrets = {
        "vault_elasticsearch_api_key": API_KEY,
        "vault_anthropic_api_key": SECRETS["secret_anthropic_key"],
    }
    inventory = home.with_suffix(".yml")
    inventory.write_text(yaml.safe_dump({"elasticsearch_clusters": {"hosts": hosts, "vars": secrets}}))
    playbook = ["-i", EXAMPLE / "inventory.yml", "-i", inventory, *arguments, EXAMPLE / "playbook.yml"]
    return run_playbook(playbook, home, ELASTICSEARCH_RETRIES="1")  # Do not wait for the cluster that is down.


def stored_settings(server: Simulator) -> dict[str, Any]:
    """Return the settings of all endpoints, except built-in ones, that the example declares."""
    return {
        inference_id: {
            "task_settings": dict(endpoint.task_settings),
            **({"rate_limit": limit} if (limit := endpoint.service_settings["rate_limit"]) != DEFAULT_LIMIT else {}),
        }
        for inference_id, endpoint in server.endpoints.items()
        if not inference_id.startswith(".")
    }


DEFAULT_LIMIT = {"requests_per_minute": 50}
SUPPORT = {
    "answers": {**ANSWERS, "rate_limit": {"requests_per_minute": 200}},
    "questions": {**QUESTIONS, "rate_limit": {"requests_per_minute": 200}},
    "support-letters": {"task_settings": {"max_tokens": 4096}, "rate_limit": {"requests_per_minute": 200}},
}


def test_run_updates_other_clusters_if_one_is_down(tmp_path: Path) -> None:
    with simulator() as archive, simulator() as support, simulator() as search:
        search.stop()
        urls = {"search": search.url, "support": support.url, "archive": archive.url}
        for name in ("summaries", "answers"):
            archive.seed(name, service_settings={"model_id": "claude-sonnet-4-5", "rate_limit": DEFAULT_LIMIT})
        first = play(urls, tmp_path / "first")
        assert stored_settings(support) == SUPPORT
        assert stored_settings(archive) == {"answers": ANSWERS, "questions": QUESTIONS}
        assert {endpoint.secret for endpoint in support.endpoints.values() if endpoint.service == "anthropic"} == {
            SECRETS["secret_anthropic_key"]
        }
        for server in (support, archive):
            server.clear_log()
        limited = play(urls, tmp_path / "limited", "--limit", "support")
        assert (support.requests, archive.requests) == (["GET /_inference/_all"], [])
    assert [first.status, limited.status] == [2, 0], first.printed
    counts = recap(first)
    assert sorted(counts) == ["archive", "search", "support"]
    assert [counts[name]["failed"] for name in ("archive", "search", "support")] == [0, 1, 0]
    assert [counts[name]["changed"] for name in ("archive", "search", "support")] == [1, 0, 1]
    assert {count["unreachable"] for count in counts.values()} == {0}
    assert f"GET /_inference/_all: {urls['search']} cannot be reached: " in first.printed
    assert "Hint: check elasticsearch_url" in first.printed
    assert "Traceback" not in first.printed
    assert recap(limited)["support"]["changed"] == 0
    assert recap(limited).keys() == {"support"}
    guide = re.sub(r"^   ", "", GUIDE.read_text(), flags=re.MULTILINE)
    shown = recap(Played(2, guide, ""))
    assert shown == {"archive": counts["search"], "search": counts["support"], "support": counts["support"]}
    for played in (first, limited):
        assert find_leaks(played.printed + played.written) == []


def test_guide_shows_the_files_of_the_example() -> None:
    blocks = re.findall(r"code-block:: yaml\n\n((?:   .*\n|\n)+)", GUIDE.read_text())
    shown = [yaml.safe_load(re.sub(r"^   ", "", block, flags=re.MULTILINE)) for block in blocks]
    assert shown == [yaml.safe_load((EXAMPLE / name).read_text()) for name in ("inventory.yml", "playbook.yml")]
