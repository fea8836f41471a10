# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import COMPLETION, KEY, MODEL, call, create, create_body, update

VERSIONS = ["8.16.0", "8.17.0", "8.19.0", "9.0.0", "9.3.0", "9.4.0", "9.5.0", "9.6.0", "serverless"]
LIMIT = {"requests_per_minute": 50}
STORED = {
    "inference_id": "x",
    "task_type": "completion",
    "service": "anthropic",
    "service_settings": {"model_id": MODEL, "rate_limit": LIMIT},
    "task_settings": {"max_tokens": 1024},
}


def service_settings(**changes: Any) -> dict[str, Any]:
    return {"api_key": KEY, "model_id": MODEL, **changes}


def wrong_type(name: str, value: str, expected: str) -> str:
    return f"field [{name}] is not of the expected type. The value [{value}] cannot be converted to a [{expected}]"


def broken_cast(found: str, expected: str) -> str:
    where = f"java.lang.{found} and java.{expected} are in module java.base of loader 'bootstrap'"
    return f"class java.lang.{found} cannot be cast to class java.{expected} ({where})"


@pytest.mark.parametrize("version", VERSIONS)
def test_create_returns_the_endpoint_without_its_secret(version: str) -> None:
    with Simulator(version=version) as server:
        reply = create(server)

        assert reply.status == 200
        assert reply.json == STORED
        assert list(reply.json) == list(STORED)
        assert server.endpoints["x"].secret == KEY
        assert call(server, "GET", "/_inference/x").json == {"endpoints": [STORED]}


def test_settings_are_stored_in_the_order_of_the_server(server: Simulator) -> None:
    task = {"top_k": 40, "top_p": 0.9, "temperature": 1.0, "max_tokens": 7}
    settings = service_settings(rate_limit={"requests_per_minute": 7})
    reply = create(server, service_settings=settings, task_settings=task)

    assert reply.content.endswith(
        b'"service_settings":{"model_id":"claude-sonnet-4-5","rate_limit":{"requests_per_minute":7}},'
        b'"task_settings":{"max_tokens":7,"temperature":1.0,"top_p":0.9,"top_k":40}}'
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"temperature": 1}, wrong_type("temperature", "1", "Double")),
        ({"top_p": 0}, wrong_type("top_p", "0", "Double")),
        ({"top_p": "high"}, wrong_type("top_p", "high", "Double")),
        ({"top_p": False}, wrong_type("top_p", "false", "Double")),
        ({"top_k": 1.5}, wrong_type("top_k", "1.5", "Integer")),
        ({"top_k": 2**31}, wrong_type("top_k", "2147483648", "Integer")),
        ({"max_tokens": -1, "temperature": "hot"}, wrong_type("temperature", "hot", "Double")),
        ({"max_tokens": None, "top_k": "x"}, wrong_type("top_k", "x", "Integer")),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_task_setting_of_wrong_type_is_rejected_at_once(version: str, settings: dict[str, Any], words: str) -> None:
    with Simulator(version=version) as server:
        reply = create(server, task_settings={"max_tokens": 1, **settings})

        assert (reply.status, reply.error["type"], reply.reason) == (400, "status_exception", words)
        assert "x" not in server.endpoints


@pytest.mark.parametrize(
    ("version", "printed"),
    [
        ("8.16.0", b'"top_p":0.9,"top_p":40}'),
        ("8.17.4", b'"top_p":0.9,"top_p":40}'),
        ("8.18.0", b'"top_p":0.9,"top_k":40}'),
        ("9.0.0", b'"top_p":0.9,"top_k":40}'),
    ],
)
def test_top_k_is_printed_as_top_p_before_8_18(version: str, printed: bytes) -> None:
    with Simulator(version=version) as server:
        server.seed("x", task_settings={"max_tokens": 1, "top_p": 0.9, "top_k": 40})

        assert printed in call(server, "GET", "/_inference/_all").content


@pytest.mark.parametrize("version", ["8.16.0", "8.17.4"])
def test_endpoint_with_top_k_alone_is_unreadable_before_8_18(version: str) -> None:
    with Simulator(version=version) as server:
        created = create(server, task_settings={"max_tokens": 1, "top_k": 40})
        replies = [call(server, "GET", path) for path in ("/_inference/x", "/_inference/_all")]
        replies.append(call(server, "POST", COMPLETION + "x", {"input": "a"}))

        assert (created.status, created.content.endswith(b'{"max_tokens":1,"top_p":40}}')) == (200, True)
        assert {(reply.status, reply.reason) for reply in replies} == {(400, wrong_type("top_p", "40", "Double"))}
        assert call(server, "GET", "/_inference/sparse_embedding/_all").status == 200
        assert call(server, "DELETE", COMPLETION + "x").status == 200


