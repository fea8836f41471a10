# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import COMPLETION, KEY, MODEL, call, create, create_body

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


@pytest.mark.parametrize("version", ["8.16.0", "8.19.3", "9.0.0", "9.6.0", "serverless"])
def test_the_stored_endpoint_comes_back_without_its_secret(version: str) -> None:
    with Simulator(version=version) as server:
        reply = create(server)

        assert reply.status == 200
        assert reply.json == STORED
        assert list(reply.json) == list(STORED)
        assert server.endpoints["x"].secret == KEY
        assert call(server, "GET", "/_inference/x").json == {"endpoints": [STORED]}


def test_all_settings_are_stored_in_the_servers_order(server: Simulator) -> None:
    task = {"top_k": 40, "top_p": 0.9, "temperature": 1, "max_tokens": 7}
    settings = service_settings(rate_limit={"requests_per_minute": 7})
    reply = create(server, service_settings=settings, task_settings=task)

    assert reply.content.endswith(
        b'"service_settings":{"model_id":"claude-sonnet-4-5","rate_limit":{"requests_per_minute":7}},'
        b'"task_settings":{"max_tokens":7,"temperature":1.0,"top_p":0.9,"top_k":40}}'
    )


def test_whole_numbers_come_back_as_doubles(server: Simulator) -> None:
    reply = create(server, task_settings={"max_tokens": 1, "temperature": 1, "top_p": 0})

    assert b'"temperature":1.0,"top_p":0.0}' in reply.content


@pytest.mark.parametrize(
    ("version", "printed"),
    [
        ("8.16.0", b'"top_p":0.9,"top_p":40}'),
        ("8.17.4", b'"top_p":0.9,"top_p":40}'),
        ("8.18.0", b'"top_p":0.9,"top_k":40}'),
        ("9.0.0", b'"top_p":0.9,"top_k":40}'),
    ],
)
def test_old_servers_print_top_k_under_the_name_of_top_p(version: str, printed: bytes) -> None:
    with Simulator(version=version) as server:
        reply = create(server, task_settings={"max_tokens": 1, "top_p": 0.9, "top_k": 40})

        assert printed in reply.content
        assert printed in call(server, "GET", "/_inference/_all").content
        assert server.endpoints["x"].task_settings == {"max_tokens": 1, "top_p": 0.9, "top_k": 40}


def test_the_ranges_of_task_settings_are_not_checked(server: Simulator) -> None:
    settings = {"max_tokens": 2**31 - 1, "temperature": 99.5, "top_p": -1.0, "top_k": -3}

    assert create(server, task_settings=settings).json["task_settings"] == settings


@pytest.mark.parametrize("body", [b"no json", b"{}", b'{"service": "openai"}'])
def test_an_id_that_exists_is_refused_whatever_the_body(server: Simulator, body: bytes) -> None:
    create(server)
    reply = call(server, "PUT", COMPLETION + "x", body)

    assert reply.status == 400
    words = {
        "type": "resource_already_exists_exception",
        "reason": "Inference endpoint [x] already exists",
    }
    assert reply.json == {"error": {"root_cause": [words], **words}, "status": 400}
    assert server.endpoints["x"].secret == KEY


@pytest.mark.parametrize("inference_id", ["a", "0", "a-b_c.d9", "completion", "a--b"])
def test_ids_the_server_takes(server: Simulator, inference_id: str) -> None:
    assert create(server, inference_id).json["inference_id"] == inference_id


@pytest.mark.parametrize("inference_id", [".a", "a.", "-a", "a_", "A", "a%20b", "_all", "%C3%A4", "a%2Fb"])
def test_ids_the_server_refuses(server: Simulator, inference_id: str) -> None:
    reply = create(server, inference_id)

    assert reply.status == 400
    assert reply.error["type"] == "action_request_validation_exception"
    assert reply.reason.startswith("Validation Failed: 1: Invalid inference_id; '")
    assert "can contain lowercase alphanumeric (a-z and 0-9), hyphens or underscores; " in reply.reason
    assert set(server.endpoints) == {".elser-2-elasticsearch", ".multilingual-e5-small-elasticsearch"}


