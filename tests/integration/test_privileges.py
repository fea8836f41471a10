# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page "Privileges": the privileges of each row, API key and role are enough, and each of them is needed."""

from __future__ import annotations

import ast
import base64
import json
import re
import textwrap
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from tests.integration.guides import GUIDES, ROOT, blocks
from tests.simulator import OnIndices, Security, Simulator
from tests.simulator.security import GRANTED_BY
from tests.unit.support import DOCUMENTED, FORMER_KEY, ID, KEY, MODEL, Run, run_module, seed

PAGE = (GUIDES / "privileges.rst").read_text(encoding="utf-8")
INDEX = "ansible-inference-fingerprints"
#: What a user or an API key of the simulator may do.
Privileges = tuple[str | OnIndices, ...]
USER = {"elasticsearch_username": "ansible", "elasticsearch_password": "a password"}
ADMIN = {"elasticsearch_username": "elastic", "elasticsearch_password": "another password"}

IN_SYNC = {"service_settings": {"model_id": MODEL}}
UPDATE = {"task_settings": {"max_tokens": 2048}}
CREATE = {**DOCUMENTED, "inference_id": "new", "duplicate_model": "allow"}
DELETE = {"state": "absent"}
#: No update changes the rate limit before 9.4, so the version decides that the endpoint must be re-created.
RECREATE = {"service_settings": {"api_key": KEY, "rate_limit": {"requests_per_minute": 7}}, "allow_recreate": True}
WHEN_CHANGED = {**CREATE, "update_secrets": "when_changed"}


@dataclass(frozen=True)
class Step:
    """A run of a module, for the documented endpoint unless the options name another one."""

    options: dict[str, Any]
    module: str = "anthropic_endpoint"
    check: bool = False

    def run(self, server: Simulator, credentials: dict[str, str]) -> Run:
        """Run the module."""
        options = {"elasticsearch_url": server.url, "inference_id": ID, "retries": 0, **credentials, **self.options}
        return run_module(self.module, options, check=self.check)


def life(**options: Any) -> tuple[Step, ...]:
    """Return steps that create an endpoint, change its key and a setting, find it in sync, and delete it."""
    former = {"service_settings": {**DOCUMENTED["service_settings"], "api_key": FORMER_KEY}}
    return tuple(Step({**CREATE, **options, **step}) for step in (former, UPDATE, UPDATE, DELETE))


def store_fingerprint(server: Simulator) -> None:
    """Create an endpoint with a fingerprint of its key."""
    assert not Step(WHEN_CHANGED).run(server, ADMIN).failed


@dataclass(frozen=True)
class Scenario:
    """Runs that need the privileges of a row.

    :ivar also: cluster privileges that the runs need in addition.
    """

    steps: tuple[Step, ...]
    version: str = "9.6"
    also: tuple[str, ...] = ()
    prepare: Callable[[Simulator], None] = seed

    def succeeds(self, privileges: Privileges) -> bool:
        """Return whether all runs end without a failure and without a warning."""
        users = {
            "ansible": (USER["elasticsearch_password"], privileges),
            "elastic": (ADMIN["elasticsearch_password"], ("all", OnIndices(("*",), ("all",)))),
        }
        with Simulator(version=self.version, security=Security(users=users)) as server:
            self.prepare(server)
            runs = [step.run(server, USER) for step in self.steps]
        return not any(run.failed or run.warnings for run in runs)