@pytest.mark.parametrize("version", ["8.16.0", "8.17.4"])
def test_create_with_top_k_and_top_p_stores_secrets_alone_before_8_18(version: str) -> None:
    with Simulator(version=version) as server:
        failed = create(server, task_settings={"max_tokens": 1, "top_p": 0.9, "top_k": 40})

        assert (failed.status, failed.reason) == (500, "Failed to store inference endpoint [x]")
        assert create(server, task_settings={"max_tokens": 1, "top_p": 0.9, "top_k": 40}).reason == failed.reason
        assert call(server, "GET", COMPLETION + "x").status == 404
        assert create(server).reason == "Inference endpoint [x] already exists"


def test_create_with_top_k_and_top_p_leaves_an_existing_endpoint_before_8_18() -> None:
    with Simulator(version="8.17.4") as server:
        create(server)

        assert create(server, task_settings={"max_tokens": 1, "top_p": 0.9, "top_k": 40}).status == 500
        assert server.endpoints["x"].state == "whole"


def test_update_with_top_k_stores_what_8_17_cannot_read() -> None:
    with Simulator(version="8.17.4") as server:
        create(server)
        both = update(server, {"task_settings": {"max_tokens": 1, "top_p": 0.5, "top_k": 4}})
        alone = update(server, {"task_settings": {"max_tokens": 1, "top_k": 4}})

        assert (both.status, both.reason.startswith("Failed to update inference endpoint [x]")) == (500, True)
        assert (alone.status, alone.reason) == (400, wrong_type("top_p", "4", "Double"))
        assert server.endpoints["x"].task_settings == {"max_tokens": 1, "top_k": 4}


def test_ranges_of_task_settings_are_not_checked(server: Simulator) -> None:
    settings = {"max_tokens": 2**31 - 1, "temperature": 99.5, "top_p": -1.0, "top_k": -3}

    assert create(server, task_settings=settings).json["task_settings"] == settings


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"no json", "[1:1] Unrecognized"),
        (b"{}", "Inference endpoint configuration is missing the [service] setting"),
        (create_body(task_settings={}), "Validation Failed: 1: [task_settings] does not contain"),
        (create_body(service_settings=service_settings(api_key="bad")), "Could not complete inference endpoint"),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_bad_body_for_an_existing_id_returns_its_own_error(version: str, body: object, words: str) -> None:
    with Simulator(version=version, refused_keys={"bad"}) as server:
        create(server)
        reply = call(server, "PUT", COMPLETION + "x", body)

        assert reply.status == 400
        assert reply.reason.startswith(words) or words.startswith("[1:1]")


def test_existing_id_is_rejected(server: Simulator) -> None:
    create(server)
    reply = call(server, "PUT", COMPLETION + "x", create_body())

    assert reply.status == 400
    words = {
        "type": "resource_already_exists_exception",
        "reason": "Inference endpoint [x] already exists",
    }
    assert reply.json == {"error": {"root_cause": [words], **words}, "status": 400}
    assert server.endpoints["x"].secret == KEY


@pytest.mark.parametrize("inference_id", ["a", "0", "a-b_c.d9", "completion", "a--b"])
def test_valid_ids_are_accepted(server: Simulator, inference_id: str) -> None:
    assert create(server, inference_id).json["inference_id"] == inference_id


@pytest.mark.parametrize("inference_id", [".a", "a.", "-a", "a_", "A", "a%20b", "_all", "%C3%A4", "a%2Fb"])
def test_invalid_ids_are_rejected(server: Simulator, inference_id: str) -> None:
    reply = create(server, inference_id)

    assert reply.status == 400
    assert reply.error["type"] == "action_request_validation_exception"
    assert reply.reason.startswith("Validation Failed: 1: Invalid inference_id; '")
    assert "can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; " in reply.reason
    assert set(server.endpoints) == {".elser-2-elasticsearch", ".multilingual-e5-small-elasticsearch"}


