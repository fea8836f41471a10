# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.json_text import Repeated
from ansible_collections.esops.inference.plugins.module_utils._services import anthropic

TOP_K = "task_settings.top_k"
TOP_P = "task_settings.top_p"


def declared(**options: Any) -> dict[str, Any]:
    """The options of one endpoint as the argument spec leaves them."""
    names = ("task_type", "service_settings", "task_settings", "chunking_settings")
    return {"inference_id": "a", "state": "present", **dict.fromkeys(names), **options}


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ({}, {}),
        ({TOP_P: 0.9}, {TOP_P: 0.9}),
        ({TOP_P: 1.0}, {TOP_P: 1.0}),
        ({TOP_P: 40}, {TOP_K: 40}),
        ({TOP_P: 1}, {TOP_K: 1}),
        ({TOP_P: Repeated((0.9, 40))}, {TOP_P: 0.9, TOP_K: 40}),
        ({TOP_P: Repeated((1.0, 1))}, {TOP_P: 1.0, TOP_K: 1}),
        ({TOP_P: Repeated((1, 1.0))}, {TOP_P: 1.0, TOP_K: 1}),
        ({TOP_P: 0.9, TOP_K: 40}, {TOP_P: 0.9, TOP_K: 40}),
    ],
)
def test_top_k_is_recognised_under_the_name_of_top_p(shown: dict[str, Any], meant: dict[str, Any]) -> None:
    found = anthropic.normalise({"task_settings.max_tokens": 5, **shown})
    assert found == {"task_settings.max_tokens": 5, **meant}
    assert all(type(found[path]) is type(value) for path, value in meant.items())


@pytest.mark.parametrize("inference_id", ["a", "7", "anthropic_completion", "a-b.c_d", "completion", "a" * 200])
def test_ids_that_the_server_takes(inference_id: str) -> None:
    assert anthropic.problems(declared(inference_id=inference_id), "on_create") == []


@pytest.mark.parametrize("inference_id", ["", "_all", "A", "a b", "a/b", "a*", "-a", "a-", "a.", "ä", "a\n", "a%2f"])
def test_ids_that_the_server_refuses(inference_id: str) -> None:
    (problem,) = anthropic.problems(declared(inference_id=inference_id), "on_create")
    assert problem.startswith(f"inference_id {inference_id!r} is no valid id: ")


def test_ids_of_built_in_endpoints_are_reserved() -> None:
    (problem,) = anthropic.problems(declared(inference_id=".elser-2"), "on_create")
    assert problem == "inference_id .elser-2 is reserved: ids that start with a dot belong to Elasticsearch."


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"task_settings": {"max_tokens": 0}}, "task_settings.max_tokens must be at least 1, not 0."),
        ({"task_settings": {"top_k": -1}}, "task_settings.top_k must be at least 0, not -1."),
        (
            {"task_settings": {"temperature": float("nan")}},
            "task_settings.temperature must be a finite number, not nan.",
        ),
        ({"task_settings": {"top_p": float("-inf")}}, "task_settings.top_p must be a finite number, not -inf."),
        (
            {"service_settings": {"rate_limit": {"requests_per_minute": 0}}},
            "service_settings.rate_limit.requests_per_minute must be at least 1, not 0.",
        ),
        ({"service_settings": {"api_key": ""}}, "service_settings.api_key is empty."),
        (
            {"service_settings": {"api_key": "sk\n"}},
            "service_settings.api_key has whitespace at its beginning or its end.",
        ),
        (
            {"service_settings": {"api_key": "x-api-key: sk"}},
            'service_settings.api_key must not start with "x-api-key:". Hint: use only what follows it.',
        ),
        (
            {"service_settings": {"api_key": "Bearer sk"}},
            'service_settings.api_key must not start with "Bearer". Hint: use only what follows it.',
        ),
        ({"service_settings": {"api_key": "s\nk"}}, "service_settings.api_key contains whitespace or a line break."),
        (
            {"service_settings": {"api_key": "'sk'"}},
            "service_settings.api_key must not have quotation marks around it.",
        ),
        (
            {"service_settings": {"model_id": " m"}},
            "service_settings.model_id ' m' has whitespace at its beginning or its end.",
        ),
        (
            {"service_settings": {"model_id": "m\u200b"}},
            "service_settings.model_id 'm\\u200b' contains the invisible character U+200B.",
        ),
        (
            {"service_settings": {"url": "example.com"}},
            "service_settings.url must be a URL with http or https, not 'example.com'.",
        ),
        (
            {"service_settings": {"url": "http://[x"}},
            "service_settings.url must be a URL with http or https, not 'http://[x'.",
        ),
        (
            {"service_settings": {"url": "https://a b"}},
            "service_settings.url must be a URL with http or https, not 'https://a b'.",
        ),
        (
            {"service_settings": {"url": "ftp://joe:password@a"}},
            "service_settings.url must be a URL with http or https.",
        ),
        (
            {"chunking_settings": {"max_chunk_size": -1}},
            "chunking_settings.max_chunk_size must be from 10 to 300, not -1.",
        ),
        (
            {"chunking_settings": {"max_chunk_size": 301}},
            "chunking_settings.max_chunk_size must be from 10 to 300, not 301.",
        ),
        (
            {"chunking_settings": {"strategy": "word", "max_chunk_size": 9}},
            "chunking_settings.max_chunk_size must be from 10 to 300, not 9.",
        ),
        (
            {"chunking_settings": {"strategy": "sentence", "max_chunk_size": 19}},
            "chunking_settings.max_chunk_size must be from 20 to 300, not 19.",
        ),
        (
            {"chunking_settings": {"strategy": "word", "overlap": 126}},
            "chunking_settings.overlap must be at most half of max_chunk_size (250), not 126.",
        ),
        (
            {"chunking_settings": {"strategy": "word", "max_chunk_size": 21, "overlap": 11}},
            "chunking_settings.overlap must be at most half of max_chunk_size (21), not 11.",
        ),
        (
            {"chunking_settings": {"strategy": "word", "overlap": -1}},
            "chunking_settings.overlap must be at least 0, not -1.",
        ),
        ({"chunking_settings": {"overlap": 1}}, "chunking_settings.overlap needs the strategy word."),
        (
            {"chunking_settings": {"strategy": "sentence", "overlap": 1}},
            "chunking_settings.overlap needs the strategy word.",
        ),
        (
            {"chunking_settings": {"strategy": "word", "sentence_overlap": 1}},
            "chunking_settings.sentence_overlap needs the strategy sentence.",
        ),
        (
            {"chunking_settings": {"strategy": "sentence", "sentence_overlap": 2}},
            "chunking_settings.sentence_overlap must be 0 or 1, not 2.",
        ),
    ],
)
def test_documented_checks(options: dict[str, Any], problem: str) -> None:
    assert anthropic.problems(declared(**options), "on_create") == [problem]


