# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the guide "Connect to your cluster": secrets that Ansible itself shows, and how to prevent it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.integration.guides import Reader, reader
from tests.integration.harness import find_leaks
from tests.simulator import Simulator

NEVER = 9
#: The options that set each verbosity.
VERBOSITIES = {0: "", 1: "-v"}
PLAY = "- hosts: localhost\n  gather_facts: false\n  vars_files: [keys.json]\n  tasks:\n"

ENDPOINT = """
  esops.inference.anthropic_endpoint:
    inference_id: "{{ item.inference_id }}"
    service_settings: "{{ item.service_settings }}"
    task_settings: {max_tokens: 5}
  loop:
    - inference_id: one
      service_settings: {api_key: "{{ key }}", model_id: claude-sonnet-4-5}
"""
REJECTED = ENDPOINT.replace("5}\n  loop", "-5}\n  ignore_errors: true\n  loop")
LABEL = '  loop_control: {label: "{{ item.inference_id }}"}\n'
NO_LOG = "  no_log: true\n"


@dataclass(frozen=True)
class Example:
    """Tasks with `{{ key }}`, and the lowest verbosity at which Ansible shows that key."""

    name: str
    tasks: str
    shown_from: int

    @property
    def key(self) -> str:
        return f"sk-ant-{self.name}-secret"

    @property
    def play(self) -> str:
        """Return the tasks with the key of this example."""
        text = textwrap.indent(f"- name: {self.name}{self.tasks}", "    ")
        return text.replace("{{ key ", f"{{{{ keys.{self.name} ")


EXAMPLES = [
    Example("loop", ENDPOINT, 0),
    Example("loop_with_label", ENDPOINT + LABEL, 1),
    Example("failed_item_with_label", REJECTED + LABEL, 0),
    Example("failed_item_with_no_log", REJECTED + NO_LOG, NEVER),
    Example("registered_loop", f"{ENDPOINT}{NO_LOG}  register: loop_result\n- debug: {{var: loop_result}}\n", 0),
    Example(
        "part_of_registered_loop",
        f"{ENDPOINT}{NO_LOG}  register: loop_result\n"
        "- debug: {msg: \"{{ loop_result.results | map(attribute='endpoint') }}\"}\n",
        NEVER,
    ),
    Example(
        "loop_over_ids",
        """
  esops.inference.anthropic_endpoint:
    inference_id: "{{ item }}"
    service_settings: "{{ service_settings_of[item] }}"
    task_settings: {max_tokens: 5}
  loop: "{{ service_settings_of.keys() | list }}"
  vars:
    service_settings_of: {one: {api_key: "{{ key }}", model_id: claude-sonnet-4-5}}
""",
        NEVER,
    ),
    Example(
        "list_module",
        """
  esops.inference.anthropic_endpoints:
    defaults: {service_settings: {model_id: claude-sonnet-4-5}, task_settings: {max_tokens: 5}}
    endpoints:
      - inference_id: one
        service_settings: {api_key: "{{ key }}"}
""",
        NEVER,
    ),
    Example("include_in_loop", '\n  include_tasks: included.yml\n  loop: [{api_key: "{{ key }}"}]\n', 0),
    Example(
        "include_in_loop_with_label",
        '\n  include_tasks: included.yml\n  loop: [{api_key: "{{ key }}"}]\n  loop_control: {label: hidden}\n',
        NEVER,
    ),
    Example("debug", '\n  debug: {msg: "{{ key }}"}\n', 0),
    Example("name_of_a_task", " {{ key }}\n  debug:\n", 0),
    Example("assert_message", '\n  assert: {that: false, fail_msg: "{{ key }}"}\n  ignore_errors: true\n', 0),
    Example("assert_condition", "\n  assert: {that: \"keys.assert_condition == ''\"}\n  ignore_errors: true\n", NEVER),
    Example("set_fact", '\n  set_fact: {another_key: "{{ key }}"}\n', 1),
    Example("add_host", '\n  add_host: {name: another, groups: all, another_key: "{{ key }}"}\n', 1),
    Example("include_vars", "\n  include_vars: include_vars.json\n", 1),
    Example("include_vars_with_no_log", f"\n  include_vars: include_vars_with_no_log.json\n{NO_LOG}", NEVER),
    Example("argument", '\n  command: echo "{{ key }}"\n', 1),
    Example("copy_with_diff", '\n  copy: {content: "{{ key }}", dest: copied, mode: "600"}\n', 0),
    Example(
        "copy_without_diff",
        '\n  copy: {content: "{{ key }}", dest: copied_without_diff, mode: "600"}\n  diff: false\n',
        NEVER,
    ),
]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    home = tmp_path_factory.mktemp("home")
    with Simulator() as server, reader(home, {}) as session:
        session.run(f"export ELASTICSEARCH_URL={server.url} ANSIBLE_NOCOLOR=1 ANSIBLE_PIPELINING=1")
        yield session


