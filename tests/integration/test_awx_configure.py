# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of docs/awx/configure.yml with fake modules of awx.awx, which record their options."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.harness import HERE, SECRETS, Played, find_leaks, run_playbook

ROOT = Path(__file__).parents[2]
AWX = ROOT / "docs/awx"
#: Names of the options of awx.awx, by module and type.
MODULES: dict[str, dict[str, list[str]]] = yaml.safe_load((HERE / "awx_modules.yml").read_text())

FAKE_MODULE = """#!/usr/bin/python
import json
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(argument_spec={spec!r})
given = {{name: value for name, value in module.params.items() if value is not None}}
with open({path!r}, "a") as file:
    file.write(json.dumps([{name!r}, given]) + "\\n")
module.exit_json(changed=True)
"""


@dataclass(frozen=True)
class Configured:
    """Options that the modules received, by module name, and the output of ansible-playbook."""

    given: dict[str, list[dict[str, Any]]]
    played: Played

    def one(self, module: str, name: str) -> dict[str, Any]:
        [found] = [options for options in self.given[module] if options["name"] == name]
        return found


def option(kind: str) -> dict[str, Any]:
    return {"type": "dict", "no_log": True} if kind == "secret" else {"type": kind}


def configure(
    directory: Path, *arguments: str, modules: Mapping[str, dict[str, list[str]]] = MODULES, **variables: str
) -> Configured:
    collection = directory / "collections/ansible_collections/awx/awx/plugins/modules"
    collection.mkdir(parents=True)
    written = directory / "given"
    written.touch()
    for name, options in modules.items():
        spec = {each: option(kind) for kind, names in options.items() for each in names}
        (collection / f"{name}.py").write_text(FAKE_MODULE.format(spec=spec, name=name, path=str(written)))
    home = directory / "home"
    home.mkdir()
    path = f"{directory / 'collections'}:{sys.prefix}"
    played = run_playbook([AWX / "configure.yml", *arguments], home, ANSIBLE_COLLECTIONS_PATH=path, **variables)
    given: dict[str, list[dict[str, Any]]] = {}
    for line in written.read_text().splitlines():
        module, options = json.loads(line)
        given.setdefault(module, []).append(options)
    return Configured(given, played)


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Configured:
    directory = tmp_path_factory.mktemp("configure")
    ca = directory / "ca.pem"
    ca.write_text("-----BEGIN CERTIFICATE-----\n")
    done = configure(
        directory,
        ELASTICSEARCH_API_KEY=SECRETS["secret_api_key"],
        ELASTICSEARCH_CA_PATH=str(ca),
        ANTHROPIC_API_KEY=SECRETS["secret_anthropic_key"],
    )
    assert done.played.status == 0, done.played.printed
    return done


def test_configure_shows_no_secret(configured: Configured) -> None:
    assert find_leaks(configured.played.printed + configured.played.written) == []


def test_configure_creates_the_credential_types_of_the_files(configured: Configured) -> None:
    written = [
        yaml.safe_load((AWX / f"credential_types/{name}.yml").read_text()) for name in ("elasticsearch", "anthropic")
    ]
    assert configured.given["credential_type"] == written


def test_configure_creates_credentials_with_secrets_from_the_environment(configured: Configured) -> None:
    elasticsearch, anthropic = configured.given["credential"]
    assert elasticsearch["credential_type"] == "Elasticsearch"
    assert elasticsearch["inputs"] == {
        "api_key": SECRETS["secret_api_key"],
        "ca_certificate": "-----BEGIN CERTIFICATE-----",
    }
    assert anthropic["credential_type"] == "Anthropic"
    assert anthropic["inputs"] == {"api_key": SECRETS["secret_anthropic_key"]}
    assert not elasticsearch["update_secrets"]
    assert not anthropic["update_secrets"]


def test_configure_uses_the_same_settings_for_inventory_and_survey(configured: Configured) -> None:
    [inventory] = configured.given["inventory"]
    variables = inventory["variables"]
    assert variables["ansible_python_interpreter"] == "{{ ansible_playbook_python }}"
    [host] = configured.given["host"]
    assert host["variables"] == {"anthropic_elasticsearch_url": "https://es.example.com:9200"}
    spec = configured.one("job_template", "Inference endpoints")["survey_spec"]
    written = json.loads((AWX / "surveys/anthropic.json").read_text())
    defaults = {question["variable"]: question["default"] for question in spec["spec"]}
    declared = {name: value for name, value in variables.items() if name in defaults}
    assert declared.keys() == {"anthropic_endpoints", "anthropic_model_id", "anthropic_max_tokens"}
    assert yaml.safe_load(defaults.pop("anthropic_endpoints")) == declared.pop("anthropic_endpoints")
    assert {name: defaults[name] for name in declared} == {name: str(value) for name, value in declared.items()}
    for question in [*spec["spec"], *written["spec"]]:
        if question["variable"] in variables:
            del question["default"]
    assert spec == written


