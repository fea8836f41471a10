# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for services whose models run in the cluster."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._services.local import ELASTICSEARCH, ELSER
from ansible_collections.esops.inference.plugins.module_utils._services.service import Service
from tests.unit.reconciling import V96

ALLOCATIONS = "service_settings.num_allocations"
ADAPTIVE = "service_settings.adaptive_allocations"
ENABLED = f"{ADAPTIVE}.enabled"
LEAST = f"{ADAPTIVE}.min_number_of_allocations"
MOST = f"{ADAPTIVE}.max_number_of_allocations"
DEPLOYMENT = "service_settings.deployment_id"
MODEL = "service_settings.model_id"
THREADS = "service_settings.num_threads"
EITHER = f"{ALLOCATIONS} or {ADAPTIVE}"

both = pytest.mark.parametrize("service", [ELASTICSEARCH, ELSER], ids=lambda service: service.name)


class TestMissing:
    @pytest.mark.parametrize(
        ("declared", "missing"),
        [
            ({}, [MODEL, THREADS, EITHER]),
            ({MODEL: "m"}, [THREADS, EITHER]),
            ({MODEL: "m", THREADS: 1}, [EITHER]),
            ({MODEL: "m", THREADS: 1, ALLOCATIONS: 1}, []),
            ({MODEL: "m", THREADS: 1, ENABLED: True}, []),
            ({MODEL: "m", THREADS: 1, MOST: 4}, []),
            ({MODEL: "m", ALLOCATIONS: 1}, [THREADS]),
            ({DEPLOYMENT: "d"}, []),
            ({DEPLOYMENT: "d", MODEL: "m"}, []),
        ],
    )
    def test_create_requires_a_deployment_or_its_settings(self, declared: dict[str, Any], missing: list[str]) -> None:
        assert ELASTICSEARCH.missing_settings(declared, "sparse_embedding") == missing

    @pytest.mark.parametrize(
        ("declared", "missing"),
        [({}, [THREADS, EITHER]), ({THREADS: 1, ALLOCATIONS: 1}, []), ({THREADS: 1, ENABLED: False}, [])],
    )
    def test_elser_does_not_require_a_model(self, declared: dict[str, Any], missing: list[str]) -> None:
        assert ELSER.missing_settings(declared, "sparse_embedding") == missing


@both
@pytest.mark.parametrize(("path", "lowest"), [(THREADS, 1), (ALLOCATIONS, 1), (LEAST, 0), (MOST, 1)])
def test_number_below_the_lowest_is_rejected(service: Service, path: str, lowest: int) -> None:
    assert service.validate({path: lowest}) == []
    assert service.validate({path: lowest - 1}) == [f"{path} must be at least {lowest}, not {lowest - 1}."]


@both
class TestSelfAdjusting:
    @pytest.mark.parametrize(
        ("settings", "moving"),
        [
            ({ENABLED: True}, [ALLOCATIONS]),
            ({ENABLED: True, ALLOCATIONS: 3}, [ALLOCATIONS]),
            ({ENABLED: False, ALLOCATIONS: 3}, []),
            ({MOST: 3}, []),
            ({ALLOCATIONS: 3}, []),
            ({}, []),
        ],
    )
    def test_allocations_adjust_only_if_they_are_adaptive(
        self, service: Service, settings: dict[str, Any], moving: list[str]
    ) -> None:
        assert list(service.self_adjusting(settings)) == moving

    def test_create_does_not_contain_adaptive_allocation_counts(self, service: Service) -> None:
        settings = {MODEL: "m", THREADS: 1, ALLOCATIONS: 3, ENABLED: True, MOST: 4}
        given = service.drop_read_only(settings)
        assert given == {MODEL: "m", THREADS: 1, ENABLED: True, MOST: 4}

    def test_create_contains_fixed_allocations(self, service: Service) -> None:
        settings = {MODEL: "m", THREADS: 1, ALLOCATIONS: 3, ENABLED: False}
        assert service.drop_read_only(settings) == settings


@both
class TestUpdates:
    def test_adaptive_allocations_are_updated_as_a_whole(self, service: Service) -> None:
        settings = {MODEL: "m", THREADS: 1, ENABLED: True, LEAST: 1, MOST: 4}
        assert service.select_update([MOST], settings) == {ENABLED: True, LEAST: 1, MOST: 4}

    def test_number_of_allocations_is_updated_separately(self, service: Service) -> None:
        assert service.select_update([ALLOCATIONS], {MODEL: "m", THREADS: 1, ALLOCATIONS: 2}) == {ALLOCATIONS: 2}

    @pytest.mark.parametrize(
        ("path", "changes"), [(ALLOCATIONS, True), (ENABLED, True), (MOST, True), (THREADS, False), (MODEL, False)]
    )
    def test_only_allocations_can_be_updated_in_place(self, service: Service, path: str, changes: bool) -> None:
        assert service.changes_in_place(path, V96) is changes

    def test_update_requires_no_secrets(self, service: Service) -> None:
        assert service.secrets == ()
        assert not service.needs_secrets([ALLOCATIONS], V96)

    def test_models_run_in_the_cluster(self, service: Service) -> None:
        assert service.is_local


class TestService:
    def test_elser_is_stored_with_the_service_elasticsearch(self) -> None:
        assert (ELSER.name, ELSER.stored_name) == ("elser", "elasticsearch")
        assert ELASTICSEARCH.stored_name == "elasticsearch"

    def test_create_does_not_contain_dimensions(self) -> None:
        dimensions = "service_settings.dimensions"
        settings = {MODEL: "m", THREADS: 1, ALLOCATIONS: 1, dimensions: 384}
        assert dimensions not in ELASTICSEARCH.drop_read_only(settings)

    def test_long_document_strategy_is_equal_in_any_case(self) -> None:
        assert ELASTICSEARCH.is_same("service_settings.long_document_strategy", "CHUNK", "chunk")

    def test_max_chunks_per_doc_cannot_be_updated_in_place(self) -> None:
        assert ELASTICSEARCH.is_fixed("service_settings.max_chunks_per_doc")
