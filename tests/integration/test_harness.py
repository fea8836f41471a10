# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the search for secrets: it finds each form of a secret."""

from __future__ import annotations

import base64
import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.integration.harness import SECRETS, find_leaks, play


def _basic(user: str) -> Callable[[str], str]:
    return lambda secret: base64.b64encode(f"{user}:{secret}:".encode()).decode()


@pytest.mark.parametrize(
    "encode",
    [
        pytest.param(str, id="plain"),
        pytest.param(json.dumps, id="JSON"),
        pytest.param(lambda secret: secret.replace("/", "\\/"), id="JSON with escaped slashes"),
        pytest.param(lambda secret: "\n".join(textwrap.wrap(secret, 5)), id="wrapped"),
        pytest.param(lambda secret: quote(secret, safe=""), id="URL-encoded"),
        pytest.param(lambda secret: quote(secret).lower(), id="URL-encoded, slash kept, lower case"),
        pytest.param(_basic("u"), id="base64 after 2 bytes"),
        pytest.param(_basic("us"), id="base64 after 3 bytes"),
        pytest.param(_basic("use"), id="base64 after 4 bytes"),
        pytest.param(lambda secret: quote(_basic("")(secret), safe=""), id="base64, URL-encoded"),
        pytest.param(lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(), id="URL-safe base64"),
    ],
)
@pytest.mark.parametrize("name", SECRETS)
def test_encoded_secret_is_found(name: str, encode: Callable[[str], str]) -> None:
    assert find_leaks(f'ok: {{"msg": "{encode(SECRETS[name])}"}}') == [name]


def test_text_without_secrets_has_no_leaks() -> None:
    assert find_leaks("ok: [localhost] => {'api_key': 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'}") == []


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_is_long_enough_to_search_for(name: str) -> None:
    assert re.fullmatch(r"[^\s'\"\\\\]{12,}", SECRETS[name])


def test_leaks_of_a_playbook_are_found(tmp_path: Path) -> None:
    tasks = tmp_path / "leaky/tasks/main.yml"
    tasks.parent.mkdir(parents=True)
    tasks.write_text(
        """- ansible.builtin.debug:
    msg: "{{ secret_password }}"
- ansible.builtin.debug:
    msg: "{{ ('elastic:' ~ secret_api_key) | b64encode }}"
- ansible.builtin.debug:
    msg: "{{ secret_bearer_token | urlencode }}"
- ansible.builtin.debug:
    msg: "{{ secret_anthropic_key }}"
  no_log: true
"""
    )
    home = tmp_path / "home"
    home.mkdir()
    played = play(tmp_path / "leaky", "http://127.0.0.1:9", home)
    assert played.status == 0, played.printed
    expected = ["secret_password", "secret_api_key", "secret_bearer_token"]
    assert find_leaks(played.printed) == expected
    assert find_leaks(played.written) == expected
