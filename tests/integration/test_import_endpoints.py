# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follow the guide "Import existing endpoints" with its playbooks.

The official Elasticsearch client creates the endpoints, because users import endpoints of other tools.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from elasticsearch import Elasticsearch

from tests.integration.harness import SECRETS, Played, find_leaks, recap, run_playbook
from tests.simulator import Security, Simulator

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/import_endpoints"
GUIDE = ROOT / "docs/docsite/rst/import_endpoints.rst"

READER = f"reader:{SECRETS['secret_api_key']}"
WRITER = f"writer:{SECRETS['secret_bearer_token']}"
ACCOUNTS = Security(api_keys={READER: ("monitor_inference",), WRITER: ("manage_inference", "monitor")})

FORMER_KEY = SECRETS["secret_anthropic_key"]
KEY = SECRETS["secret_anthropic_key_rotated"]
SONNET: dict[str, Any] = {"api_key": FORMER_KEY, "model_id": "claude-sonnet-4-5"}
OPUS: dict[str, Any] = {
    "api_key": FORMER_KEY,
    "model_id": "claude-opus-4-5",
    "rate_limit": {"requests_per_minute": 10},
}


def shown(kind: str) -> list[str]:
    """Return the text of the guide's code blocks in a language."""
    blocks = re.findall(rf"code-block:: {kind}\n\n((?:   .*\n|\n)+)", GUIDE.read_text())
    return [re.sub(r"^   ", "", block, flags=re.MULTILINE).rstrip() + "\n" for block in blocks]


EXPORT, ENDPOINTS, PLAYBOOK, REFERENCES = shown("yaml")
UNCHANGED, DIFFERENCE, REMOVAL, REFERENCED = shown("text")
PLAYBOOKS = {"export": EXPORT, "playbook": PLAYBOOK, "references": REFERENCES}


def prints(played: Played, block: str) -> bool:
    """Return whether the output contains the lines of a block in order; -vvvv adds lines between them."""
    lines = (" ".join(line.split()) for line in played.printed.splitlines())
    return all(any(line.startswith(" ".join(wanted.split())) for line in lines) for wanted in block.splitlines())


class Reader:
    """A user who follows the guide in an empty directory."""

    def __init__(self, home: Path, server: Simulator) -> None:
        self.home = home
        self.guide = home / "guide"
        self.guide.mkdir(parents=True)
        self.server = server
        for name, text in PLAYBOOKS.items():
            (self.guide / f"{name}.yml").write_text(text)

    @property
    def endpoints(self) -> Path:
        return self.guide / "endpoints.yml"

    def play(self, name: str, *arguments: str, key: str = WRITER) -> Played:
        """Run one of the playbooks, and assert that it prints and writes no secret."""
        self.server.clear_log()
        playbook = self.guide / f"{name}.yml"
        options = {"ELASTICSEARCH_URL": self.server.url, "ELASTICSEARCH_API_KEY": key}
        played = run_playbook([playbook, *arguments], self.home, **options)
        assert find_leaks(played.printed + played.written) == []
        return played

    def changes(self, *arguments: str, key: str = WRITER) -> int:
        """Run playbook.yml, and return the number of changed tasks."""
        played = self.play("playbook", *arguments, key=key)
        assert played.status == 0, played.printed
        return recap(played)["localhost"]["changed"]

    def vault(self) -> list[str]:
        """Encrypt the key with ansible-vault, and return the arguments to use it."""
        password, vault = self.home / "password", self.guide / "vault.yml"
        password.write_text("a password")
        vault.write_text(yaml.safe_dump({"anthropic_api_key": KEY}))
        tool = Path(sys.executable).with_name("ansible-vault")
        subprocess.run([tool, "encrypt", "--vault-password-file", password, vault], check=True, capture_output=True)
        return ["-e", f"@{vault}", "--vault-password-file", str(password)]


def create(server: Simulator, inference_id: str, settings: dict[str, Any], **task_settings: Any) -> None:
    with client(server) as user:
        user.inference.put_anthropic(
            task_type="completion",
            anthropic_inference_id=inference_id,
            service="anthropic",
            service_settings=settings,
            task_settings=task_settings,
        )


def client(server: Simulator) -> Elasticsearch:
    key_id, secret = WRITER.split(":")
    return Elasticsearch(server.url, api_key=(key_id, secret), max_retries=0)


@pytest.fixture
def server() -> Iterator[Simulator]:
    with Simulator(security=ACCOUNTS) as simulator:
        create(simulator, "support-questions", SONNET, max_tokens=256)
        create(simulator, "contracts", OPUS, max_tokens=4096)
        create(simulator, "support-answers", SONNET, max_tokens=1024, temperature=0.2)
        simulator.seed("articles", service="openai", task_type="text_embedding", service_settings={"model_id": "e-3"})
        yield simulator