@pytest.fixture(scope="module")
def shown(shell: Reader) -> Mapping[int, list[str]]:
    """Return the names of the examples whose keys a run with each verbosity shows.

    Keys that are shown without `-v` are also shown with it. Only the deciding verbosities are run.
    """
    keys = {example.name: example.key for example in EXAMPLES}
    files = {
        "play0.yml": PLAY + "".join(example.play for example in EXAMPLES if example.shown_from < NEVER),
        "play1.yml": PLAY + "".join(example.play for example in EXAMPLES if example.shown_from > 0),
        "keys.json": json.dumps({"keys": keys}),
        "included.yml": "- debug:\n",
        "include_vars.json": json.dumps({"included": keys["include_vars"]}),
        "include_vars_with_no_log.json": json.dumps({"included": keys["include_vars_with_no_log"]}),
    }
    for name, text in files.items():
        (shell.folder / name).write_text(text)
    play = "ansible-playbook --diff play"
    printed = {verbosity: shell.run(f"{play}{verbosity}.yml {option}") for verbosity, option in VERBOSITIES.items()}
    assert all(" failed=0 " in text for text in printed.values()), printed
    return {verbosity: find_leaks(text, keys) for verbosity, text in printed.items()}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_key_is_shown_from_the_documented_verbosity_on(example: Example, shown: Mapping[int, list[str]]) -> None:
    if example.shown_from < NEVER:
        assert (example.name in shown[0]) is (example.shown_from == 0)
    if example.shown_from > 0:
        assert (example.name in shown[1]) is (example.shown_from == 1)


class TestOtherPlaces:
    """A run with one endpoint, whose keys appear outside the task."""

    keys: Mapping[str, str] = {
        name: f"sk-ant-{name}-secret" for name in ("endpoint", "environment", "fact", "inventory")
    }
    play = f"""{PLAY}
    - esops.inference.anthropic_endpoint:
        inference_id: one
        service_settings: {{api_key: "{{{{ endpoint }}}}", model_id: claude-sonnet-4-5}}
        task_settings: {{max_tokens: 5}}
      environment: {{API_KEY: "{{{{ keys.environment }}}}"}}
    - set_fact: {{kept: "{{{{ keys.fact }}}}", cacheable: true}}
"""

    @pytest.fixture(autouse=True)
    def files(self, shell: Reader) -> None:
        (shell.folder / "other.yml").write_text(self.play)
        (shell.folder / "keys.json").write_text(json.dumps({"keys": self.keys}))
        (shell.folder / "endpoint.json").write_text(json.dumps({"endpoint": self.keys["endpoint"]}))
        (shell.folder / "inventory.json").write_text(
            json.dumps({"all": {"hosts": {"search": {"key": self.keys["inventory"]}}}})
        )

    def leaks(self, text: str) -> list[str]:
        return find_leaks(text, self.keys)

    @pytest.mark.parametrize(
        ("variable", "shown"), [(f"endpoint={keys['endpoint']}", ["endpoint"]), ("@endpoint.json", [])]
    )
    def test_extra_variable_is_shown_with_vvvv_unless_from_a_file(
        self, shell: Reader, variable: str, shown: list[str]
    ) -> None:
        assert self.leaks(shell.run(f"ansible-playbook -e {variable} -vvvv --tags none other.yml")) == shown

    def test_vvv_shows_environment_and_files_hold_cacheable_facts_and_kept_options(self, shell: Reader) -> None:
        cache = "ANSIBLE_CACHE_PLUGIN=jsonfile ANSIBLE_CACHE_PLUGIN_CONNECTION=cache"
        keep = "ANSIBLE_KEEP_REMOTE_FILES=1 ANSIBLE_PIPELINING=0 ANSIBLE_REMOTE_TMP=$PWD/remote"
        printed = shell.run(f"{cache} {keep} ansible-playbook -e @endpoint.json -vvv other.yml")
        assert self.leaks(printed) == ["environment", "fact"]
        files = {name: (shell.folder / name).rglob("*") for name in ("cache", "remote")}
        texts = {name: "".join(one.read_text() for one in found if one.is_file()) for name, found in files.items()}
        assert {name: self.leaks(text) for name, text in texts.items()} == {"cache": ["fact"], "remote": ["endpoint"]}

    def test_inventory_command_shows_variables(self, shell: Reader) -> None:
        assert self.leaks(shell.run("ansible-inventory -i inventory.json --list")) == ["inventory"]