@pytest.mark.parametrize(
    ("version", "chat_completion", "status"),
    [
        ("9.3.0", None, 400),
        ("9.4.0", None, 400),
        ("9.4.9", True, 200),
        ("9.5.0", None, 200),
        ("9.6.0", None, 200),
        ("serverless", None, 200),
        ("9.6.0", False, 400),
    ],
)
def test_chat_completion_came_late(version: str, chat_completion: bool | None, status: int) -> None:
    with Simulator(version=version, chat_completion=chat_completion) as server:
        reply = call(server, "PUT", "/_inference/chat_completion/x", create_body())

        assert reply.status == status
        if status == 400:
            assert reply.reason == ("The [anthropic] service does not support task type [chat_completion]")


@pytest.mark.parametrize("task_type", ["text_embedding", "sparse_embedding", "rerank", "nonsense"])
def test_other_task_types_are_refused(server: Simulator, task_type: str) -> None:
    reply = call(server, "PUT", f"/_inference/{task_type}/x", create_body())

    assert (reply.status, reply.error["type"]) == (400, "status_exception")
    assert reply.reason == f"The [anthropic] service does not support task type [{task_type}]"


def test_the_task_type_can_stand_in_the_body_instead(server: Simulator) -> None:
    reply = call(server, "PUT", "/_inference/x", create_body(task_type="completion"))

    assert reply.json == STORED


@pytest.mark.parametrize(
    ("task_type", "words"),
    [
        ("any", "task_type [any] is not valid type for inference"),
        ("nonsense", "Unknown task_type [nonsense]"),
        (5, "Unknown task_type [5]"),
    ],
)
def test_the_task_type_in_the_body_has_to_be_one(server: Simulator, task_type: object, words: str) -> None:
    assert call(server, "PUT", "/_inference/x", create_body(task_type=task_type)).reason == words


def test_a_task_type_is_needed_somewhere_and_only_one(server: Simulator) -> None:
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
    ],
)
def test_the_service_has_to_be_known(server: Simulator, service: str | None, status: int, words: str) -> None:
    reply = create(server, service=service)

    assert (reply.status, reply.reason) == (status, words)


def test_what_is_not_simulated_says_so(server: Simulator) -> None:
    reply = create(server, service="openai")

    assert (reply.status, reply.error) == (501, "this simulator serves [anthropic] alone, not [openai]")


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
            {"task_settings": {"max_tokens": -1, "temperature": "hot", "top_k": 1.5}},
            [
                "[task_settings] Invalid value [-1]. [max_tokens] must be a positive integer",
                wrong_type("temperature", "hot", "Double"),
                wrong_type("top_k", "1.5", "Integer"),
            ],
        ),
        (
            {"task_settings": {"max_tokens": "50"}},
            [wrong_type("max_tokens", "50", "Integer")],
        ),
        (
            {"task_settings": {"max_tokens": True, "top_p": False}},
            [
                wrong_type("max_tokens", "true", "Integer"),
                wrong_type("top_p", "false", "Double"),
            ],
        ),
        (
            {"task_settings": {"max_tokens": 2**31}},
            [wrong_type("max_tokens", "2147483648", "Integer")],
        ),
        (
            {"service_settings": {}},
            ["[service_settings] does not contain the required setting [model_id]"],
        ),
        (
            {"service_settings": {"model_id": MODEL}},
            ["[secret_settings] does not contain the required setting [api_key]"],
        ),
        (
            {"service_settings": {"model_id": "", "api_key": KEY}},
            ["[service_settings] Invalid value empty string. [model_id] must be a non-empty string"],
        ),
        (
            {"service_settings": {"model_id": MODEL, "api_key": ""}},
            ["[secret_settings] Invalid value empty string. [api_key] must be a non-empty string"],
        ),
        (
            {"service_settings": {"model_id": 5, "rate_limit": {"requests_per_minute": 0}}},
            [
                wrong_type("model_id", "5", "String"),
                "[rate_limit] Invalid value [0]. [requests_per_minute] must be a positive long",
            ],
        ),
        (
            {"service_settings": service_settings(rate_limit={"requests_per_minute": "50"})},
            [
                (
                    "field [requests_per_minute] is not of one of the expected types. "
                    "The value [50] cannot be converted to one of [Integer, Long]"
                )
            ],
        ),
        (
            {"service_settings": service_settings(rate_limit=50)},
            ["field [rate_limit] is not of the expected type. The value [50] cannot be converted to a [Map]"],
        ),
        (
            {"service_settings": service_settings(url="not a url")},
            [
                (
                    "[service_settings] Invalid url [not a url] received for field [url]. "
                    "Error: unable to parse url [not a url]. Reason: Illegal character in path"
                )
            ],
        ),
        (
            {"task_settings": [1]},
            [wrong_type("task_settings", "[1]", "Map")],
        ),
    ],
)
def test_bad_settings_are_told_all_at_once(server: Simulator, changes: dict[str, Any], problems: list[str]) -> None:
    body = {**create_body(), **changes}
    reply = call(server, "PUT", COMPLETION + "x", body)

    numbered = "".join(f"{number}: {problem};" for number, problem in enumerate(problems, 1))
    assert (reply.status, reply.error["type"]) == (400, "validation_exception")
    assert reply.reason == f"Validation Failed: {numbered}"
    assert "x" not in server.endpoints


