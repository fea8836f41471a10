# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the playbooks of the guide "Test that endpoints respond"."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.integration.harness import SECRETS, Played, find_leaks, run_playbook
from tests.simulator import Security, Simulator

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs/examples/verify_endpoints"
GUIDE = ROOT / "docs/docsite/rst/verify_endpoints.rst"

GOOD, REVOKED = SECRETS["secret_anthropic_key"], SECRETS["secret_anthropic_key_rotated"]
READER = f"reader:{SECRETS['secret_api_key']}"
WRITER = f"writer:{SECRETS['secret_bearer_token']}"


def shown(kind: str) -> list[str]:
    """Return the text of the guide's code blocks in a language."""
    return re.findall(rf"code-block:: {kind}\n\n((?:   .*\n|\n)+)", GUIDE.read_text())


def simulator() -> Simulator:
    accounts = Security(api_keys={READER: ("monitor_inference",), WRITER: ("manage_inference", "monitor_inference")})
    return Simulator(security=accounts, refused_keys=[REVOKED])


def play(name: str, server: Simulator, home: Path, key: str) -> Played:
    home.mkdir()
    vault = home.with_suffix(".yml")
    vault.write_text(yaml.safe_dump({"vault_anthropic_api_key": GOOD}))
    environment = {"ELASTICSEARCH_URL": server.url, "ELASTICSEARCH_API_KEY": key}
    played = run_playbook([EXAMPLE / name, "-e", f"@{vault}"], home, **environment)
    assert find_leaks(played.printed + played.written) == []
    return played


def test_guide_shows_the_files_of_the_example() -> None:
    blocks = [yaml.safe_load(re.sub(r"^   ", "", block, flags=re.MULTILINE)) for block in shown("yaml")]
    assert blocks == [yaml.safe_load((EXAMPLE / name).read_text()) for name in ("change.yml", "smoke_test.yml")]


def test_role_fails_after_change_if_an_endpoint_does_not_respond(tmp_path: Path) -> None:
    with simulator() as server:
        changed = play("change.yml", server, tmp_path / "changed", WRITER)
        server.seed("support-summaries", task_settings={"max_tokens": 256}, secret=REVOKED)
        server.clear_log()
        failed = play("change.yml", server, tmp_path / "failed", WRITER)
        tested = [request for request in server.requests if request.startswith("POST")]
    assert (changed.status, failed.status) == (0, 2)
    assert sorted(tested) == [
        f"POST /_inference/completion/{name}?timeout=120s" for name in ("support-answers", "support-summaries")
    ]
    [message] = shown("text")
    assert " ".join(message.split()) in failed.printed


@pytest.mark.parametrize(("secret", "status"), [(GOOD, 0), (REVOKED, 2)])
def test_smoke_test_pings_all_endpoints_except_built_in_ones(tmp_path: Path, secret: str, status: int) -> None:
    with simulator() as server:
        server.seed("chat", task_type="chat_completion", secret=GOOD)
        server.seed("letters", secret=secret)
        played = play("smoke_test.yml", server, tmp_path / "home", READER)
        requests = server.requests
    assert played.status == status
    assert requests[0] == "GET /_inference/_all"
    assert sorted(requests[1:]) == [
        "POST /_inference/chat_completion/chat/_stream?timeout=120s",
        "POST /_inference/completion/letters?timeout=120s",
    ]


def test_smoke_test_fails_if_the_cluster_has_no_endpoints(tmp_path: Path) -> None:
    with simulator() as server:
        played = play("smoke_test.yml", server, tmp_path / "home", READER)
        assert (played.status, server.requests) == (2, ["GET /_inference/_all"])
    assert "No endpoint matches the pattern." in played.printed