@pytest.mark.parametrize(
    ("version", "status"),
    [("8.16.0", 400), ("9.3.0", 400), ("9.4.9", 400), ("9.5.0", 200), ("9.6.0", 200), ("serverless", 200)],
)
def test_chat_completion_is_supported_in_9_5_or_later(version: str, status: int) -> None:
    with Simulator(version=version) as server:
        reply = call(server, "PUT", "/_inference/chat_completion/x", create_body())

        assert reply.status == status
        if status == 400:
            assert reply.reason == ("The [anthropic] service does not support task type [chat_completion]")


@pytest.mark.parametrize("task_type", ["text_embedding", "sparse_embedding", "rerank", "embedding"])
def test_unsupported_task_types_are_rejected(server: Simulator, task_type: str) -> None:
    reply = call(server, "PUT", f"/_inference/{task_type}/x", create_body())

    assert (reply.status, reply.error["type"]) == (400, "status_exception")
    assert reply.reason == f"The [anthropic] service does not support task type [{task_type}]"


@pytest.mark.parametrize(
    ("version", "task_type"), [("8.16.0", "nonsense"), ("9.6.0", "nonsense"), ("9.2.0", "embedding")]
)
def test_unknown_task_type_is_rejected(version: str, task_type: str) -> None:
    with Simulator(version=version) as server:
        reply = call(server, "PUT", f"/_inference/{task_type}/x", create_body())

        assert (reply.status, reply.reason) == (400, f"Unknown task_type [{task_type}]")


def test_task_type_in_the_body_is_accepted(server: Simulator) -> None:
    reply = call(server, "PUT", "/_inference/x", create_body(task_type="completion"))

    assert reply.json == STORED


@pytest.mark.parametrize(
    ("task_type", "words"),
    [
        ("any", "task_type [any] is not valid type for inference"),
        ("nonsense", "Unknown task_type [nonsense]"),
        (5, broken_cast("Integer", "lang.String")),
    ],
)
def test_invalid_task_type_in_the_body_is_rejected(server: Simulator, task_type: object, words: str) -> None:
    assert call(server, "PUT", "/_inference/x", create_body(task_type=task_type)).reason == words


def test_missing_or_conflicting_task_types_are_rejected(server: Simulator) -> None:
    nowhere = call(server, "PUT", "/_inference/x", create_body())
    two = call(server, "PUT", COMPLETION + "x", create_body(task_type="chat_completion"))

    assert nowhere.reason == "model is missing required setting [task_type]"
    assert two.reason == (
        "Cannot resolve conflicting task_type parameter in the request URL [completion] "
        "and the request body [chat_completion]"
    )


@pytest.mark.parametrize(
    ("service", "status", "words"),
    [
        (None, 400, "Inference endpoint configuration is missing the [service] setting"),
        ("nonsense", 400, "Unknown service [nonsense]"),
        (True, 500, broken_cast("Boolean", "lang.String")),
    ],
)
def test_unknown_service_is_rejected(server: Simulator, service: object, status: int, words: str) -> None:
    reply = create(server, service=service)

    assert (reply.status, reply.reason) == (status, words)


def test_service_that_is_not_simulated_returns_501(server: Simulator) -> None:
    reply = create(server, service="elastic")

    assert (reply.status, reply.error) == (501, "this simulator does not serve [elastic]")