#: By the beginning of the row.
SCENARIOS = {
    "Read endpoints:": Scenario((Step({}, "endpoint_info"), Step(IN_SYNC))),
    "Send requests to endpoints:": Scenario((Step({}, "endpoint_ping"), Step({"input": "Hello"}, "completion"))),
    "``references: true``": Scenario((Step({"references": True}, "endpoint_info"),)),
    "Create an endpoint": Scenario((Step(CREATE),)),
    "Update an endpoint": Scenario((Step(UPDATE),)),
    "Delete an endpoint:": Scenario((Step(DELETE),)),
    "Re-create an endpoint:": Scenario((Step(RECREATE),), "9.3"),
    "Check mode and drift reports: endpoints in sync": Scenario((Step(IN_SYNC, check=True), Step(CREATE, check=True))),
    "Check mode and drift reports: endpoints to update": Scenario((Step(UPDATE, check=True),)),
    "Check mode and drift reports: endpoints to delete": Scenario((Step(DELETE, check=True),)),
    "Check mode and drift reports: endpoints to re-create": Scenario((Step(RECREATE, check=True),), "9.3"),
    "In addition, for ``wait_for_deployment: true``": Scenario(
        (Step({**IN_SYNC, "wait_for_deployment": True}),), also=("monitor_inference",)
    ),
    "In addition, for ``update_secrets: when_changed`` with ``fingerprint_store: index``": Scenario(
        life(update_secrets="when_changed"), also=("manage_inference", "monitor")
    ),
    "In addition, for ``fingerprints: true``": Scenario(
        (Step({"fingerprints": True}, "endpoint_info"), Step(WHEN_CHANGED, check=True)),
        also=("monitor_inference",),
        prepare=store_fingerprint,
    ),
    "In addition, for ``update_secrets: when_changed`` with ``fingerprint_store: file``": Scenario(
        (Step({**WHEN_CHANGED, "fingerprint_store": "file", "fingerprint_file": "fingerprints.json"}),),
        also=("manage_inference",),
    ),
}


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    operation: str
    cluster: frozenset[str]
    index: frozenset[str]

    @property
    def scenario(self) -> Scenario:
        """Return the runs that the row is about."""
        return next(scenario for start, scenario in SCENARIOS.items() if self.operation.startswith(start))


def rows() -> Iterator[Row]:
    """Yield the rows of the table."""
    table = PAGE.partition("Required privileges\n")[2].partition("\n* ``manage_inference`` includes")[0]
    for row in table.split("\n   * - ")[2:]:
        operation, *cells = re.split(r"\n     -", row)
        cluster, index = (frozenset(re.findall(r"``(\w+)``", cell)) for cell in cells)
        yield Row(" ".join(operation.split()), cluster, index)


ROWS = list(rows())


def granted(cluster: Collection[str], index: Collection[str]) -> Privileges:
    """Return privileges in the form of the simulator."""
    return (*cluster, OnIndices((INDEX,), tuple(index))) if index else tuple(cluster)


def without(privilege: str, names: Collection[str]) -> list[str]:
    """Return the other names."""
    return [name for name in names if name != privilege]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use an empty working directory."""
    monkeypatch.chdir(tmp_path)


def test_each_row_has_a_scenario() -> None:
    starts = [start for row in ROWS for start in SCENARIOS if row.operation.startswith(start)]
    assert starts == list(SCENARIOS)
    assert len(ROWS) == len(SCENARIOS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.operation.replace("``", ""))
class TestRow:
    """A row of the table."""

    def test_privileges_are_enough(self, row: Row) -> None:
        assert row.scenario.succeeds(granted([*row.scenario.also, *row.cluster], row.index))

    def test_each_privilege_is_needed(self, row: Row) -> None:
        cluster = [*row.scenario.also, *row.cluster]
        for privilege in row.cluster:
            less = granted([*row.scenario.also, *without(privilege, row.cluster)], row.index)
            assert not row.scenario.succeeds(less), privilege
        for privilege in row.index:
            assert not row.scenario.succeeds(granted(cluster, without(privilege, row.index))), privilege

    def test_requests_name_the_cluster_privileges(self, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each request carries the privilege that it needs. Some also read the version, if they may."""
        named: set[str] = set()
        send = Client.send

        def record(client: Client, request: Any, *arguments: Any, **options: Any) -> Any:
            named.add(request.privilege)
            return send(client, request, *arguments, **options)

        def prepare(server: Simulator) -> None:
            row.scenario.prepare(server)
            named.clear()

        monkeypatch.setattr(Client, "send", record)
        cluster = {*row.scenario.also, *row.cluster}
        assert replace(row.scenario, prepare=prepare).succeeds(granted(cluster, row.index))
        assert row.cluster <= named
        assert {name for name in named - {"", "monitor"} if cluster.isdisjoint(GRANTED_BY[name])} == set()