@pytest.mark.parametrize(
    "options",
    [
        {"task_settings": {"max_tokens": 1, "top_k": 0, "temperature": 0.0, "top_p": 1.0}},
        {"service_settings": {"url": "https://proxy.example.com/v1/messages", "rate_limit": None}},
        {"chunking_settings": {"strategy": "word", "max_chunk_size": 10, "overlap": 5}},
        {"chunking_settings": {"strategy": "word", "overlap": 125}},
        {"chunking_settings": {"strategy": "sentence", "max_chunk_size": 20, "sentence_overlap": 1}},
        {"chunking_settings": {"sentence_overlap": 0}},
    ],
)
def test_bounds_are_inside(options: dict[str, Any]) -> None:
    assert anthropic.problems(declared(**options), "on_create") == []


def test_all_problems_are_told_at_once() -> None:
    options = declared(inference_id="_all", task_settings={"max_tokens": 0, "top_k": -1})
    assert len(anthropic.problems(options, "always")) == 4


def test_a_key_to_be_sent_always_has_to_be_given() -> None:
    assert anthropic.problems(declared(), "always") == [
        "service_settings.api_key is needed where update_secrets is always."
    ]
    assert anthropic.problems(declared(state="absent"), "always") == []
    assert anthropic.problems(declared(service_settings={"api_key": "k"}), "always") == []


def test_temperature_together_with_top_p_is_advised_against() -> None:
    both = declared(task_settings={"temperature": 0.1, "top_p": 0.2})
    assert anthropic.warnings(both) == [
        "a: task_settings has temperature and top_p; the documentation advises to alter one of them, not both."
    ]
    assert anthropic.warnings(declared(task_settings={"temperature": 0.1, "top_p": None})) == []


def test_a_problem_of_many_endpoints_is_told_once_with_the_places() -> None:
    wrong = [declared(inference_id=f"e{number}", task_settings={"max_tokens": 0}) for number in range(5)]
    assert anthropic.list_problems(wrong, "on_create") == [
        "endpoints[0], endpoints[1], endpoints[2] and 2 more: task_settings.max_tokens must be at least 1, not 0."
    ]


def test_an_id_may_stand_in_a_list_only_once() -> None:
    twice = [declared(inference_id="a"), declared(inference_id="b"), declared(inference_id="a", state="absent")]
    assert anthropic.list_problems(twice, "on_create") == [
        "inference_id a stands in the list more than once: endpoints[0], endpoints[2]."
    ]


def test_defaults_lie_under_a_declaration_deeply() -> None:
    defaults = {
        "task_type": "completion",
        "service_settings": {"api_key": "k", "model_id": "m", "rate_limit": {"requests_per_minute": 5}},
        "task_settings": {"max_tokens": 1, "temperature": 0.5},
    }
    endpoint = declared(service_settings={"model_id": "n", "api_key": None}, task_settings={"max_tokens": 2})
    merged = anthropic.with_defaults(defaults, endpoint)
    assert merged["service_settings"] == {
        "api_key": "k",
        "model_id": "n",
        "rate_limit": {"requests_per_minute": 5},
    }
    assert merged["task_settings"] == {"max_tokens": 2, "temperature": 0.5}
    assert merged["task_type"] == "completion"
    assert defaults["task_settings"] == {"max_tokens": 1, "temperature": 0.5}


def test_only_what_is_declared_is_desired_and_the_key_stands_apart() -> None:
    desired = anthropic.desired(
        declared(
            service_settings={"api_key": "k", "model_id": "m", "url": None, "rate_limit": {}},
            task_settings={"max_tokens": 1, "temperature": None},
        )
    )
    assert desired.settings == {"service_settings.model_id": "m", "task_settings.max_tokens": 1}
    assert desired.secret == "k"
    assert "'k'" not in repr(desired)
