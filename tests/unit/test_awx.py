# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that the credential types and surveys in docs/awx match AWX, the modules, and the roles."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ansible_collections.esops.inference.plugins.module_utils._services.catalog import services
from tests.artifact import ROOT
from tests.pages import modules

AWX = ROOT / "docs/awx"
ROLES = ("anthropic", "inference")
SURVEYS = {role: json.loads((AWX / f"surveys/{role}.json").read_text()) for role in ROLES}
QUESTIONS = {role: {question["variable"]: question for question in SURVEYS[role]["spec"]} for role in ROLES}
EACH_QUESTION = pytest.mark.parametrize(("role", "name"), [(role, name) for role in ROLES for name in QUESTIONS[role]])
CREDENTIAL_TYPES = sorted(path.stem for path in AWX.glob("credential_types/*.yml"))
PROVIDERS = [name for name in CREDENTIAL_TYPES if name != "elasticsearch"]
#: Keys that AWX accepts in a field of a credential type (awx/main/fields.py, CredentialTypeInputField).
FIELD = {"id", "label", "type", "help_text", "multiline", "secret", "choices"}
#: Connection options that do not belong in a credential.
NOT_IN_CREDENTIALS = {"ELASTICSEARCH_TIMEOUT", "ELASTICSEARCH_RETRIES", "ELASTICSEARCH_HEADERS"}


class Loader(yaml.SafeLoader):
    """Load !unsafe, a tag of Ansible, as a string."""


Loader.add_constructor("!unsafe", yaml.SafeLoader.construct_yaml_str)
GUIDE = (ROOT / "docs/docsite/rst/awx.rst").read_text()


def credential_type(name: str) -> dict[str, Any]:
    written: dict[str, Any] = yaml.safe_load((AWX / f"credential_types/{name}.yml").read_text())
    return written


def connection() -> dict[str, dict[str, Any]]:
    """Return the connection options by their environment variables."""
    spec, _problems = modules.entry("anthropic_endpoints")
    return {option["fallback"][1][0]: {"name": name, **option} for name, option in spec.items() if "fallback" in option}


def role_options(role: str) -> dict[str, dict[str, Any]]:
    specs = yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text())
    options: dict[str, dict[str, Any]] = specs["argument_specs"]["main"]["options"]
    return options


@pytest.mark.parametrize("name", CREDENTIAL_TYPES)
def test_credential_type_is_valid(name: str) -> None:
    written = credential_type(name)
    assert set(written) == {"name", "description", "kind", "inputs", "injectors"}
    assert written["kind"] == "cloud"
    fields = written["inputs"]["fields"]
    # AWX adds a missing type. Then, configure.yml would report a change on every run.
    assert all({"id", "label", "type"} <= set(each) <= FIELD for each in fields)
    assert {each["type"] for each in fields} == {"string"}
    assert all(re.fullmatch(r"[a-z_]+", each["id"]) for each in fields)
    used = set(re.findall(r"{{ (\w+) }}", str(written["injectors"])))
    assert used == {each["id"] for each in fields} >= set(written["inputs"].get("required", ()))


def test_elasticsearch_credential_sets_the_environment_variables_of_the_modules() -> None:
    written = credential_type("elasticsearch")
    assert written["injectors"]["env"].keys() == connection().keys() - NOT_IN_CREDENTIALS


def test_secret_options_are_secret_fields_of_credentials() -> None:
    written = credential_type("elasticsearch")
    secret = {each["id"] for each in written["inputs"]["fields"] if each.get("secret")}
    by_modules = {
        variable.removeprefix("ELASTICSEARCH_").lower()
        for variable, option in connection().items()
        if option.get("no_log")
    }
    # For modules, client_key is a path. For AWX, it is the private key.
    assert secret == (by_modules - {"headers"}) | {"client_key"}
    for provider in PROVIDERS:
        assert all(each.get("secret") for each in credential_type(provider)["inputs"]["fields"])


@pytest.mark.parametrize("name", CREDENTIAL_TYPES)
def test_injectors_use_existing_fields(name: str) -> None:
    """AWX renders the injectors in this way before it accepts a credential type."""
    written = credential_type(name)
    names = [each.removeprefix("template.") for each in written["injectors"].get("file", {})]
    tower = SimpleNamespace(filename=SimpleNamespace(**dict.fromkeys(names, "a file")))
    fields = {each["id"]: "a value" for each in written["inputs"]["fields"]}
    sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    templates = [text for injector in written["injectors"].values() for text in injector.values()]
    rendered = [sandbox.from_string(text).render(tower=tower, **fields) for text in templates]
    assert rendered.count("a file") == len(names)
    assert rendered.count("a value") == len(rendered) - len(names) > 0