def privileges_of_requests() -> set[str]:
    """Return the privileges that requests carry, in the code of the modules."""
    found = set()
    for path in ROOT.glob("plugins/module_utils/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "privilege":
                values: list[Any] = [node.value]
            elif isinstance(node, ast.arguments):
                named = [*node.args[len(node.args) - len(node.defaults) :], *node.kwonlyargs]
                defaults = [*node.defaults, *node.kw_defaults]
                values = [value for name, value in zip(named, defaults, strict=True) if name.arg == "privilege"]
            else:
                continue
            found |= {str(value.value) for value in values if isinstance(value, ast.Constant) and value.value}
    return found


def test_table_has_the_privileges_of_all_requests() -> None:
    assert {name for row in ROWS for name in (*row.cluster, *row.index)} == privileges_of_requests()


def test_sentence_before_the_table_agrees_with_it() -> None:
    general = ("manage_inference", "monitor")
    others = [row for row in ROWS if row.index or "``wait_for_deployment" in row.operation]
    assert [row for row in ROWS if row.index or not row.cluster <= with_narrower(general)] == others


def with_narrower(privileges: Collection[str]) -> set[str]:
    """Return cluster privileges and those that they include."""
    return {name for name, wider in GRANTED_BY.items() if not set(wider).isdisjoint(privileges)}


FILES = {block.caption: json.loads(block.text) for block in blocks("privileges") if block.caption}
#: All JSON on the page, also within lists.
SHOWN = [
    json.loads(textwrap.dedent(body))
    for body in re.findall(r"^ *\.\. code-block:: json\n(?: +:.*\n)*\n((?: +.*\n)+)", PAGE, re.MULTILINE)
]


def role_of(name: str) -> dict[str, Any]:
    """Return the role of an API key."""
    [role] = FILES[name]["role_descriptors"].values()
    return dict(role)


def granted_by(role: dict[str, Any]) -> Privileges:
    """Return the privileges of a role."""
    return (*role["cluster"], *(OnIndices(**index) for index in role.get("indices", ())))


def smaller_roles(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the role without one of its privileges, for each of them."""
    for name in role["cluster"]:
        yield {**role, "cluster": without(name, role["cluster"])}
    for index in role.get("indices", ()):
        for name in index["privileges"]:
            yield {**role, "indices": [{**index, "privileges": without(name, index["privileges"])}]}


class TestExamples:
    """The API keys and the role."""

    @pytest.mark.parametrize(
        ("role", "scenario"),
        [
            (role_of("api_key.json"), Scenario(life())),
            (role_of("api_key_with_fingerprints.json"), Scenario(life(update_secrets="when_changed"))),
            (role_of("api_key_for_reports.json"), Scenario((Step(CREATE, check=True), Step(UPDATE, check=True)))),
            (FILES["role.json"], Scenario(life(update_secrets="when_changed"))),
        ],
    )
    def test_privileges_are_enough_and_needed(self, role: dict[str, Any], scenario: Scenario) -> None:
        assert set(role) <= {"cluster", "indices"}
        assert scenario.succeeds(granted_by(role))
        assert [smaller for smaller in smaller_roles(role) if scenario.succeeds(granted_by(smaller))] == []

    @pytest.mark.parametrize("name", [name for name in FILES if name.startswith("api_key")])
    def test_body_has_the_fields_of_the_api(self, name: str) -> None:
        assert set(FILES[name]) == {"name", "expiration", "role_descriptors"}
        assert re.fullmatch(r"\d+d", FILES[name]["expiration"])

    def test_kibana_gets_the_role_descriptors_of_the_api_key(self) -> None:
        assert FILES["api_key.json"]["role_descriptors"] in SHOWN

    def test_commands_send_the_files(self) -> None:
        sent = re.findall(r"https://es\.example\.com:9200(/_security/\w+)\S* .*\n.*--data @(\S+)", PAGE)
        assert sent == [("/_security/api_key", "api_key.json"), ("/_security/role", "role.json")]

    def test_response_contains_a_usable_api_key(self) -> None:
        [response] = [shown for shown in SHOWN if "encoded" in shown]
        pair = f"{response['id']}:{response['api_key']}"
        assert base64.b64decode(response["encoded"]).decode() == pair
        security = Security(api_keys={pair: granted_by(role_of("api_key.json"))})
        for key in (response["encoded"], pair):
            with Simulator(security=security) as server:
                run = Step(CREATE).run(server, {"elasticsearch_api_key": key})
            assert not run.failed, run.result
