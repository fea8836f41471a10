# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the documentation against the code, and of all examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import VERSION
from tests.artifact import ROOT
from tests.pages import modules, readme
from tests.pages.modules import COLLECTION, MODULES
from tests.pages.readme import README, SUPPORTED
from tests.simulator import Simulator
from tests.unit.support import ID, KEY, MODEL, STORED, Run, info, run_module, seed

ROLE = ROOT / "roles/anthropic"
#: Values of the variables in examples.
SAMPLES = {
    "elasticsearch_api_key": "id:elasticsearch-secret",
    "other_elasticsearch_api_key": "id:other-elasticsearch-secret",
    "anthropic_api_key": KEY,
    "my_anthropic_api_key": KEY,
    "openai_api_key": KEY,
    "cohere_api_key": KEY,
    "found.endpoints": [STORED],
    "inference.endpoints": [STORED],
    "questions": ["Who are you?", "Why?"],
}
ENVIRONMENT = {"ANTHROPIC_API_KEY": KEY}
#: Endpoints that exist before the examples of a module are played.
EXISTING = {
    "completion": [ID, "support-answers", "contracts"],
    "endpoints": [ID],
    "endpoint_info": ["support-answers", "support-summaries", "contracts", "letters"],
    "endpoint_ping": [ID, "support-answers", "contracts"],
}
#: Results of the examples of each module, in their order: actions of modules that write, the number of endpoints of
#: endpoint_info, and the IDs of the endpoints in the results of completion and endpoint_ping.
ACTIONS = {
    "anthropic_endpoint": ["created", "updated", "updated", "recreated", "deleted"],
    "anthropic_endpoints": [["created", "created", "created"], ["none", "none", "deleted"]],
    "completion": [[ID], ["support-answers", "contracts"], ["support-answers", "support-answers"]],
    "endpoint": ["created", "updated", "created", "deleted"],
    "endpoints": [["created"] * 3, 6, ["none"], ["none", "deleted", "deleted"]],
    "endpoint_info": [6, 0, 3, 4, 4, ["created"]],
    "endpoint_ping": [[ID], [ID, "contracts", "support-answers"], ["support-answers", "contracts"], ["contracts"]],
}
WRITING_MODULES = ["anthropic_endpoint", "anthropic_endpoints", "endpoint", "endpoints"]
#: Keys that ansible-core returns or documents for every module.
COMMON = {"changed", "failed", "msg", "diff", "warnings", "invocation"}


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def fill_in(value: Any) -> Any:
    """Replace Jinja expressions with sample values."""
    if isinstance(value, dict):
        return {name: fill_in(part) for name, part in value.items()}
    if isinstance(value, list):
        return [fill_in(part) for part in value]
    if not isinstance(value, str) or "{{" not in value:
        return value
    looked_up = re.fullmatch(r"{{ lookup\('ansible.builtin.env', '(\w+)'\) }}", value)
    return ENVIRONMENT[looked_up[1]] if looked_up else SAMPLES[value.strip("{} ")]


