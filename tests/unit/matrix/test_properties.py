# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of runs for any endpoint, declaration, policy, and version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import flatten
from ansible_collections.esops.inference.plugins.module_utils._modules.connection_options import connection_options
from ansible_collections.esops.inference.plugins.module_utils._modules.endpoint_options import (
    body_options,
    build_desired,
    endpoint_options,
    find_warnings,
    merge_defaults,
    validate_endpoint,
    validate_list,
)
from ansible_collections.esops.inference.plugins.module_utils._modules.policy_options import policy_options
from ansible_collections.esops.inference.plugins.module_utils._reconcile.comparison import compare
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Policy
from ansible_collections.esops.inference.plugins.module_utils._services.anthropic import SERVICE
from tests.simulator import Simulator
from tests.unit.declarations import declarations
from tests.unit.matrix.conftest import Count
from tests.unit.matrix.operations import BASE, VERSIONS, Bench, Operation, shown
from tests.unit.support import ID, run_module

MANY = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

#: Values of each setting. Random endpoints and declarations share some of them.
SETTINGS: Mapping[str, st.SearchStrategy[Any]] = {
    "service_settings.model_id": st.sampled_from(["m", "n"]),
    "service_settings.rate_limit.requests_per_minute": st.sampled_from([1, 50, 7]),
    "task_settings.max_tokens": st.sampled_from([1, 1024]),
    "task_settings.temperature": st.sampled_from([0.0, 0.5, 1.0]),
    "task_settings.top_k": st.sampled_from([0, 1, 40]),
    "task_settings.top_p": st.sampled_from([0.0, 0.9, 1.0]),
}

NEEDED = {path: SETTINGS[path] for path in BASE}
EXISTING = st.fixed_dictionaries(NEEDED, optional={path: SETTINGS[path] for path in SETTINGS if path not in BASE})
DECLARED = st.fixed_dictionaries({}, optional=dict(SETTINGS))
POLICIES = st.builds(
    Policy,
    update_secrets=st.sampled_from(["on_create", "always"]),
    unmanaged_settings=st.sampled_from(["keep", "remove"]),
    allow_recreate=st.booleans(),
    preflight=st.booleans(),
    duplicate_model=st.just("allow"),
)