BEFORE_9_6 = ["8.16.0", "8.19.0", "9.0.0", "9.4.0", "9.5.0"]
FROM_9_6 = ["9.6.0", "serverless"]


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (
            {"task_settings": {}},
            ["[task_settings] does not contain the required setting [max_tokens]"],
        ),
        (
            {"task_settings": None},
            ["[task_settings] does not contain the required setting [max_tokens]"],
        ),
        (
            {"task_settings": {"max_tokens": -1}},
            ["[task_settings] Invalid value [-1]. [max_tokens] must be a positive integer"],
        ),
        (
            {"task_settings": {"max_tokens": "50"}},
            [wrong_type("max_tokens", "50", "Integer")],
        ),
        (
            {"task_settings": {"max_tokens": True}},
            [wrong_type("max_tokens", "true", "Integer")],
        ),
        (
            {"task_settings": {"max_tokens": 2**31}},
            [wrong_type("max_tokens", "2147483648", "Integer")],
        ),
        (
            {"service_settings": {"model_id": MODEL}},
            ["[secret_settings] does not contain the required setting [api_key]"],
        ),
        (
            {"service_settings": {"model_id": MODEL, "api_key": ""}},
            ["[secret_settings] Invalid value empty string. [api_key] must be a non-empty string"],
        ),
        (
            {"service_settings": {"model_id": MODEL, "api_key": 5}},
            [wrong_type("api_key", "5", "String")],
        ),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_bad_settings_of_a_group_are_reported_together(
    version: str, changes: dict[str, Any], problems: list[str]
) -> None:
    with Simulator(version=version) as server:
        reply = call(server, "PUT", COMPLETION + "x", {**create_body(), **changes})

        numbered = "".join(f"{number}: {problem};" for number, problem in enumerate(problems, 1))
        assert (reply.status, reply.error["type"]) == (400, "validation_exception")
        assert reply.reason == f"Validation Failed: {numbered}"
        assert "x" not in server.endpoints


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        (
            {},
            ["[service_settings] does not contain the required setting [model_id]"],
        ),
        (
            {"model_id": "", "api_key": KEY},
            ["[service_settings] Invalid value empty string. [model_id] must be a non-empty string"],
        ),
        (
            {"model_id": 5, "rate_limit": {"requests_per_minute": 0}},
            [
                wrong_type("model_id", "5", "String"),
                "[rate_limit] Invalid value [0]. [requests_per_minute] must be a positive long",
            ],
        ),
        (
            service_settings(rate_limit={"requests_per_minute": "50"}),
            [
                (
                    "field [requests_per_minute] is not of one of the expected types. "
                    "The value [50] cannot be converted to one of [Integer, Long]"
                )
            ],
        ),
    ],
)
@pytest.mark.parametrize("version", BEFORE_9_6)
def test_bad_service_settings_before_9_6_are_reported_together(
    version: str, settings: dict[str, Any], problems: list[str]
) -> None:
    with Simulator(version=version) as server:
        reply = create(server, service_settings=settings)

        numbered = "".join(f"{number}: {problem};" for number, problem in enumerate(problems, 1))
        assert (reply.status, reply.error["type"]) == (400, "validation_exception")
        assert reply.reason == f"Validation Failed: {numbered}"


@pytest.mark.parametrize(
    ("settings", "error_type", "words"),
    [
        (
            {},
            "illegal_argument_exception",
            "[service_settings] does not contain the required setting [model_id]",
        ),
        (
            {"model_id": ""},
            "illegal_argument_exception",
            "[service_settings] Invalid value empty string. [model_id] must be a non-empty string",
        ),
        (
            {"model_id": "m", "url": ""},
            "illegal_argument_exception",
            "[service_settings] Invalid value empty string. [url] must be a non-empty string",
        ),
        (
            {"model_id": "m", "url": "not a url"},
            "illegal_argument_exception",
            "unable to parse url [not a url]. Reason: Illegal character in path",
        ),
        (
            {"model_id": 5, "nonsense": 1},
            "x_content_parse_exception",
            "[1:13] [service_settings] model_id doesn't support values of type: VALUE_NUMBER",
        ),
        (
            {"model_id": "m", "url": None},
            "x_content_parse_exception",
            "[1:23] [service_settings] url doesn't support values of type: VALUE_NULL",
        ),
        (
            {"api_key": "k", "apikey": KEY},
            "x_content_parse_exception",
            "[1:16] [service_settings] unknown field [apikey]",
        ),
        (
            {"rate_limit": None},
            "x_content_parse_exception",
            "[1:15] [service_settings] rate_limit doesn't support values of type: VALUE_NULL",
        ),
        (
            {"rate_limit": [50]},
            "x_content_parse_exception",
            "[1:15] [service_settings] rate_limit doesn't support values of type: START_ARRAY",
        ),
        (
            {"rate_limit": {"per_second": 1}},
            "x_content_parse_exception",
            "[1:16] [service_settings] failed to parse field [rate_limit]",
        ),
        (
            {"rate_limit": {"requests_per_minute": 0}},
            "x_content_parse_exception",
            "[1:38] [service_settings] failed to parse field [rate_limit]",
        ),
        (
            {"rate_limit": {"requests_per_minute": "many"}},
            "x_content_parse_exception",
            "[1:38] [service_settings] failed to parse field [rate_limit]",
        ),
        (
            {"rate_limit": {"requests_per_minute": True}},
            "x_content_parse_exception",
            "[1:38] [service_settings] failed to parse field [rate_limit]",
        ),
    ],
)
@pytest.mark.parametrize("version", FROM_9_6)
def test_first_bad_service_setting_is_reported_in_9_6_or_later(
    version: str, settings: dict[str, Any], error_type: str, words: str
) -> None:
    with Simulator(version=version) as server:
        reply = create(server, service_settings=settings)

        assert (reply.status, reply.error["type"], reply.reason) == (400, error_type, words)
        assert reply.error["root_cause"] == [{"type": error_type, "reason": words}]
        assert KEY.encode() not in reply.content


