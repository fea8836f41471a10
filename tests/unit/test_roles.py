# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests that the roles match their modules and each other."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.pages import modules, role_readme
from tests.pages.modules import COLLECTION
from tests.pages.role_readme import ROLES, options_of
from tests.unit.test_documentation import (
    SET,
    common_options,
    documented_options,
    expected_default,
    expected_variable,
    module_options,
    referenced_names,
    validation_errors,
)

#: Variables that the role inference parses before it passes them to the module.
PARSED = {
    "endpoints": "{{ inference_declared }}",
    "defaults": "{{ inference_common or omit }}",
    "purge_services": "{{ inference_purged_services or omit }}",
    "purge_exclude": "{{ inference_excluded }}",
}
#: Variables whose descriptions depend on the service.
DIFFERENT_DESCRIPTIONS = {"endpoints", "purge", "verify"}


@functools.cache
def load(role: str, path: str) -> Any:
    return yaml.safe_load((ROLES[role] / path).read_text())


def without_prefix(role: str, value: Any) -> Any:
    """Remove the prefix from the names of role variables, in keys and in strings."""
    if isinstance(value, dict):
        return {without_prefix(role, name): without_prefix(role, part) for name, part in value.items()}
    if isinstance(value, list):
        return [without_prefix(role, part) for part in value]
    return re.sub(rf"\b{role}_(?!id\b)", "", value) if isinstance(value, str) else value


def module_spec() -> dict[str, Any]:
    spec: dict[str, Any] = modules.entry("endpoints")[0]
    return spec


def test_variables_that_both_roles_have_are_the_same() -> None:
    one, other = (without_prefix(role, options_of(role)) for role in ("anthropic", "inference"))
    common = one.keys() & other.keys()
    assert other.keys() - common == {"defaults", "purge_services"}
    for options in (one, other):
        for name in DIFFERENT_DESCRIPTIONS:
            del options[name]["description"], options[name]["type"]
        options["endpoints"].pop("options")
    assert {name: one[name] for name in common} == {name: other[name] for name in common}


def test_role_inference_has_a_variable_for_each_option_of_its_modules() -> None:
    pinged = modules.entry("endpoint_ping")[0]
    raw = {"type": "raw"}
    expected = {
        **{
            name: expected_variable(option, expected_default(name, option), name)
            for name, option in module_spec().items()
        },
        "endpoints": expected_variable(raw, "") | {"required": True},
        "defaults": expected_variable(raw | {"no_log": True}, ""),
        "verify": expected_variable({"type": "bool"}, False),
        "verify_input": expected_variable(pinged["input"], "Reply with OK."),
        "verify_max_tokens": expected_variable(pinged["max_tokens"], 16),
    }
    found = {
        name: {
            "type": spec["type"],
            "choices": spec.get("choices"),
            "required": spec.get("required", False),
            "default": spec.get("default", ""),
            "no_log": spec.get("no_log", False),
        }
        for name, spec in without_prefix("inference", options_of("inference")).items()
    }
    assert found == expected


def test_role_inference_documents_endpoints_like_the_module() -> None:
    endpoints = options_of("inference")["inference_endpoints"]["options"]
    assert documented_options(endpoints, "options") == module_options(module_spec()["endpoints"]["options"])


def test_role_inference_passes_every_variable_to_its_modules() -> None:
    _parse, _check, task, verify = load("inference", "tasks/main.yml")
    found = task[f"{COLLECTION}.endpoints"]
    assert found == {name: SET.format(name=f"inference_{name}", default="omit") for name in module_spec()} | PARSED
    assert task["register"] == "inference_result"
    ping = verify[f"{COLLECTION}.endpoint_ping"]
    pinged = modules.entry("endpoint_ping")[0].keys()
    assert ping == {name: found[name] for name in found if name in pinged} | {
        "inference_id": "{{ inference_verify_ids }}",
        "input": SET.format(name="inference_verify_input", default="'Reply with OK.'"),
        "max_tokens": SET.format(name="inference_verify_max_tokens", default="16"),
    }
    assert verify["register"] == "inference_verified"


@pytest.mark.parametrize("role", ROLES)
def test_role_defaults_match_the_argument_spec(role: str) -> None:
    assert load(role, "defaults/main.yml") == {
        name: spec.get("default", "") for name, spec in options_of(role).items() if not spec.get("required")
    }


