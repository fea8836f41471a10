# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for settings that several services share."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._services.rows import (
    CHUNKING,
    FULL_UPDATE,
    KEY,
    MODEL,
    embeddings,
    fixed,
    lowercase,
    normalize_element_type,
    positive,
    rate_limits,
    secret,
    task,
    updatable,
)
from ansible_collections.esops.inference.plugins.module_utils._services.setting import EMPTY

LIMIT = "service_settings.rate_limit.requests_per_minute"


class TestNormalization:
    @pytest.mark.parametrize(
        ("value", "form"), [("AMAZONTITAN", "amazontitan"), ("Start", "start"), ("", ""), (5, 5), (None, None)]
    )
    def test_name_is_equal_in_any_case(self, value: Any, form: Any) -> None:
        assert lowercase(value) == form

    @pytest.mark.parametrize(
        ("one", "other"), [("int8", "byte"), ("INT8", "byte"), ("binary", "bit"), ("Binary", "BIT"), ("float", "FLOAT")]
    )
    def test_synonyms_of_an_element_type_are_equal(self, one: str, other: str) -> None:
        assert normalize_element_type(one) == normalize_element_type(other)

    @pytest.mark.parametrize(("one", "other"), [("byte", "bit"), ("float", "byte"), ("other", "float")])
    def test_different_element_types_differ(self, one: str, other: str) -> None:
        assert normalize_element_type(one) != normalize_element_type(other)

    @pytest.mark.parametrize("value", [7, None, True, ["int8"], {"int8": 1}])
    def test_element_type_that_is_not_a_string_is_unchanged(self, value: Any) -> None:
        assert normalize_element_type(value) == value


class TestKinds:
    def test_fixed_setting_can_never_be_updated_in_place(self) -> None:
        row = fixed("region", required=True)
        assert (row.path, row.type, row.required, row.changes_since) == ("service_settings.region", "str", True, None)

    def test_updatable_setting_can_be_updated_in_place_since_9_4(self) -> None:
        assert updatable("scopes", "list").changes_since == FULL_UPDATE == (9, 4)

    @pytest.mark.parametrize(
        ("value", "problem"), [(1, ""), (0, "must be at least 1, not 0."), (-5, "must be at least 1, not -5.")]
    )
    def test_positive_setting_is_at_least_1(self, value: int, problem: str) -> None:
        row = positive("batch_size")
        assert row.type == "int"
        assert row.validate(value) == problem

    def test_positive_setting_can_have_a_maximum(self) -> None:
        assert positive("max_batch_size", maximum=250).validate(251) == "must be at most 250, not 251."

    def test_task_setting_is_updated_with_its_unit(self) -> None:
        row = task("top_n", "int", task_types=("rerank",))
        assert (row.path, row.changes_since, row.task_types) == ("task_settings.top_n", None, ("rerank",))


class TestSecrets:
    @pytest.mark.parametrize("kind", ["str", "json", "dict"])
    def test_secret_is_hidden_and_can_be_updated_in_place(self, kind: str) -> None:
        row = secret("secret_parameters", kind)
        assert row.secret
        assert row.option()["no_log"] is True
        assert row.changes_since == (8, 17)

    @pytest.mark.parametrize(("kind", "empty"), [("str", ""), ("json", ""), ("dict", {})])
    def test_empty_secret_is_rejected(self, kind: str, empty: Any) -> None:
        assert secret("x", kind).validate(empty) == EMPTY

    @pytest.mark.parametrize(
        ("key", "problem"),
        [
            ("sk-1", ""),
            (" sk-1", "has leading or trailing whitespace."),
            ("Bearer sk-1", 'must not start with "Bearer". Hint: remove this prefix.'),
            (
                '{"api_key": "sk-1"}',
                "must contain only the key, not the JSON of a response. Hint: use only the key from it.",
            ),
        ],
    )
    def test_invalid_key_is_rejected(self, key: str, problem: str) -> None:
        assert KEY.validate(key) == problem

    def test_json_credential_is_not_checked_as_a_key(self) -> None:
        assert secret("service_account_json", "json").validate('{"type": "service_account"}') == ""

    def test_map_of_secrets_is_not_checked_as_a_key(self) -> None:
        assert secret("secret_parameters", "dict").validate({"token": "Bearer x"}) == ""

    def test_model_is_required_and_not_secret(self) -> None:
        assert (MODEL.required, MODEL.secret) == (True, False)


class TestRateLimits:
    def test_one_default_applies_to_all_task_types(self) -> None:
        [row] = rate_limits(240)
        assert (row.path, row.type, row.default, row.task_types) == (LIMIT, "int", 240, ())

    def test_each_default_by_task_type_has_a_row(self) -> None:
        found = {row.task_types: (row.path, row.default) for row in rate_limits(text_embedding=1440, completion=120)}
        assert found == {("text_embedding",): (LIMIT, 1440), ("completion",): (LIMIT, 120)}

    def test_default_can_be_unknown(self) -> None:
        [row] = rate_limits()
        assert row.default is None

    def test_rate_limit_is_positive_and_can_be_updated_in_place(self) -> None:
        for row in (*rate_limits(1), *rate_limits(rerank=300)):
            assert row.validate(0) == "must be at least 1, not 0."
            assert row.changes_since == FULL_UPDATE


class TestEmbeddings:
    def test_embeddings_without_names_return_all_settings(self) -> None:
        names = ["similarity", "dimensions", "max_input_tokens"]
        assert [row.path for row in embeddings()] == [f"service_settings.{name}" for name in names]
        assert [row.path for row in embeddings("dimensions")] == ["service_settings.dimensions"]

    def test_embedding_settings_apply_to_embedding_tasks(self) -> None:
        assert {row.task_types for row in embeddings()} == {("text_embedding", "embedding")}
        assert {row.task_types for row in embeddings(task_types=("rerank",))} == {("rerank",)}

    def test_similarity_and_dimensions_are_computed(self) -> None:
        assert {row.path.partition(".")[2]: row.computed for row in embeddings()} == {
            "similarity": True,
            "dimensions": True,
            "max_input_tokens": False,
        }

    def test_embedding_settings_can_be_adjusted(self) -> None:
        [row] = embeddings("dimensions", read_only=True)
        assert (row.read_only, row.computed, row.type) == (True, True, "int")

    def test_only_max_input_tokens_can_be_updated_in_place(self) -> None:
        assert [row.path for row in embeddings() if row.changes_since] == ["service_settings.max_input_tokens"]

    def test_similarity_has_three_choices(self) -> None:
        [row] = embeddings("similarity")
        assert row.choices == ("cosine", "dot_product", "l2_norm")


class TestChunking:
    def test_chunking_strategies_match_the_server(self) -> None:
        [row] = [row for row in CHUNKING if row.path == "chunking_settings.strategy"]
        assert sorted(row.choices) == ["none", "recursive", "sentence", "word"]

    def test_only_separator_group_is_write_only(self) -> None:
        assert [row.path for row in CHUNKING if row.write_only] == ["chunking_settings.separator_group"]

    @pytest.mark.parametrize(
        ("name", "value", "problem"),
        [
            ("max_chunk_size", 9, "must be at least 10, not 9."),
            ("overlap", -1, "must be at least 0, not -1."),
            ("sentence_overlap", 2, "must be at most 1, not 2."),
            ("sentence_overlap", 0, ""),
        ],
    )
    def test_chunk_sizes_have_the_limits_of_the_server(self, name: str, value: int, problem: str) -> None:
        [row] = [row for row in CHUNKING if row.path == f"chunking_settings.{name}"]
        assert row.validate(value) == problem