@pytest.fixture(scope="module", params=VERSIONS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with Simulator(version=request.param) as server:
        yield Bench(server)


class TestAnyEndpoint:
    @MANY
    @given(st.none() | EXISTING, DECLARED, POLICIES, st.sampled_from(["present", "absent"]))
    def test_run_ends_in_sync_or_names_the_differences(
        self,
        bench: Bench,
        count: Count,
        existing: dict[str, Any] | None,
        declared: dict[str, Any],
        policy: Policy,
        state: str,
    ) -> None:
        declared = self._possible(bench, declared)
        operation = Operation("any", declared, state, existing is not None, policy)
        self._put(bench, existing)
        first = bench.run(operation)
        held = shown(bench.held)
        assert held == (first.after.as_dict() if first.after else None)
        second = bench.run(operation)
        assert shown(bench.held) == held
        if first.error is None and bench.version == "8.16" and second.error:
            # 8.16 accepts the key of a new endpoint, but cannot update it.
            assert SERVICE.secrets[0] in str(second.error)
        elif first.error is None:
            assert second.error is None
            assert second.changed is (policy.update_secrets == "always" and state == "present")
        else:
            assert str(second.error) == str(first.error)
            for path in self._differing(operation, second.after):
                assert path in str(second.error)
        count("random endpoints, declarations and policies")

    @MANY
    @given(EXISTING, DECLARED, POLICIES)
    def test_updates_contain_only_fields_that_some_version_accepts(
        self, bench: Bench, count: Count, existing: dict[str, Any], declared: dict[str, Any], policy: Policy
    ) -> None:
        self._put(bench, existing)
        bench.run(Operation("any", self._possible(bench, declared), policy=policy))
        for exchange in bench.server.log:
            if exchange.path.endswith("/_update"):
                assert all(self._may_be_sent(path) for path in flatten(exchange.body))
                # If the version may reject the whole update, it is the only write.
                assert exchange.status == 200 or bench.server.version.minor == (9, 4)
                assert exchange.status == 200 or len(bench.server.requests) == 5
        count("random updates whose fields were checked")

    @MANY
    @given(EXISTING, DECLARED, POLICIES)
    def test_check_mode_predicts_the_run(
        self, bench: Bench, count: Count, existing: dict[str, Any], declared: dict[str, Any], policy: Policy
    ) -> None:
        operation = Operation("any", self._possible(bench, declared), policy=policy)
        self._put(bench, existing)
        predicted = bench.run(operation, check_mode=True)
        assert not [request for request in bench.server.requests if not self._reads(request)]
        happened = bench.run(operation)
        assert (predicted.action, predicted.changed, predicted.changes) == (
            happened.action,
            happened.changed,
            happened.changes,
        )
        assert predicted.after == happened.after
        assert str(predicted.error) == str(happened.error)
        count("random runs that were predicted")

    @classmethod
    def _put(cls, bench: Bench, existing: dict[str, Any] | None) -> None:
        bench.prepare(Operation("any", exists=False))
        if existing is not None:
            bench.put(cls._possible(bench, existing), "sk-former")

    @staticmethod
    def _possible(bench: Bench, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the settings that the server can store and read. 8.16 and 8.17 cannot read C(top_k)."""
        if not bench.server.version.prints_top_k_as_top_p:
            return settings
        return {path: value for path, value in settings.items() if path != "task_settings.top_k"}

    @staticmethod
    def _differing(operation: Operation, existing: Any) -> tuple[str, ...]:
        if existing is None:
            return tuple(path for path in BASE if path not in operation.settings)
        return compare(operation.desired, existing, operation.policy, SERVICE).paths

    @staticmethod
    def _may_be_sent(path: str) -> bool:
        return path.startswith(("task_settings.", "service_settings.rate_limit.")) or path in SERVICE.secrets

    @staticmethod
    def _reads(request: str) -> bool:
        return request.startswith("GET ") or request.endswith("?dry_run=true")


OPTIONS = {**connection_options(), **endpoint_options(SERVICE), **policy_options()}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def options_of(spec: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return options that each have any type, or are nested like the spec with any values inside."""
    return st.fixed_dictionaries(
        {},
        optional={
            name: ANYTHING | options_of(option["options"]) if "options" in option else ANYTHING
            for name, option in spec.items()
        },
    )


class TestAnyDeclaration:
    """The validation of any conforming options returns a list of problems and never raises."""

    @settings(MANY, max_examples=100)
    @given(declarations(endpoint_options(SERVICE)), st.sampled_from(["on_create", "when_changed", "always"]))
    def test_problems_are_sentences(self, count: Count, declared: dict[str, Any], update_secrets: str) -> None:
        found = [*validate_endpoint(SERVICE, declared, update_secrets), *find_warnings(SERVICE, declared)]
        assert all(isinstance(problem, str) and problem.endswith(".") for problem in found)
        assert len(set(found)) == len(found)
        assert build_desired(SERVICE, declared).inference_id == declared["inference_id"]
        count("random declarations that were checked")

    @settings(MANY, max_examples=60)
    @given(st.lists(declarations(endpoint_options(SERVICE)), max_size=5), declarations(body_options(SERVICE)))
    def test_problems_of_a_list_are_sentences(
        self, count: Count, declared: list[dict[str, Any]], defaults: dict[str, Any]
    ) -> None:
        merged = [merge_defaults(defaults, endpoint) for endpoint in declared]
        errors_of = [validate_endpoint(SERVICE, endpoint, "on_create") for endpoint in merged]
        found = validate_list([endpoint["inference_id"] for endpoint in merged], errors_of)
        assert all(isinstance(problem, str) and problem.endswith(".") for problem in found)
        assert bool(found) >= any(errors_of)
        count("random lists of declarations that were checked")

    @settings(MANY, max_examples=60)
    @given(declarations(endpoint_options(SERVICE)), declarations(policy_options()))
    def test_run_ends_in_a_clear_message(self, count: Count, declared: dict[str, Any], policy: dict[str, Any]) -> None:
        options = {**policy, **declared, "elasticsearch_url": ["http://127.0.0.1:1"], "retries": 0, "timeout": 1}
        run = run_module("anthropic_endpoint", options)
        assert run.failed
        assert "Traceback" not in run.output
        assert "bug in esops.inference" not in run["msg"]
        count("random declarations that were run")


class TestAnyConnection:
    @settings(MANY, max_examples=200)
    @given(declarations(connection_options()))
    def test_run_ends_in_a_clear_message(self, count: Count, connection: dict[str, Any]) -> None:
        options = {name: value for name, value in connection.items() if value is not None}
        run = run_module("anthropic_endpoint", {**options, "inference_id": ID, "elasticsearch_url": "nowhere"})
        assert run.failed
        assert "Traceback" not in run.output
        assert "bug in esops.inference" not in run["msg"]
        count("random connections that were run")


@settings(MANY, max_examples=200)
@given(options_of(OPTIONS), st.dictionaries(st.text(min_size=1, max_size=8), ANYTHING, max_size=1))
def test_options_of_any_type_end_in_a_clear_message(
    count: Count, options: dict[str, Any], unknown: dict[str, Any]
) -> None:
    options = {**options, **unknown, "elasticsearch_url": ["http://127.0.0.1:1"], "retries": 0, "timeout": 1}
    options = {name: value for name, value in options.items() if not name.startswith("_ansible")}
    run = run_module("anthropic_endpoint", options)
    assert run.failed
    assert run["msg"]
    assert "Traceback" not in run.output
    assert "bug in esops.inference" not in run.output
    count("random options of wrong types")