def test_service_settings_have_to_be_there(server: Simulator) -> None:
    reply = create(server, service_settings=None)

    assert reply.reason == "Missing required field [service_settings]"


def test_null_counts_as_left_out(server: Simulator) -> None:
    settings = service_settings(rate_limit={"requests_per_minute": None}, url=None)
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
        ({"service_settings": service_settings(apikey=KEY)}, f"{{apikey={KEY}}}"),
        (
            {"service_settings": service_settings(rate_limit={"per_second": 1, "requests_per_minute": 9})},
            "{per_second=1}",
        ),
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


@pytest.mark.parametrize(("version", "status"), [("9.4.0", 400), ("9.5.0", 200), ("serverless", 200)])
def test_url_is_known_to_the_newest(version: str, status: int) -> None:
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
def test_what_the_provider_refuses_is_not_stored(options: dict[str, Any], words: str) -> None:
    with Simulator(**options) as server:
        reply = create(server)

        assert (reply.status, reply.error["type"]) == (400, "status_exception")
        assert reply.reason == (
            "Could not complete inference endpoint creation as validation call to service threw an exception."
        )
        assert reply.error["caused_by"]["reason"].endswith(words)
        assert reply.error["root_cause"] == [reply.error["caused_by"]]
        assert "x" not in server.endpoints


def test_the_provider_is_asked_only_when_all_else_is_well() -> None:
    with Simulator(refused_keys={KEY}) as server:
        assert create(server, task_settings={}).error["type"] == "validation_exception"


def test_the_call_to_the_provider_takes_its_time() -> None:
    with Simulator(delay=0.4) as server:
        began = time.monotonic()
        create(server)
        created = time.monotonic()
        create(server)

        assert created - began >= 0.4
        assert time.monotonic() - created < 0.4


def test_of_two_creates_that_race_one_is_refused() -> None:
    with Simulator(delay=0.2) as server:
        statuses: list[int] = []
        threads = [threading.Thread(target=lambda: statuses.append(create(server).status)) for _time in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(statuses) == [200, 400]


def test_a_licence_without_inference_is_said() -> None:
    with Simulator(licensed=False) as unlicensed:
        reply = create(unlicensed)

        words = {
            "type": "security_exception",
            "reason": "current license is non-compliant for [inference]",
            "license.expired.feature": "inference",
        }
        assert reply.json == {"error": {"root_cause": [words], **words}, "status": 403}
        assert call(unlicensed, "GET", "/_inference/_all").status == 200