def tasks_of(plays: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the module and the options of each task of this collection, in a list of tasks or plays."""
    for play in plays:
        tasks = [*play.get("pre_tasks", ()), *play.get("tasks", ()), *play.get("post_tasks", ())]
        defaults = play.get("module_defaults", {}).get(f"group/{COLLECTION}.all", {})
        for task in tasks if "hosts" in play else [play]:
            for name, options in task.items():
                if name.startswith(f"{COLLECTION}."):
                    yield name.removeprefix(f"{COLLECTION}."), fill_in({**defaults, **options})


def role_variables_of(plays: Any) -> Iterator[set[str]]:
    """Yield the names of the role variables that each play sets."""
    for play in plays:
        for role in play.get("roles", ()):
            inline = set(role) - {"role"} if isinstance(role, dict) else set()
            yield inline | set(play.get("vars", ()))


def examples(module: str) -> list[tuple[str, dict[str, Any]]]:
    """Return module and options of each task in the examples of a module. The first task uses the module itself."""
    text = modules.ansible_doc("module", *MODULES)[module]["examples"]
    found = list(tasks_of(yaml.safe_load(text)))
    assert found[0][0] == module
    return found


def yaml_blocks(path: str) -> list[Any]:
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", (ROOT / path).read_text(), re.DOTALL)]


def documented_plays() -> list[Any]:
    """Return all playbooks of the README files and of the demo."""
    blocks = [block for path in ("README.md", "roles/anthropic/README.md") for block in yaml_blocks(path)]
    demo = [yaml.safe_load(path.read_text()) for path in sorted(ROOT.glob("tests/demo/*.yml"))]
    return [*(block for block in blocks if isinstance(block, list)), *demo]


def validation_errors(module: str, options: Mapping[str, Any]) -> list[str]:
    """Return the validation errors that the module reports before any request."""
    spec, more_problems = modules.entry(module)
    checked = ArgumentSpecValidator(spec).validate(options)
    return checked.error_messages or more_problems(checked.validated_parameters)


def module_option(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return an option of an argument spec in the form of its documentation."""
    return {
        "type": spec.get("type", "str"),
        "elements": spec.get("elements"),
        "required": spec.get("required", False),
        "default": spec.get("default"),
        "choices": spec.get("choices"),
        "options": module_options(spec["options"]) if "options" in spec else None,
    }


def module_options(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {name: module_option(option) for name, option in spec.items()}


def documented_options(options: Mapping[str, Any], members: str = "suboptions") -> dict[str, Any]:
    """Return documented options in the same form. C(members) is the key of the options of a dictionary."""
    return {
        name: {
            "type": option.get("type", "str"),
            "elements": option.get("elements"),
            "required": option.get("required", False),
            "default": option.get("default"),
            "choices": option.get("choices"),
            "options": documented_options(option[members], members) if members in option else None,
        }
        for name, option in options.items()
    }


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def paths(options: Mapping[str, Any], members: str, prefix: str = "") -> Iterator[str]:
    for name, option in options.items():
        yield prefix + name
        yield from paths(option.get(members) or {}, members, f"{prefix}{name}.")


def referenced_names(markup: str, value: Any) -> set[str]:
    """Return the names in C(markup), without values and without the brackets of lists."""
    return {
        re.split("=|(?<!module):", name.replace("[]", ""))[0]
        for text in texts(value)
        for name in re.findall(rf"\b{markup}\(([^)]+)\)", text)
    }


@pytest.mark.parametrize("module", MODULES)
def test_documented_options_match_the_argument_spec(module: str) -> None:
    spec, _problems = modules.entry(module)
    assert documented_options(modules.options_of(module)) == module_options(spec)


def first_sentences(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Return the names of options or return values, and the first sentences of their descriptions."""
    for name, option in options.items():
        description = option["description"]
        yield name, description if isinstance(description, str) else description[0]
        yield from first_sentences(option.get("suboptions") or option.get("contains") or {})


@pytest.mark.parametrize("module", MODULES)
def test_first_sentence_of_each_option_stands_alone(module: str) -> None:
    """Pages sort options by name, so a first sentence cannot refer to the option before."""
    documented = modules.ansible_doc("module", *MODULES)[module]
    sentences = [*first_sentences(documented["doc"]["options"]), *first_sentences(documented["return"] or {})]
    assert sentences
    depends = re.compile(r"(It|They|That|This|These|Those|Its|Their|Or|And|The same|Like)\b|[a-z]")
    assert not [(name, text) for name, text in sentences if depends.match(text)]


@pytest.mark.parametrize("module", MODULES)
def test_environment_variables_are_documented(module: str) -> None:
    spec, _problems = modules.entry(module)
    read = {name: option["fallback"][1][0] for name, option in spec.items() if "fallback" in option}
    documented = {name: modules.environment_variable(option) for name, option in modules.options_of(module).items()}
    assert {name: variable for name, variable in documented.items() if variable} == read


@pytest.mark.parametrize("module", MODULES)
def test_references_in_documentation_exist(module: str) -> None:
    known = modules.ansible_doc("module", *MODULES)[module]
    options = set(paths(modules.options_of(module), "suboptions"))
    options |= {
        f"{COLLECTION}.{other}#module:{option}"
        for other in MODULES
        for option in paths(modules.options_of(other), "suboptions")
    }
    assert referenced_names("O", known) - options == set()
    assert referenced_names("RV", known) - set(paths(known["return"], "contains")) == set()
    assert referenced_names("M", known) - {f"{COLLECTION}.{name}" for name in MODULES} == set()


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_valid(module: str) -> None:
    errors = [validation_errors(name, options) for name, options in examples(module)]
    assert errors == [[] for _action in ACTIONS[module]]


@pytest.mark.parametrize("module", MODULES)
def test_examples_have_the_expected_result_and_are_idempotent(module: str, server: Simulator) -> None:
    for inference_id in EXISTING.get(module, ()):
        seed(server, inference_id)
    actions = []
    for name, options in examples(module):
        run = run_module(name, {**options, "elasticsearch_url": server.url})
        assert not run.failed, run.output
        actions.append(result_of(run))
        again = run_module(name, {**options, "elasticsearch_url": server.url})
        assert again["changed"] is (options.get("update_secrets") == "always")
    assert actions == ACTIONS[module]


def result_of(run: Run) -> Any:
    """Return the result of a run in the form of C(ACTIONS)."""
    if "results" in run:
        return [one["action"] if "action" in one else one["inference_id"] for one in run["results"]]
    return run["action"] if "action" in run else len(run["endpoints"])


def run_for_new_endpoint(module: str, server: Simulator, **body: Any) -> Run:
    """Run a module for an endpoint that does not exist yet."""
    options: dict[str, Any] = {"inference_id": "returned", "task_settings": {"max_tokens": 1}, **body}
    if module in ("endpoint", "endpoints"):
        options.update(service="anthropic", task_type="completion")
    if module.endswith("endpoints"):
        options = {"endpoints": [options]}
    return run_module(module, {"elasticsearch_url": server.url, **options}, diff=True)


@pytest.mark.parametrize("module", WRITING_MODULES)
def test_return_values_of_writing_modules_are_documented(module: str, server: Simulator) -> None:
    documented = modules.ansible_doc("module", *MODULES)[module]["return"]
    created = run_for_new_endpoint(module, server, service_settings={"api_key": KEY, "model_id": MODEL})
    refused = run_for_new_endpoint(module, server, service_settings={"model_id": "another"})
    if module.endswith("endpoints"):
        assert set(documented["results"]["contains"]) == {*created["results"][0], *refused["results"][0]}
    failure = set() if module.endswith("endpoints") else {"failure"}
    assert not created.failed
    assert set(created.result) - COMMON == set(documented) - {"failure"}
    assert refused.failed
    assert set(refused.result) - COMMON == set(documented) - {"failure"} | failure


def test_return_values_of_endpoint_info_are_documented(server: Simulator) -> None:
    seed(server)
    documented = modules.ansible_doc("module", *MODULES)["endpoint_info"]["return"]
    assert set(info(server, references=True, fingerprints=True).result) - COMMON == set(documented) - {"failure"}
    [sample] = documented["endpoints"]["sample"]
    assert info(server, inference_id=sample["inference_id"])["endpoints"] == [sample]
    [references] = documented["references"]["sample"].values()
    server.refer(sample["inference_id"], **references)
    found = info(server, inference_id=sample["inference_id"], references=True)["references"]
    assert found == documented["references"]["sample"]


def test_return_values_of_completion_are_documented(server: Simulator) -> None:
    seed(server)
    server.seed("chat", task_type="chat_completion")
    documented = modules.ansible_doc("module", *MODULES)["completion"]["return"]
    options = {"elasticsearch_url": server.url, "inference_id": ["chat", "missing"], "input": "Hello"}
    run = run_module("completion", options)
    assert set(run.result) - COMMON == set(documented)
    answered, refused = run["results"]
    assert {*answered, *refused} == set(documented["results"]["contains"])
    assert set(answered["usage"]) == set(documented["results"]["contains"]["usage"]["sample"])
    assert set(refused["failure"]) == set(documented["failure"]["contains"])


def test_return_values_of_endpoint_ping_are_documented(server: Simulator) -> None:
    seed(server)
    documented = modules.ansible_doc("module", *MODULES)["endpoint_ping"]["return"]
    run = run_module("endpoint_ping", {"elasticsearch_url": server.url, "inference_id": [ID, "missing"]})
    assert set(run.result) - COMMON == set(documented)
    responding, refused = run["results"]
    assert {*responding, *refused} == set(documented["results"]["contains"])
    assert set(refused["failure"]) == set(documented["failure"]["contains"])


def test_details_of_failures_are_documented(server: Simulator) -> None:
    server.stop()
    for module in MODULES:
        _name, options = examples(module)[0]
        run = run_module(module, {"elasticsearch_url": server.url, "retries": 0, **options})
        documented = modules.ansible_doc("module", *MODULES)[module]["return"]["failure"]["contains"]
        assert set(run["failure"]) == set(documented)


def test_action_group_contains_every_module() -> None:
    group = load("meta/runtime.yml")["action_groups"]["all"]
    assert [name for name in group if name != "metadata" and isinstance(name, str)] == MODULES
    for module in MODULES:
        attributes = modules.ansible_doc("module", *MODULES)[module]["doc"]["attributes"]
        assert attributes["action_group"]["membership"] == [f"{COLLECTION}.all"]


def test_version_is_the_same_everywhere() -> None:
    releases = load("changelogs/changelog.yaml")["releases"]
    newest = max(releases, key=lambda release: [int(part) for part in release.split(".")])
    assert load("galaxy.yml")["version"] == VERSION == newest
    assert f"## v{VERSION}\n" in (ROOT / "CHANGELOG.md").read_text().replace("\\", "")


def test_supported_versions_are_the_same_everywhere() -> None:
    oldest_core, newest_core = (list(SUPPORTED["ansible_cores"])[end] for end in (0, -1))
    oldest_python = SUPPORTED["pythons"][0]
    oldest_requests = SUPPORTED["requests"].removesuffix(".0")
    assert load("meta/runtime.yml")["requires_ansible"] == f">={oldest_core}.0"
    assert load("roles/anthropic/meta/main.yml")["galaxy_info"]["min_ansible_version"] == oldest_core
    assert load("tests/config.yml")["modules"]["python_requires"] == f">={oldest_python}"
    development = (ROOT / "tests/requirements.txt").read_text().splitlines()
    major, minor = newest_core.split(".")
    assert f"ansible-core>={oldest_core},<{major}.{int(minor) + 1}" in development
    assert list(SUPPORTED["ansible_core_candidates"] or ()) in ([], [f"{major}.{int(minor) + 1}"])
    assert f"requests>={oldest_requests},<3" in development
    for module in MODULES:
        requirements = modules.ansible_doc("module", *MODULES)[module]["doc"]["requirements"]
        assert requirements == [f"python >= {oldest_python}", f"requests >= {oldest_requests}"]


def test_continuous_integration_uses_every_supported_python() -> None:
    steps = load(".github/workflows/ci.yml")["jobs"]["make"]["steps"]
    [pythons] = [step["with"]["python-version"] for step in steps if "setup-python" in step.get("uses", "")]
    assert pythons.split() == SUPPORTED["pythons"]


def test_readme_is_up_to_date() -> None:
    text = README.read_text()
    assert text == readme.updated(text), "regenerate it: python -m tests.pages.readme"


def test_readme_shows_a_playbook_of_the_demo() -> None:
    assert yaml_blocks("README.md")[0] == load("tests/demo/create.yml")


def test_documented_playbooks_are_valid() -> None:
    found = [validation_errors(module, options) for plays in documented_plays() for module, options in tasks_of(plays)]
    assert len(found) == 4
    assert not any(found)


def test_documented_playbooks_set_existing_role_variables() -> None:
    found = [names for plays in documented_plays() for names in role_variables_of(plays)]
    assert len(found) == 3
    for names in found:
        assert names <= set(role_options())


def role_options() -> dict[str, Any]:
    return load("roles/anthropic/meta/argument_specs.yml")["argument_specs"]["main"]["options"]


def common_options() -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield each option that has a role variable: its path in the module, its spec, and the name of the variable.

    The role manages one service. Therefore, it does not have a variable for the service.
    """

    def leaves(spec: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any], str]]:
        for name, option in spec.items():
            if "options" in option and name != "chunking_settings":
                yield from leaves(option["options"], f"{prefix}{name}.")
            elif name != "service":
                yield prefix + name, option, f"anthropic_{name}"

    spec, _problems = modules.entry("anthropic_endpoints")
    yield from leaves({name: option for name, option in spec.items() if name != "endpoints"}, "")


#: Value that the role passes to the module. A variable that is null, empty, or only whitespace is omitted.
SET = "{{{{ [{name}] | reject('none') | select('search', '[^ \t\r\n]') | first | default({default}) }}}}"


def role_defaults() -> dict[str, Any]:
    return load("roles/anthropic/defaults/main.yml")


def expected_variable(option: Mapping[str, Any], default: Any, place: str = "") -> dict[str, Any]:
    """Return the spec of the role's variable for an option of the module.

    ansible-core before 2.19 rejects null for a string with a default, hence the type raw.
    """
    choices = [*option["choices"], "", None] if "choices" in option else None
    is_text = option["type"] in ("str", "path") and default == ""
    return {
        "type": "str" if is_text else "raw",
        "choices": choices,
        "required": False,
        "default": default,
        # The module hides only headers that are credentials. The spec of a role can only hide all headers.
        "no_log": option.get("no_log", False) or place == "headers",
    }


def expected_default(place: str, option: Mapping[str, Any]) -> Any:
    """Return the default of the role variable: the default of the module, or the value in the example of Elastic."""
    example = {"defaults.task_type": "completion", "defaults.task_settings.max_tokens": 1024}
    if place in example:
        return example[place]
    # An environment variable takes precedence over the default of the module.
    default = None if "fallback" in option else option.get("default")
    return "" if default is None else default


def expected_variables() -> dict[str, dict[str, Any]]:
    """Return the expected specs of the role variables, derived from the modules."""
    pinged = modules.entry("endpoint_ping")[0]
    return {
        "anthropic_endpoints": expected_variable({"type": "raw"}, "") | {"required": True},
        **{
            name: expected_variable(option, expected_default(place, option), place)
            for place, option, name in common_options()
        },
        "anthropic_verify": expected_variable({"type": "bool"}, False),
        "anthropic_verify_input": expected_variable(pinged["input"], "Reply with OK."),
        "anthropic_verify_max_tokens": expected_variable(pinged["max_tokens"], 16),
    }


def test_role_anthropic_has_a_variable_for_each_option_of_its_modules() -> None:
    specs = {
        name: {
            "type": spec["type"],
            "choices": spec.get("choices"),
            "required": spec.get("required", False),
            "default": spec.get("default", ""),
            "no_log": spec.get("no_log", False),
        }
        for name, spec in role_options().items()
    }
    assert specs == expected_variables()


def test_defaults_of_role_anthropic_match_its_argument_spec() -> None:
    assert role_defaults() == {
        name: spec.get("default", "") for name, spec in role_options().items() if not spec.get("required")
    }


def test_role_anthropic_documents_endpoints_like_the_module() -> None:
    spec, _problems = modules.entry("anthropic_endpoints")
    endpoints, of_module = role_options()["anthropic_endpoints"]["options"], spec["endpoints"]["options"]
    assert documented_options(endpoints, "options") == module_options(of_module)
    assert list(secrets(endpoints)) == list(secrets(of_module)) != []


def secrets(spec: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, option in spec.items():
        if option.get("no_log"):
            yield prefix + name
        yield from secrets(option.get("options", {}), f"{prefix}{name}.")


def test_role_anthropic_passes_every_variable_to_its_modules() -> None:
    def passed(options: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
        for name, value in options.items():
            if isinstance(value, dict):
                yield from passed(value, f"{prefix}{name}.")
            else:
                yield prefix + name, value

    _check, task, verify = load("roles/anthropic/tasks/main.yml")
    found = dict(passed(task["esops.inference.anthropic_endpoints"]))
    assert found.pop("endpoints") == "{{ anthropic_declared }}"
    assert found.pop("purge_exclude") == "{{ anthropic_excluded }}"
    assert found == {
        place: SET.format(name=name, default="omit")
        for place, _option, name in common_options()
        if place != "purge_exclude"
    }
    assert task["register"] == "anthropic_result"
    asked, connection = (
        verify["esops.inference.endpoint_ping"],
        [name for name in found if name in modules.entry("endpoint_ping")[0] and name != "parallel"],
    )
    assert {name: asked[name] for name in connection} == {name: found[name] for name in connection}
    assert asked["parallel"] == found["parallel"]
    prompt = {name: asked[name] for name in ("input", "max_tokens")}
    assert prompt == {
        name: SET.format(name=f"anthropic_verify_{name}", default=repr(role_defaults()[f"anthropic_verify_{name}"]))
        for name in prompt
    }
    assert verify["register"] == "anthropic_verified"


def test_references_in_role_anthropic_exist() -> None:
    specs = load("roles/anthropic/meta/argument_specs.yml")
    assert referenced_names("M", specs) == {f"{COLLECTION}.anthropic_endpoints", f"{COLLECTION}.endpoint_ping"}
    assert referenced_names("O", specs) - set(role_options()) == set()
    shown = set(re.findall(r"`(anthropic_\w+)`", (ROLE / "README.md").read_text()))
    assert shown - set(role_options()) - {"anthropic_", "anthropic_result", "anthropic_verified"} == set()