def test_variables_with_file_names_are_empty_without_a_file() -> None:
    injectors = credential_type("elasticsearch")["injectors"]
    files = {name.removeprefix("template."): text for name, text in injectors["file"].items()}
    assert files == {name: f"{{{{ {name} }}}}" for name in files}
    named = {text for text in injectors["env"].values() if "tower" in text}
    assert named == {f"{{% if {name} %}}{{{{ tower.filename.{name} }}}}{{% endif %}}" for name in files}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_credential_of_provider_sets_a_variable_for_each_secret_of_its_service(provider: str) -> None:
    """The fields are one of the sets of credentials of the service, and all are required."""
    written = credential_type(provider)
    fields = [each["id"] for each in written["inputs"]["fields"]]
    assert {f"service_settings.{name}" for name in fields} in map(set, services(provider).credentials)
    assert written["inputs"]["required"] == fields
    assert written["injectors"] == {"extra_vars": {f"{provider}_{name}": f"{{{{ {name} }}}}" for name in fields}}


def test_anthropic_credential_sets_a_secret_variable_of_the_role() -> None:
    [variable] = credential_type("anthropic")["injectors"]["extra_vars"]
    assert role_options("anthropic")[variable]["no_log"]


def test_credentials_set_different_variables() -> None:
    set_by_all = [name for each in PROVIDERS for name in credential_type(each)["injectors"]["extra_vars"]]
    assert len(set_by_all) == len(set(set_by_all))
    assert not set(set_by_all) & role_options("inference").keys()


@pytest.mark.parametrize("role", ROLES)
def test_survey_asks_for_role_variables_without_secrets(role: str) -> None:
    questions, options = QUESTIONS[role], role_options(role)
    assert questions.keys() <= options.keys()
    assert not any(options[name].get("no_log") for name in questions)
    assert [name for name, question in questions.items() if question["required"]] == [f"{role}_endpoints"]


def default_answer(role: str, name: str) -> str:
    """Return the default of the role variable as the answer of a survey."""
    default = yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text()).get(name, "")
    return default if isinstance(default, str) else json.dumps(default)


@EACH_QUESTION
def test_default_answer_matches_the_default_of_the_role(role: str, name: str) -> None:
    assert QUESTIONS[role][name]["default"] == default_answer(role, name)


@EACH_QUESTION
def test_question_offers_the_choices_of_the_role(role: str, name: str) -> None:
    """AWX rejects an empty integer or choice. Therefore, numbers are strings, and choices have defaults."""
    question, option = QUESTIONS[role][name], role_options(role)[name]
    assert question["required"] is option.get("required", False)
    assert question["type"] in ("text", "textarea", "multiplechoice")
    if question["type"] != "multiplechoice":
        assert "choices" not in option
        return
    choices = [choice for choice in option.get("choices", ("true", "false")) if choice]
    assert sorted(question["choices"].split("\n")) == sorted(choices)
    assert question["default"] in choices


@pytest.mark.parametrize("role", ROLES)
def test_survey_is_valid(role: str) -> None:
    """AWX requires this of a survey (awx/api/views, JobTemplateSurveySpec)."""
    survey = SURVEYS[role]
    assert survey.keys() == {"name", "description", "spec"}
    assert len(QUESTIONS[role]) == len(survey["spec"])
    for question in survey["spec"]:
        assert {"variable", "question_name", "type"} <= {
            key for key, value in question.items() if isinstance(value, str)
        }
        assert isinstance(question["required"], bool)
        # AWX removes empty lines from choices. Then, configure.yml would report a change on every run.
        assert all(question.get("choices", "-").split("\n"))
        assert {type(question[limit]) for limit in ("min", "max") if limit in question} <= {int}


def test_question_of_both_surveys_has_the_same_type_and_limits() -> None:
    one, other = (
        {
            name.partition("_")[2]: {key: question.get(key) for key in ("type", "required", "choices", "min", "max")}
            for name, question in QUESTIONS[role].items()
        }
        for role in ROLES
    )
    common = one.keys() & other.keys()
    assert other.keys() - common == {"purge_services"}
    assert {name: one[name] for name in common} == {name: other[name] for name in common}


@pytest.mark.parametrize("role", ROLES)
def test_guide_documents_every_question_and_variable(role: str) -> None:
    rows = re.findall(rf"   \* - (.+)\n     - ``({role}_\w+)``\n     - (.+)\n", GUIDE)
    assert [(name, variable) for name, variable, _empty in rows] == [
        (question["question_name"], name) for name, question in QUESTIONS[role].items()
    ]
    defaults = {
        name: f"``{question['default']}``" for name, question in QUESTIONS[role].items() if "choices" in question
    }
    assert {variable: empty for _name, variable, empty in rows if variable in defaults} == defaults
    assert set(re.findall(r":envvar:`(\w+)`", GUIDE)) == credential_type("elasticsearch")["injectors"]["env"].keys()


def test_variables_for_several_services_use_each_credential() -> None:
    """The variables of the inventory refer to the variables that the credentials set."""
    written = yaml.load((AWX / "mixed.yml").read_text(), Loader=Loader)
    assert written["role"] == "inference"
    defaults = written["settings"]["inference_defaults"]
    assert defaults.keys() == written["providers"].keys() == {each["service"] for each in written["endpoints"]}
    for provider, inputs in written["providers"].items():
        assert list(inputs) == credential_type(provider)["inputs"]["required"]
        settings = defaults[provider]["service_settings"]
        assert {name: settings[name] for name in inputs} == {name: f"{{{{ {provider}_{name} }}}}" for name in inputs}
