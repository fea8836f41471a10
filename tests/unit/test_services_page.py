# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the guide "Manage endpoints of any service": its list of services and its examples."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.esops.inference.plugins.module_utils._modules.any_service import (
    merge_service_defaults,
    parse_declaration,
)
from ansible_collections.esops.inference.plugins.module_utils._services.catalog import SERVICES
from ansible_collections.esops.inference.plugins.module_utils._services.service import Service
from ansible_collections.esops.inference.plugins.module_utils._services.setting import Setting
from tests.artifact import ROOT
from tests.pages import modules
from tests.pages.services import PAGE, facts, section, updated
from tests.unit.services import ACME, API_KEY, MODEL

TEXT = PAGE.read_text(encoding="utf-8")

#: Values for the variables of the examples that are not strings.
LISTS = {"inference_endpoints": [{"inference_id": "found", "service": "openai"}]}


def examples() -> list[Any]:
    """Return the playbooks in the guide."""
    blocks = re.findall(r"\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", TEXT)
    return [yaml.safe_load(textwrap.dedent(block)) for block in blocks]


def filled(value: Any) -> Any:
    """Return options with values instead of templates."""
    if isinstance(value, dict):
        return {name: filled(part) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part) for part in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    return '{"type": "service_account"}' if "lookup(" in value else LISTS.get(value.strip("{} "), "secret")


def tasks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the modules of this collection in the examples, with their options."""
    for [play] in examples():
        for task in play["tasks"]:
            for name, options in task.items():
                if name.startswith(f"{modules.COLLECTION}."):
                    yield name.rpartition(".")[2], filled(options or {})


TASKS = list(tasks())


def test_list_of_services_is_up_to_date() -> None:
    assert updated(TEXT) == TEXT, "run python -m tests.pages.services"


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_a_section(name: str) -> None:
    assert f"\n\n{section(SERVICES[name])}" in TEXT


def test_page_without_marks_is_rejected() -> None:
    with pytest.raises(ValueError, match="not 0"):
        updated("All services")


def test_guide_is_in_the_navigation() -> None:
    listed = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    assert PAGE.stem in [name for part in listed for name in part["toctree"]]


class TestFacts:
    """Tests of the lines of a service, with a made-up service."""

    def test_lines_follow_from_the_rows(self) -> None:
        assert facts(ACME) == {
            "Task types": "``rerank``, ``text_embedding``",
            "Credentials": "``api_key`` or ``access_key`` and ``secret_key``",
            "Required": "``model``; ``dimensions`` (``text_embedding``)",
            "Updated in place": "``rate`` (from 9.4), ``scaling`` as a whole (from 9.0); "
            "``batch`` (``text_embedding``)",
            "Task settings": "``input``, ``user``, ``weight``. An update replaces them.",
            "Set by Elasticsearch": "``rate`` 10; ``batch`` 5 (``text_embedding``)",
        }

    @pytest.mark.parametrize(
        ("changes", "title", "text"),
        [
            ({"credentials": ()}, "Credentials", "none"),
            ({"credentials": ((API_KEY,), ())}, "Credentials", "``api_key``; optional"),
            (
                {"merges_task_settings": True},
                "Task settings",
                "``input``, ``user``, ``weight``. An update merges them.",
            ),
            ({"stored_as": "other"}, "Stored as", "``other``"),
            ({"is_local": True}, "Runs", "in the cluster"),
            ({"settings": ()}, "Task settings", None),
            ({"settings": (Setting(MODEL, write_only=True),)}, "Not returned", "``model``"),
            ({"settings": (Setting(MODEL, computed=True),)}, "Set by Elasticsearch", "``model``"),
            ({"settings": (Setting(MODEL, read_only=True),)}, "Set by Elasticsearch", "``model`` (cannot be set)"),
            (
                {"settings": (Setting("task_settings.x", "bool", default=True),)},
                "Set by Elasticsearch",
                "``task_settings.x`` true",
            ),
        ],
    )
    def test_line_shows_a_changed_row(self, changes: dict[str, Any], title: str, text: str | None) -> None:
        service = ACME._replace(**{"credentials": (), **changes})
        assert facts(service).get(title) == text

    @pytest.mark.parametrize(
        ("kind", "shown"),
        [("dict", "``api_key``, a dictionary"), ("json", "``api_key``, JSON as a string or a dictionary")],
    )
    def test_credential_that_is_not_a_string_has_its_type(self, kind: str, shown: str) -> None:
        service = Service("made-up", ("rerank",), (Setting(API_KEY, kind, secret=True),), credentials=((API_KEY,),))
        assert facts(service)["Credentials"] == shown

    def test_setting_that_replaces_all_required_ones_is_an_alternative(self) -> None:
        service = ACME._replace(
            settings=(Setting(MODEL), Setting("service_settings.deployment")),
            credentials=(),
            find_missing=lambda settings: [] if "service_settings.deployment" in settings else [MODEL],
        )
        assert facts(service)["Required"] == "``model`` or only ``deployment``"


def test_examples_use_the_modules_for_any_service() -> None:
    assert {module for module, _options in TASKS} == {"endpoint", "endpoints", "endpoint_info"}


@pytest.mark.parametrize(("module", "options"), TASKS)
def test_example_is_valid(module: str, options: dict[str, Any]) -> None:
    spec, problems = modules.entry(module)
    checked = ArgumentSpecValidator(spec).validate({"elasticsearch_url": "https://es.example.com:9200", **options})
    assert checked.error_messages == []
    assert problems(checked.validated_parameters) == []


@pytest.mark.parametrize(("module", "options"), TASKS)
def test_example_is_complete_and_without_warnings(module: str, options: dict[str, Any]) -> None:
    spec, _problems = modules.entry(module)
    given = ArgumentSpecValidator(spec).validate({"elasticsearch_url": "https://es", **options}).validated_parameters
    declared = given.get("endpoints") or ([given] if module == "endpoint" else [])
    for endpoint in declared:
        declaration = parse_declaration(merge_service_defaults(given.get("defaults") or {}, endpoint))
        assert declaration.warnings == []
        if endpoint["inference_id"] != "found":
            settings = declaration.desired.all_settings
            assert declaration.service.missing_settings(settings, declaration.desired.task_type or "") == []