@pytest.mark.parametrize("role", ROLES)
def test_readme_of_role_shows_the_variables_with_their_defaults_and_choices(role: str) -> None:
    text = (ROLES[role] / "README.md").read_text()
    assert text == role_readme.updated(role, text), "regenerate it: python -m tests.pages.role_readme"
    rows = re.findall(rf"^\| `({role}_\w+)` \| (.*?)\| (.+) \|$", text, re.MULTILINE)
    assert [name for name, _default, _meaning in rows] == list(options_of(role))
    for name, default, meaning in rows:
        spec = options_of(role)[name]
        shown = default.strip(" `")
        assert (shown == "required") is spec.get("required", False)
        assert shown == "required" or yaml.safe_load(shown or '""') == spec.get("default", "")
        assert all(f"`{choice}`" in meaning for choice in spec.get("choices", ()) if choice)


def test_roles_have_the_same_metadata_except_for_their_descriptions() -> None:
    one, other = (load(role, "meta/main.yml") for role in ROLES)
    assert one["galaxy_info"].pop("description") != other["galaxy_info"].pop("description")
    assert one == other


def test_references_in_role_inference_exist() -> None:
    specs = load("inference", "meta/argument_specs.yml")
    assert referenced_names("M", specs) == {f"{COLLECTION}.endpoints", f"{COLLECTION}.endpoint_ping"}
    options = set(options_of("inference"))
    assert referenced_names("O", specs) - options == set()
    shown = set(re.findall(r"`(inference_\w+)(?:\.\w+)*`", (ROLES["inference"] / "README.md").read_text()))
    assert shown - options - {"inference_", "inference_result", "inference_verified"} == set()


def test_endpoints_in_readme_of_role_inference_are_valid() -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", (ROLES["inference"] / "README.md").read_text(), re.DOTALL)
    [variables] = yaml.safe_load(re.sub(r"{{ \w+ }}", "a-key", block))[0]["roles"]
    assert variables.keys() - {"role"} <= options_of("inference").keys()
    options = {name: variables[f"inference_{name}"] for name in ("elasticsearch_url", "endpoints", "defaults")}
    assert validation_errors("endpoints", options) == []


def option_of_each_variable() -> Iterator[tuple[str, str, str]]:
    """Yield each role variable that has an option: the variable, the module, and the path of its option."""
    yield from ((name, "anthropic_endpoints", path) for path, _option, name in common_options())
    yield from ((f"inference_{name}", "endpoints", name) for name in module_spec())
    yield "anthropic_endpoints", "anthropic_endpoints", "endpoints"
    for role in ROLES:
        yield from ((f"{role}_verify_{name}", "endpoint_ping", name) for name in ("input", "max_tokens"))


def documentation_of(module: str, path: str) -> dict[str, Any]:
    """Return the documentation of an option, by its dotted path."""
    first, *rest = path.split(".")
    option: dict[str, Any] = modules.options_of(module)[first]
    for name in rest:
        option = option["suboptions"][name]
    return option


def first_sentence(option: dict[str, Any], prefix: str = "") -> str:
    """Return the first sentence of a description, with this prefix before the names of options."""
    description = option["description"]
    text = description if isinstance(description, str) else description[0]
    return re.sub(r"\bO\((?=\w+[)=])", f"O({prefix}", re.split(r"(?<=[.]) (?=[A-Z])", text)[0])


def test_every_role_variable_except_for_verify_has_an_option() -> None:
    with_option = {name for name, _module, _path in option_of_each_variable()}
    for role in ROLES:
        assert options_of(role).keys() - with_option == {f"{role}_verify"}


@pytest.mark.parametrize(
    ("variable", "module", "path"), [pytest.param(*each, id=each[0]) for each in option_of_each_variable()]
)
def test_description_of_role_variable_begins_like_its_option(variable: str, module: str, path: str) -> None:
    role = variable.partition("_")[0]
    expected = first_sentence(documentation_of(module, path), f"{role}_")
    assert first_sentence(options_of(role)[variable]) == expected


@pytest.mark.parametrize(("role", "module"), [("anthropic", "anthropic_endpoints"), ("inference", "endpoints")])
def test_descriptions_of_endpoints_in_role_begin_like_those_of_the_module(role: str, module: str) -> None:
    def sentences(options: dict[str, Any], members: str) -> dict[str, Any]:
        return {
            name: (first_sentence(option), sentences(option.get(members) or {}, members))
            for name, option in options.items()
        }

    documented = modules.options_of(module)["endpoints"]["suboptions"]
    assert sentences(options_of(role)[f"{role}_endpoints"]["options"], "options") == sentences(documented, "suboptions")