@pytest.mark.parametrize("value", ["7", 7, 7.9])
def test_rate_limit_is_converted_in_9_6_or_later(server: Simulator, value: object) -> None:
    reply = create(server, service_settings=service_settings(rate_limit={"requests_per_minute": value}))

    assert reply.json["service_settings"]["rate_limit"] == {"requests_per_minute": 7}


def test_empty_rate_limit_is_the_default(server: Simulator) -> None:
    reply = create(server, service_settings=service_settings(rate_limit={}))

    assert reply.json["service_settings"]["rate_limit"] == LIMIT


@pytest.mark.parametrize(
    ("version", "changes"),
    [
        ("9.6.0", {"task_settings": [1]}),
        ("9.6.0", {"service_settings": ["a"]}),
        ("9.5.0", {"service_settings": service_settings(rate_limit=["a"])}),
    ],
)
def test_value_that_is_not_an_object_returns_500(version: str, changes: dict[str, Any]) -> None:
    with Simulator(version=version) as server:
        reply = create(server, **changes)

        assert (reply.status, reply.error["type"]) == (500, "class_cast_exception")
        assert reply.reason.startswith("class java.util.ArrayList cannot be cast to class java.util.Map (")


def test_missing_service_settings_are_rejected(server: Simulator) -> None:
    reply = create(server, service_settings=None)

    assert reply.reason == "Missing required field [service_settings]"


@pytest.mark.parametrize("version", BEFORE_9_6)
def test_null_setting_is_not_set_before_9_6(version: str) -> None:
    with Simulator(version=version) as server:
        settings = service_settings(rate_limit={"requests_per_minute": None})
        reply = create(server, service_settings=settings, task_settings={"max_tokens": 1, "top_k": None})

        assert reply.json["service_settings"] == {"model_id": MODEL, "rate_limit": LIMIT}
        assert reply.json["task_settings"] == {"max_tokens": 1}


@pytest.mark.parametrize(
    ("version", "word"),
    [
        ("8.16.0", "Model configuration"),
        ("8.19.0", "Model configuration"),
        ("9.0.0", "Configuration"),
        ("9.6.0", "Configuration"),
    ],
)
@pytest.mark.parametrize(
    ("changes", "echoed"),
    [
        (
            {"chunking_settings": {"strategy": "word", "overlap": 10}},
            "{chunking_settings={strategy=word, overlap=10}}",
        ),
        ({"api_key": KEY}, f"{{api_key={KEY}}}"),
        ({"task_settings": {"max_tokens": 1, "stop": ["a", "b"]}}, "{stop=[a, b]}"),
    ],
)
def test_unknown_settings_are_echoed_at_every_level(
    version: str, word: str, changes: dict[str, Any], echoed: str
) -> None:
    with Simulator(version=version) as server:
        reply = create(server, **changes)

        assert (reply.status, reply.error["type"]) == (400, "status_exception")
        assert reply.reason == f"{word} contains settings [{echoed}] unknown to the [anthropic] service"
        assert "x" not in server.endpoints


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("8.19.0", f"Model configuration contains settings [{{apikey={KEY}}}] unknown to the [anthropic] service"),
        ("9.5.0", f"Configuration contains settings [{{apikey={KEY}}}] unknown to the [anthropic] service"),
    ],
)
def test_unknown_service_settings_are_returned_before_9_6(version: str, words: str) -> None:
    with Simulator(version=version) as server:
        assert create(server, service_settings=service_settings(apikey=KEY)).reason == words


@pytest.mark.parametrize(
    ("version", "error_type", "words"),
    [
        (
            "8.19.0",
            "status_exception",
            (
                "Model configuration contains unknown settings [{per_second=1}] "
                "while parsing field [rate_limit] for settings [anthropic]"
            ),
        ),
        (
            "9.4.0",
            "status_exception",
            (
                "Configuration contains unknown settings [{per_second=1}] "
                "while parsing field [rate_limit] for settings [anthropic]"
            ),
        ),
        (
            "9.5.0",
            "validation_exception",
            "Validation Failed: 1: Rate limit settings contain unknown entries [{per_second=1}];",
        ),
    ],
)
def test_unknown_names_in_rate_limit_are_rejected_by_version(version: str, error_type: str, words: str) -> None:
    with Simulator(version=version) as server:
        settings = service_settings(rate_limit={"per_second": 1, "requests_per_minute": 9})
        reply = create(server, service_settings=settings)

        assert (reply.status, reply.error["type"], reply.reason) == (400, error_type, words)