def test_configure_connects_the_objects_that_it_created(configured: Configured) -> None:
    names = {module: [options["name"] for options in given] for module, given in configured.given.items()}
    for template in configured.given["job_template"]:
        assert template["project"] in names["project"]
        assert template["inventory"] in names["inventory"]
        assert template["execution_environment"] in names["execution_environment"]
        assert template["credentials"] == names["credential"]
        assert (ROOT / template["playbook"]).is_file()
    [host] = configured.given["host"]
    assert host["inventory"] in names["inventory"]
    [schedule] = configured.given["schedule"]
    assert configured.one("job_template", schedule["unified_job_template"])["job_type"] == "check"


def test_configure_without_secrets_does_not_change_credentials(tmp_path: Path) -> None:
    done = configure(tmp_path)
    assert done.played.status == 0, done.played.printed
    assert "credential" not in done.given
    assert done.given.keys() == MODULES.keys() - {"credential"}


def test_configure_with_an_unsupported_option_fails(tmp_path: Path) -> None:
    """The fake modules reject the same options as awx.awx."""
    done = configure(
        tmp_path, modules={**MODULES, "credential_type": {"str": ["name", "description", "kind"], "dict": ["inputs"]}}
    )
    assert done.played.status == 2
    assert "Unsupported parameters for (awx.awx.credential_type) module: injectors" in done.played.printed


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Configured:
    """Run the playbook for endpoints of several services, without the API key of one provider."""
    done = configure(
        tmp_path_factory.mktemp("mixed"),
        "-e",
        f"@{AWX / 'mixed.yml'}",
        ELASTICSEARCH_API_KEY=SECRETS["secret_api_key"],
        ANTHROPIC_API_KEY=SECRETS["secret_anthropic_key"],
        OPENAI_API_KEY=SECRETS["secret_anthropic_key_rotated"],
    )
    assert done.played.status == 0, done.played.printed
    return done


def test_configure_for_several_services_creates_a_credential_type_for_each_provider(mixed: Configured) -> None:
    names = ("elasticsearch", "anthropic", "cohere", "openai")
    assert mixed.given["credential_type"] == [
        yaml.safe_load((AWX / f"credential_types/{name}.yml").read_text()) for name in names
    ]
    assert find_leaks(mixed.played.printed + mixed.played.written) == []


def test_configure_for_several_services_creates_a_credential_for_each_provider_with_secrets(mixed: Configured) -> None:
    given = {options["credential_type"]: options["inputs"] for options in mixed.given["credential"]}
    assert given == {
        "Elasticsearch": {"api_key": SECRETS["secret_api_key"]},
        "Anthropic": {"api_key": SECRETS["secret_anthropic_key"]},
        "OpenAI": {"api_key": SECRETS["secret_anthropic_key_rotated"]},
    }
    for template in mixed.given["job_template"]:
        assert template["credentials"] == [
            f"{name} for inference endpoints" for name in ("Elasticsearch", "Anthropic", "Cohere", "OpenAI")
        ]


def test_configure_for_several_services_writes_references_to_credentials_into_the_inventory(mixed: Configured) -> None:
    [inventory] = mixed.given["inventory"]
    variables = inventory["variables"]
    assert variables["inference_defaults"]["openai"] == {"service_settings": {"api_key": "{{ openai_api_key }}"}}
    assert [endpoint["service"] for endpoint in variables["inference_endpoints"]] == ["anthropic", "openai", "cohere"]
    assert variables["inference_duplicate_model"] == "allow"
    assert not [name for name in variables if name.startswith("anthropic_")]
    [host] = mixed.given["host"]
    assert host["variables"] == {"inference_elasticsearch_url": "https://es.example.com:9200"}


def test_configure_for_several_services_runs_the_playbooks_of_its_role(mixed: Configured) -> None:
    apply, report = mixed.given["job_template"]
    assert (apply["playbook"], report["playbook"]) == ("playbooks/inference.yml", "playbooks/inference_report.yml")
    assert report["extra_vars"] == {"inference_report_fail_on_drift": True}
    written = json.loads((AWX / "surveys/inference.json").read_text())
    [declared, *_others] = apply["survey_spec"]["spec"]
    [inventory] = mixed.given["inventory"]
    assert yaml.safe_load(declared["default"]) == inventory["variables"]["inference_endpoints"]
    assert apply["survey_spec"]["spec"][1:] == written["spec"][1:]
