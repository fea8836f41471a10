# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations of a task."""

from __future__ import annotations

from ansible_collections.esops.inference.plugins.module_utils._modules.lists import list_options
from ansible_collections.esops.inference.plugins.module_utils._modules.policy_options import policy_options
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Desired, Policy, Purge

DESIRED = Desired("a", settings={"service_settings.model_id": "m"}, secrets={"service_settings.api_key": "sk-secret"})


def test_repr_of_a_declaration_shows_no_secret() -> None:
    assert "sk-secret" not in repr(DESIRED)
    assert "model_id" in repr(DESIRED)


def test_complete_declaration_has_the_secrets_first() -> None:
    assert list(DESIRED.all_settings.items()) == [
        ("service_settings.api_key", "sk-secret"),
        ("service_settings.model_id", "m"),
    ]


def test_declaration_is_present_and_leaves_the_rest_open_by_default() -> None:
    assert Desired("a") == Desired("a", "present", None, {}, {})


def test_defaults_of_a_policy_are_those_of_the_options() -> None:
    options = policy_options()
    assert {name: options[name]["default"] for name in Policy._fields} == Policy()._asdict()


def test_defaults_of_a_purge_are_those_of_the_options() -> None:
    options = list_options()
    assert list(Purge().exclude) == options["purge_exclude"]["default"]
    assert Purge().limit is options["purge_max"].get("default") is None


def test_settings_moved_to_the_secrets_remain_in_all_settings() -> None:
    hidden = DESIRED.with_secrets(["service_settings.model_id"])
    assert hidden.settings == {}
    assert hidden.secrets == {"service_settings.api_key": "sk-secret", "service_settings.model_id": "m"}
    assert hidden.all_settings == DESIRED.all_settings
    assert DESIRED.with_secrets([]) == DESIRED