@pytest.mark.parametrize(("version", "status"), [("9.4.0", 400), ("9.5.0", 400), ("9.6.0", 200), ("serverless", 200)])
def test_url_is_supported_in_9_6_or_later(version: str, status: int) -> None:
    with Simulator(version=version) as server:
        reply = create(server, service_settings=service_settings(url="https://proxy.example/v1"))

        assert reply.status == status
        if status == 200:
            assert reply.json["service_settings"] == {
                "model_id": MODEL,
                "url": "https://proxy.example/v1",
                "rate_limit": LIMIT,
            }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"refused_keys": {KEY}}, "status [401]. Error message: [invalid x-api-key]"),
        ({"refused_models": {MODEL}}, f"status [404]. Error message: [model: {MODEL}]"),
    ],
)
def test_endpoint_rejected_by_the_provider_is_not_stored(options: dict[str, Any], words: str) -> None:
    with Simulator(**options) as server:
        reply = create(server)

        assert (reply.status, reply.error["type"]) == (400, "status_exception")
        assert reply.reason == (
            "Could not complete inference endpoint creation as validation call to service threw an exception."
        )
        assert reply.error["caused_by"]["reason"].endswith(words)
        assert reply.error["root_cause"] == [reply.error["caused_by"]]
        assert "x" not in server.endpoints


def test_provider_is_called_after_all_other_checks() -> None:
    with Simulator(refused_keys={KEY}) as server:
        assert create(server, task_settings={}).error["type"] == "validation_exception"


def test_call_to_the_provider_takes_the_configured_delay() -> None:
    with Simulator(delay=0.4) as server:
        began = time.monotonic()
        create(server)
        again = create(server)

        assert time.monotonic() - began >= 0.8
        assert again.reason == "Inference endpoint [x] already exists"


@pytest.mark.parametrize(
    ("version", "asked", "refused"),
    [
        ("8.18.0", True, False),
        ("8.19.0", False, True),
        ("9.0.0", True, False),
        ("9.2.0", False, True),
        ("9.6.0", True, True),
        ("serverless", True, True),
    ],
)
def test_id_of_incompatible_mappings_is_rejected_by_version(version: str, asked: bool, refused: bool) -> None:
    with Simulator(version=version, refused_keys={"bad"}) as server:
        server.refer("x", [], ["i1"], ["i1", "i2"])
        reply = create(server)
        unpaid = create(server, service_settings=service_settings(api_key="bad"))

        assert unpaid.reason.startswith("Could not complete") is asked
        assert (reply.status == 400) is refused
        if refused:
            assert reply.reason == (
                "Inference endpoint [x] could not be created because the inference_id is being used in mappings with "
                "incompatible settings for indices: [i1, i2]. Please either use a different inference_id or update "
                "the index mappings to refer to a different inference_id."
            )


@pytest.mark.parametrize("version", ["8.19.0", "9.6.0"])
def test_timeout_limits_the_call_to_the_provider(version: str) -> None:
    with Simulator(version=version, delay=5) as server:
        reply = call(server, "PUT", COMPLETION + "x?timeout=20ms", create_body())

        assert reply.error["caused_by"]["reason"].startswith("Request timed out after [20ms]")


def test_second_of_two_concurrent_creates_is_rejected() -> None:
    with Simulator(delay=0.2) as server:
        statuses: list[int] = []
        threads = [threading.Thread(target=lambda: statuses.append(create(server).status)) for _time in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(statuses) == [200, 400]


def test_create_without_inference_license_returns_403() -> None:
    with Simulator(licensed=False) as unlicensed:
        reply = create(unlicensed)

        words = {
            "type": "security_exception",
            "reason": "current license is non-compliant for [inference]",
            "license.expired.feature": "inference",
        }
        assert reply.json == {"error": {"root_cause": [words], **words}, "status": 403}
        assert call(unlicensed, "GET", "/_inference/_all").status == 200
        assert create(unlicensed, service=None).status == 400