@pytest.fixture
def reader(server: Simulator, tmp_path: Path) -> Reader:
    return Reader(tmp_path / "home", server)


def keys(server: Simulator) -> set[str]:
    """Return the API keys of the anthropic endpoints."""
    return {endpoint.secret for endpoint in server.endpoints.values() if endpoint.service == "anthropic"}


def test_guide_shows_the_files_of_the_example() -> None:
    for name, text in PLAYBOOKS.items():
        assert (EXAMPLE / f"{name}.yml").read_text().partition("---\n")[2] == text


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        *(
            f"docs/docsite/rst/{name}.rst"
            for name in (
                "awx",
                "drift_reports",
                "getting_started",
                "how_changes_are_planned",
                "many_clusters",
                "migrate_from_uri",
                "rotate_keys",
            )
        ),
    ],
)
def test_page_about_deleting_endpoints_links_to_kibana_connectors(page: str) -> None:
    link = "docsite/import_endpoints.html" if page == "README.md" else "docsite.import_endpoints.kibana"
    assert [text for text in (ROOT / page).read_text().split("\n\n") if "Kibana connectors" in text and link in text]


def test_guide_imports_endpoints_without_changes(reader: Reader, server: Simulator) -> None:
    before = server.endpoints

    # Export the endpoints
    assert recap(reader.play("export", key=READER))["localhost"]["changed"] == 1
    assert server.requests == ["GET /_inference/_all"]
    assert reader.endpoints.read_text() == ENDPOINTS

    # Adopt the endpoints
    adopted = reader.play("playbook", "--check", key=READER)
    assert server.requests == ["GET /_inference/_all"]
    assert prints(adopted, UNCHANGED)
    assert not prints(adopted, DIFFERENCE)

    # Another user changes an endpoint, and creates one
    with client(server) as user:
        settings = {"max_tokens": 2048, "temperature": 0.2}
        user.inference.update(
            inference_id="support-answers", inference_config={"task_settings": settings}, task_type="completion"
        )
    create(server, "forgotten", SONNET, max_tokens=1024)
    outside = server.endpoints
    assert prints(reader.play("playbook", "--check"), DIFFERENCE)
    drifted = reader.play("export", "--check")
    assert prints(
        drifted, "+- inference_id: forgotten\n-    max_tokens: 1024\n+    max_tokens: 2048\nchanged: [localhost]\n"
    )
    assert (server.endpoints, reader.endpoints.read_text()) == (outside, ENDPOINTS)
    assert reader.changes() == 1
    assert {name: held for name, held in server.endpoints.items() if name != "forgotten"} == before

    # Add the API key
    vault = reader.vault()
    assert reader.changes(*vault, "-e", "anthropic_update_secrets=always") == 1
    assert server.endpoints.pop("forgotten").secret == FORMER_KEY
    assert {server.endpoints[name].secret for name in ("contracts", "support-answers", "support-questions")} == {KEY}

    # Purge unmanaged endpoints
    server.refer("support-answers", pipelines=["summaries"], indexes=[])
    assert prints(reader.play("references"), REFERENCED)
    previewed = reader.play("playbook", "-e", "anthropic_purge=true", "--check")
    assert prints(previewed, REMOVAL)
    assert "forgotten" in server.endpoints
    assert reader.changes("-e", "anthropic_purge=true") == 1
    assert sorted(server.endpoints) == sorted(before)
    assert server.endpoints["articles"] == before["articles"]


def test_playbook_with_key_creates_all_endpoints_in_empty_cluster(reader: Reader, server: Simulator) -> None:
    reader.endpoints.write_text(ENDPOINTS)
    before = server.endpoints
    server.clear_endpoints()
    failed = reader.play("playbook")
    assert failed.status == 2
    assert "creating it requires service_settings.api_key" in failed.printed
    assert keys(server) == set()
    assert reader.changes(*reader.vault()) == 1
    created = [endpoint for endpoint in server.endpoints.values() if endpoint.service == "anthropic"]
    assert keys(server) == {KEY}
    assert [(one.inference_id, one.service_settings, one.task_settings) for one in created] == [
        (one.inference_id, one.service_settings, one.task_settings)
        for one in before.values()
        if one.service == "anthropic"
    ]


def test_export_fails_if_a_setting_contains_a_template(reader: Reader, server: Simulator) -> None:
    create(
        server, "trap", {**SONNET, "model_id": "{{ lookup('ansible.builtin.pipe', 'touch trapped') }}"}, max_tokens=1
    )
    failed = reader.play("export")
    assert failed.status == 2
    assert "A setting contains a template." in failed.printed
    assert not reader.endpoints.exists()
    assert not list(reader.home.rglob("trapped"))
