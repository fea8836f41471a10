# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to services shows what the catalog knows, and examples that the modules accept."""

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
from tests.pages import readme
from tests.pages.services import PAGE, facts, section, updated
from tests.unit.services import ACME, API_KEY, MODEL

TEXT = PAGE.read_text(encoding="utf-8")

#: What stands for the variables of examples that are no plain texts.
LISTS = {"inference_endpoints": [{"inference_id": "found", "service": "openai"}]}


def examples() -> list[Any]:
    """Return the playbooks of the guide."""
    blocks = re.findall(r"\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", TEXT)
    return [yaml.safe_load(textwrap.dedent(block)) for block in blocks]


def filled(value: Any) -> Any:
    """Return options with values in place of Jinja."""
    if isinstance(value, dict):
        return {name: filled(part) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part) for part in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    return '{"type": "service_account"}' if "lookup(" in value else LISTS.get(value.strip("{} "), "secret")


def tasks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the modules of this collection that the examples use, with their options."""
    for [play] in examples():
        for task in play["tasks"]:
            for name, options in task.items():
                if name.startswith(f"{readme.COLLECTION}."):
                    yield name.rpartition(".")[2], filled(options or {})


TASKS = list(tasks())


def test_services_are_those_of_the_catalog() -> None:
    assert updated(TEXT) == TEXT, "write them anew: python -m tests.pages.services"


@pytest.mark.parametrize("name", SERVICES)
def test_service_has_its_section(name: str) -> None:
    assert f"\n\n{section(SERVICES[name])}" in TEXT


def test_page_without_a_place_for_the_services_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 places"):
        updated("All services")


def test_guide_is_listed() -> None:
    listed = yaml.safe_load((readme.ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    assert PAGE.stem in [name for part in listed for name in part["toctree"]]


class TestFacts:
    """What is shown follows from the rows, here from those of a made-up service."""

    def test_facts_of_any_rows_are_shown(self) -> None:
        assert facts(ACME) == {
            "Task types": "``rerank``, ``text_embedding``",
            "Credentials": "``api_key`` or ``access_key`` and ``secret_key``",
            "Required": "``model``; ``dimensions`` (``text_embedding``)",
            "Changed in place": "``rate`` (from 9.4), ``scaling`` as a whole (from 9.0); "
            "``batch`` (``text_embedding``)",
            "Task settings": "``input``, ``user``, ``weight``. An update replaces them.",
            "Filled in": "``rate`` 10; ``batch`` 5 (``text_embedding``)",
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
            ({"settings": (Setting(MODEL, write_only=True),)}, "Not shown", "``model``"),
            ({"settings": (Setting(MODEL, computed=True),)}, "Filled in", "``model``"),
            ({"settings": (Setting(MODEL, read_only=True),)}, "Filled in", "``model`` (cannot be set)"),
            (
                {"settings": (Setting("task_settings.x", "bool", default=True),)},
                "Filled in",
                "``task_settings.x`` true",
            ),
        ],
    )
    def test_each_fact_is_shown(self, changes: dict[str, Any], title: str, text: str | None) -> None:
        service = ACME._replace(**{"credentials": (), **changes})
        assert facts(service).get(title) == text

    @pytest.mark.parametrize(
        ("kind", "shown"),
        [("dict", "``api_key``, a dictionary"), ("json", "``api_key``, JSON as a text or as a dictionary")],
    )
    def test_credential_that_is_no_plain_text_says_what_it_is(self, kind: str, shown: str) -> None:
        service = Service("made-up", ("rerank",), (Setting(API_KEY, kind, secret=True),), credentials=((API_KEY,),))
        assert facts(service)["Credentials"] == shown

    def test_setting_that_is_enough_by_itself_is_said_to_be(self) -> None:
        service = ACME._replace(
            settings=(Setting(MODEL), Setting("service_settings.deployment")),
            credentials=(),
            find_missing=lambda settings: [] if "service_settings.deployment" in settings else [MODEL],
        )
        assert facts(service)["Required"] == "``model`` or only ``deployment``"


def test_examples_use_both_modules_and_those_that_read() -> None:
    assert {module for module, _options in TASKS} == {"endpoint", "endpoints", "endpoint_info"}


@pytest.mark.parametrize(("module", "options"), TASKS)
def test_example_is_valid(module: str, options: dict[str, Any]) -> None:
    spec, problems = readme.entry(module)
    checked = ArgumentSpecValidator(spec).validate({"elasticsearch_url": "https://es.example.com:9200", **options})
    assert checked.error_messages == []
    assert problems(checked.validated_parameters) == []


@pytest.mark.parametrize(("module", "options"), TASKS)
def test_example_declares_what_a_create_needs_and_nothing_unknown(module: str, options: dict[str, Any]) -> None:
    spec, _problems = readme.entry(module)
    given = ArgumentSpecValidator(spec).validate({"elasticsearch_url": "https://es", **options}).validated_parameters
    declared = given.get("endpoints") or ([given] if module == "endpoint" else [])
    for endpoint in declared:
        declaration = parse_declaration(merge_service_defaults(given.get("defaults") or {}, endpoint))
        assert declaration.warnings == []
        if endpoint["inference_id"] != "found":
            assert (
                declaration.service.missing_settings(declaration.desired.complete, declaration.desired.task_type or "")
                == []
            )
