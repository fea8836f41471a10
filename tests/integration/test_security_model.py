# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page "Security model": keys in loops. For the output of Ansible, see test_what_ansible_shows.py."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.integration.guides import blocks, reader
from tests.integration.harness import find_leaks
from tests.simulator import Simulator


def test_loop_shows_keys_and_the_alternatives_do_not(tmp_path: Path) -> None:
    guide = blocks("security_model", "Secrets in loops")
    [declared] = [yaml.safe_load(block.text) for block in guide if block.caption == "my_endpoints.yml"]
    keys = {"key": declared["my_endpoints"][0]["service_settings"]["api_key"]}
    with Simulator() as server, reader(tmp_path, {}) as person:
        person.run(f"export ELASTICSEARCH_URL={server.url}")
        person.follow(guide)
        leaks = {name: find_leaks(person.run(f"ansible-playbook -vvv {name}.yml"), keys) for name in ("list", "ids")}
    assert leaks == {"list": [], "ids": []}
