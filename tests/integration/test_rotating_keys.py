# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide "Rotating keys" says is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.guides import blocks, reader
from tests.integration.harness import SECRETS, find_leaks
from tests.simulator import Simulator
from tests.unit.support import FORMER_KEY, ID, KEY, MODEL, endpoint, seed

IDS = ("support-answers", "support-letters")
RATE_LIMIT = {"service_settings": {"rate_limit": {"requests_per_minute": 7}}}
ALWAYS = {"service_settings": {"api_key": KEY}, "update_api_key": "always"}


def test_one_run_sends_the_key(tmp_path: Path) -> None:
    key = SECRETS["secret_anthropic_key"]
    with Simulator() as server, reader(tmp_path, {}, **{"read -rs ANTHROPIC_API_KEY": key}) as person:
        for inference_id in IDS:
            seed(server, inference_id)
        person.run(f"export ELASTICSEARCH_URL={server.url}")
        person.follow(blocks("rotating_keys"))
        assert [server.endpoints[inference_id].secret for inference_id in IDS] == [key, key]
        assert server.requests[-1] == "GET /_inference/_all"
    assert find_leaks(person.seen) == []


@pytest.mark.parametrize(
    ("version", "options", "key", "failed"),
    [
        ("9.6", ALWAYS, KEY, False),
        ("9.4", ALWAYS, KEY, False),
        ("9.4", RATE_LIMIT, FORMER_KEY, False),
        ("9.4", {"service_settings": {"api_key": KEY, **RATE_LIMIT["service_settings"]}}, KEY, False),
        ("9.3", ALWAYS, KEY, False),
        ("8.17", ALWAYS, KEY, False),
        ("8.16", ALWAYS, FORMER_KEY, True),
        (
            "8.16",
            {
                "service_settings": {"api_key": KEY, "model_id": MODEL},
                "update_api_key": "always",
                "allow_recreate": True,
            },
            KEY,
            False,
        ),
    ],
)
def test_what_each_version_does(version: str, options: dict[str, object], key: str, failed: bool) -> None:
    with Simulator(version=version) as server:
        seed(server)
        run = endpoint(server, **options)
        assert run.failed is failed, run.result
        assert server.endpoints[ID].secret == key


def test_a_key_that_anthropic_refuses_leaves_the_old_one() -> None:
    with Simulator(refused_keys=[KEY]) as server:
        seed(server)
        assert endpoint(server, **ALWAYS).failed
        assert server.endpoints[ID].secret == FORMER_KEY
