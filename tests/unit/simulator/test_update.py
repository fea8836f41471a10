# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator import Simulator
from tests.unit.simulator.calls import COMPLETION, KEY, MODEL, call, create, update

BEFORE_9_4 = ["8.17.0", "8.19.0", "9.0.0", "9.3.0"]
FROM_9_4 = ["9.4.0", "9.5.0", "9.6.0", "serverless"]
BEFORE_9_5 = [*BEFORE_9_4, "9.4.0"]
FROM_9_5 = ["9.5.0", "9.6.0", "serverless"]
FROM_9_6 = ["9.6.0", "serverless"]
ALL = [*BEFORE_9_4, *FROM_9_4]
TASK = {"max_tokens": 1024, "temperature": 0.5}
URL = "https://proxy.example/v1"


@pytest.fixture(params=ALL)
def any_version(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with seeded(request.param) as server:
        yield server


def seeded(version: str, **options: Any) -> Simulator:
    server = Simulator(version=version, **options)
    server.seed("x", task_settings=TASK, secret=KEY)
    return server


def test_update_is_unknown_to_8_16() -> None:
    with seeded("8.16.0") as server:
        reply = update(server, {"task_settings": {"max_tokens": 1}})

        path = "/_inference/completion/x/_update"
        assert reply.status == 400
        assert reply.error == f"no handler found for uri [{path}] and method [PUT]"


def test_update_with_post_is_rejected(any_version: Simulator) -> None:
    reply = call(any_version, "POST", COMPLETION + "x/_update", {"task_settings": {"max_tokens": 1}})

    text = "Incorrect HTTP method for uri [/_inference/completion/x/_update] and method [POST], allowed: [PUT]"
    assert reply.json == {"error": text, "status": 405}
    assert reply.headers["Allow"] == "PUT"


def test_update_replaces_the_key(any_version: Simulator) -> None:
    reply = update(any_version, {"service_settings": {"api_key": "new"}})

    assert reply.status == 200
    assert b"new" not in reply.content
    assert any_version.endpoints["x"].secret == "new"
    assert any_version.endpoints["x"].task_settings == TASK


def test_update_replaces_all_task_settings(any_version: Simulator) -> None:
    reply = update(any_version, {"task_settings": {"max_tokens": 5, "temperature": 1.0}})

    assert reply.status == 200
    assert reply.json["task_settings"] == {"max_tokens": 5, "temperature": 1.0}
    assert any_version.endpoints["x"].task_settings == {"max_tokens": 5, "temperature": 1.0}


def test_update_of_task_settings_without_max_tokens_is_rejected(any_version: Simulator) -> None:
    reply = update(any_version, {"task_settings": {"temperature": 1.0}})

    assert reply.reason == ("Validation Failed: 1: [task_settings] does not contain the required setting [max_tokens];")
    assert any_version.endpoints["x"].task_settings == TASK


def test_update_with_integer_for_a_double_is_rejected_at_once(any_version: Simulator) -> None:
    reply = update(any_version, {"task_settings": {"temperature": 1}})

    assert (reply.status, reply.error["type"]) == (400, "status_exception")
    assert reply.reason == (
        "field [temperature] is not of the expected type. The value [1] cannot be converted to a [Double]"
    )
    assert any_version.endpoints["x"].task_settings == TASK


@pytest.mark.parametrize(("version", "left"), [*((v, 50) for v in BEFORE_9_4), *((v, 9) for v in FROM_9_4)])
def test_update_of_rate_limit_is_ignored_before_9_4(version: str, left: int) -> None:
    with seeded(version) as server:
        settings = {"api_key": KEY, "rate_limit": {"requests_per_minute": 9}}
        reply = update(server, {"service_settings": settings})

        assert reply.status == 200
        assert reply.json["service_settings"]["rate_limit"] == {"requests_per_minute": left}
        assert server.endpoints["x"].service_settings["rate_limit"] == {"requests_per_minute": left}


@pytest.mark.parametrize("version", ["9.4.0", "9.5.0"])
def test_invalid_rate_limit_is_a_validation_error_in_9_4_and_9_5(version: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"service_settings": {"rate_limit": {"requests_per_minute": -1}}})

        assert reply.reason == (
            "Validation Failed: 1: [rate_limit] Invalid value [-1]. [requests_per_minute] must be a positive long;"
        )


@pytest.mark.parametrize("version", FROM_9_6)
def test_invalid_rate_limit_is_a_parse_error_in_9_6_or_later(version: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"service_settings": {"rate_limit": {"requests_per_minute": -1}}})

        assert (reply.status, reply.error["type"]) == (400, "x_content_parse_exception")
        assert reply.reason.endswith("[service_settings] failed to parse field [rate_limit]")
        assert reply.error["caused_by"]["caused_by"]["reason"] == "requests per minute must be positive"


@pytest.mark.parametrize(
    ("version", "error_type", "words"),
    [
        (
            "9.4.0",
            "status_exception",
            (
                "Configuration contains unknown settings [{burst=1}] "
                "while parsing field [rate_limit] for settings [anthropic]"
            ),
        ),
        (
            "9.5.0",
            "validation_exception",
            "Validation Failed: 1: Rate limit settings contain unknown entries [{burst=1}];",
        ),
        (
            "9.6.0",
            "x_content_parse_exception",
            "[1:16] [service_settings] failed to parse field [rate_limit]",
        ),
    ],
)
def test_unknown_names_in_rate_limit_are_rejected_by_version(version: str, error_type: str, words: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"service_settings": {"rate_limit": {"burst": 1}}})

        assert (reply.status, reply.error["type"], reply.reason) == (400, error_type, words)


@pytest.mark.parametrize("limit", [None, {}, {"requests_per_minute": 50}])
@pytest.mark.parametrize("version", FROM_9_6)
def test_null_rate_limit_is_the_default_in_9_6_or_later(version: str, limit: object) -> None:
    with seeded(version) as server:
        server.seed("x", service_settings={"model_id": MODEL, "rate_limit": {"requests_per_minute": 9}})
        reply = update(server, {"service_settings": {"rate_limit": limit}})

        assert reply.json["service_settings"]["rate_limit"] == {"requests_per_minute": 50}


def test_null_rate_limit_changes_nothing_in_9_5() -> None:
    with seeded("9.5.0") as server:
        server.seed("x", service_settings={"model_id": MODEL, "rate_limit": {"requests_per_minute": 9}})
        reply = update(server, {"service_settings": {"rate_limit": None}})

        assert reply.json["service_settings"]["rate_limit"] == {"requests_per_minute": 9}


@pytest.mark.parametrize(
    ("body", "echoed"),
    [
        (
            {"service_settings": {"api_key": KEY, "rate_limit": None}},
            f"{{service_settings={{api_key={KEY}, rate_limit=null}}}}",
        ),
        (
            {"service_settings": {"api_key": KEY}, "task_settings": {"max_tokens": 1, "top_k": None}},
            "{task_settings={max_tokens=1, top_k=null}}",
        ),
    ],
)
@pytest.mark.parametrize("version", BEFORE_9_5)
def test_null_in_an_update_returns_500_before_9_5(version: str, body: dict[str, Any], echoed: str) -> None:
    with seeded(version) as server:
        reply = update(server, body)

        assert (reply.status, reply.error["type"]) == (500, "status_exception")
        assert reply.reason == f"Failed to parse update request [{echoed}]"


@pytest.mark.parametrize("version", FROM_9_5)
def test_null_task_setting_is_not_set_in_9_5_or_later(version: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"task_settings": {"max_tokens": 1, "temperature": None}})

        assert reply.json["task_settings"] == {"max_tokens": 1}


@pytest.mark.parametrize("version", BEFORE_9_5)
def test_update_of_service_settings_requires_the_key_before_9_5(version: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"service_settings": {"rate_limit": {"requests_per_minute": 9}}})

        assert reply.status == 400
        assert reply.reason == (
            "Validation Failed: 1: [secret_settings] does not contain the required setting [api_key];"
        )


@pytest.mark.parametrize("version", FROM_9_5)
def test_update_of_service_settings_without_the_key_succeeds_in_9_5_or_later(version: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"service_settings": {"rate_limit": {"requests_per_minute": 9}}})

        assert reply.status == 200
        assert server.endpoints["x"].secret == KEY


@pytest.mark.parametrize("field", ["model_id", "url"])
@pytest.mark.parametrize("version", ALL)
def test_immutable_settings_cannot_be_updated(version: str, field: str) -> None:
    refusals = {
        "9.5.0": (
            "status_exception",
            f"Configuration contains settings [{{{field}=other}}] unknown to the [anthropic] service",
        ),
        "9.6.0": ("x_content_parse_exception", f"[1:2] [service_settings] unknown field [{field}]"),
        "serverless": ("x_content_parse_exception", f"[1:2] [service_settings] unknown field [{field}]"),
    }
    with seeded(version) as server:
        reply = update(server, {"service_settings": {field: "other", "api_key": "new"}})

        if version in refusals:
            assert (reply.status, (reply.error["type"], reply.reason)) == (400, refusals[version])
            assert server.endpoints["x"].secret == KEY
        else:
            assert reply.status == 200
            assert reply.json["service_settings"] == {
                "model_id": MODEL,
                "rate_limit": {"requests_per_minute": 50},
            }
            assert server.endpoints["x"].secret == "new"


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("9.5.0", "Configuration contains settings [{foo=bar}] unknown to the [anthropic] service"),
        ("9.6.0", "[1:16] [service_settings] unknown field [foo]"),
    ],
)
def test_update_of_unknown_service_settings_is_rejected_in_9_5_or_later(version: str, words: str) -> None:
    with seeded(version) as server:
        assert update(server, {"service_settings": {"api_key": "k", "foo": "bar"}}).reason == words


@pytest.mark.parametrize("version", FROM_9_5)
def test_update_of_unknown_task_settings_is_rejected_in_9_5_or_later(version: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"task_settings": {"max_tokens": 1, "stop": "x"}})

        assert reply.reason == "Configuration contains settings [{stop=x}] unknown to the [anthropic] service"


@pytest.mark.parametrize("version", BEFORE_9_5)
def test_unknown_names_in_an_update_are_ignored_before_9_5(version: str) -> None:
    with seeded(version) as server:
        body = {
            "service_settings": {"api_key": "new", "foo": "bar"},
            "task_settings": {"max_tokens": 1, "stop": "x"},
        }
        reply = update(server, body)

        assert (reply.status, reply.json["task_settings"]) == (200, {"max_tokens": 1})
        assert server.endpoints["x"].secret == "new"


@pytest.mark.parametrize(
    ("body", "echoed"),
    [
        ({"service": "anthropic"}, "{service=anthropic}"),
        ({"api_key": KEY}, f"{{api_key={KEY}}}"),
    ],
)
def test_unknown_fields_in_an_update_are_rejected(any_version: Simulator, body: dict[str, Any], echoed: str) -> None:
    reply = update(any_version, body)

    assert reply.status == 400
    assert reply.reason == (
        f"Request contained fields which cannot be updated, remove these fields and try again [{echoed}]"
    )


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (
            "9.4.0",
            (
                "Request contained fields which cannot be updated, remove these fields and try again "
                "[{chunking_settings={strategy=word}}]"
            ),
        ),
        (
            "9.5.0",
            (
                "Configuration contains settings [{chunking_settings={strategy=word}}] "
                "unknown to the [anthropic] service"
            ),
        ),
    ],
)
def test_chunking_settings_in_an_update_of_a_completion_are_rejected(version: str, words: str) -> None:
    with seeded(version) as server:
        assert update(server, {"chunking_settings": {"strategy": "word"}}).reason == words


@pytest.mark.parametrize(
    ("version", "named"),
    [*((v, "service settings") for v in BEFORE_9_5), *((v, "[service_settings]") for v in FROM_9_5)],
)
@pytest.mark.parametrize(("value", "echoed"), [(KEY, KEY), (None, "null")])
def test_settings_that_are_not_objects_are_rejected(version: str, named: str, value: object, echoed: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"service_settings": value})

        assert reply.reason == f"Unable to parse {named} in the request [{{service_settings={echoed}}}]"


def test_update_with_empty_body_is_rejected(any_version: Simulator) -> None:
    assert update(any_version, {}).reason == "Request body is empty"
    nothing = call(any_version, "PUT", COMPLETION + "x/_update")
    assert (nothing.status, nothing.reason) == (400, "request body is required")


def test_update_of_unknown_id_returns_404(any_version: Simulator) -> None:
    reply = update(any_version, {"task_settings": {"max_tokens": 1}}, "y")

    assert (reply.status, reply.error["type"]) == (404, "status_exception")
    assert reply.reason == "The inference endpoint [y] does not exist and cannot be updated"


def test_invalid_body_for_an_unknown_id_returns_its_own_error(any_version: Simulator) -> None:
    assert update(any_version, {"nonsense": 1}, "y").reason.startswith("Request contained fields which")


def test_update_with_other_task_type_is_rejected(any_version: Simulator) -> None:
    path = "/_inference/rerank/x/_update"
    reply = call(any_version, "PUT", path, {"task_settings": {"max_tokens": 1}})

    assert (reply.status, reply.reason) == (
        400,
        "Task type must match the task type of the existing endpoint",
    )


def test_update_with_task_type_in_the_body_is_accepted(any_version: Simulator) -> None:
    body = {"task_settings": {"max_tokens": 1}}
    both = update(any_version, {**body, "task_type": "completion"})
    conflict = update(any_version, {**body, "task_type": "rerank"})
    without = call(any_version, "PUT", "/_inference/x/_update", body)
    within = call(any_version, "PUT", "/_inference/x/_update", {**body, "task_type": "completion"})

    assert without.reason == "model is missing required setting [task_type]"
    assert within.json["task_settings"] == both.json["task_settings"] == body["task_settings"]
    assert conflict.reason.startswith("Cannot resolve conflicting task_type parameter in the request URL [completion]")


@pytest.mark.parametrize(("version", "status"), [("8.17.0", 500), ("9.4.0", 500), ("9.5.0", 400), ("9.6.0", 400)])
def test_task_type_that_is_not_a_string_is_rejected(version: str, status: int) -> None:
    with seeded(version) as server:
        reply = update(server, {"task_type": 5})

        assert (reply.status, reply.reason) == (status, "Failed to parse [task_type] in update request [{task_type=5}]")


@pytest.mark.parametrize("version", FROM_9_4)
def test_update_rejected_by_the_provider_changes_nothing(version: str) -> None:
    with seeded(version, refused_keys={"bad"}) as server:
        before = server.endpoints["x"]
        reply = update(server, {"service_settings": {"api_key": "bad"}, "task_settings": {"max_tokens": 1}})

        assert reply.status == 400
        assert reply.error["caused_by"]["reason"].endswith("[invalid x-api-key]")
        assert server.endpoints["x"] == before


@pytest.mark.parametrize("version", BEFORE_9_4)
def test_update_does_not_call_the_provider_before_9_4(version: str) -> None:
    with seeded(version, refused_keys={"bad"}) as server:
        assert update(server, {"service_settings": {"api_key": "bad"}}).status == 200
        assert server.endpoints["x"].secret == "bad"


@pytest.mark.parametrize("body", [{"task_settings": TASK}, {"service_settings": {"api_key": KEY}}])
@pytest.mark.parametrize("version", FROM_9_4)
def test_update_without_a_change_does_not_call_the_provider(version: str, body: dict[str, Any]) -> None:
    with seeded(version, refused_keys={KEY}) as server:
        assert update(server, body).status == 200


def test_update_without_inference_license_returns_403() -> None:
    with seeded("9.6.0", licensed=False) as server:
        assert update(server, {"task_settings": {"max_tokens": 1}}).status == 403


@pytest.mark.parametrize(
    ("version", "words"),
    [
        *((v, "Validation Failed: 1: Invalid inference_id; '.elser-2-elasticsearch' can contain") for v in BEFORE_9_5),
        *((v, "Default endpoint [.elser-2-elasticsearch] cannot be updated") for v in FROM_9_5),
    ],
)
def test_built_in_endpoints_cannot_be_updated(version: str, words: str) -> None:
    with seeded(version) as server:
        path = "/_inference/sparse_embedding/.elser-2-elasticsearch/_update"
        reply = call(server, "PUT", path, {"task_settings": {"max_tokens": 1}})

        assert (reply.status, reply.reason.startswith(words)) == (400, True)


def test_update_of_unsimulated_service_returns_501(any_version: Simulator) -> None:
    any_version.seed("o", service="elastic")

    assert update(any_version, {"task_settings": {"max_tokens": 1}}, "o").status == 501


def test_update_of_created_endpoint_succeeds(server: Simulator) -> None:
    create(server)
    settings = {"rate_limit": {"requests_per_minute": 1}}
    update(server, {"service_settings": settings, "task_settings": {"max_tokens": 2}})

    read = call(server, "GET", "/_inference/x").json["endpoints"][0]
    assert read["service_settings"]["rate_limit"] == {"requests_per_minute": 1}
    assert read["task_settings"] == {"max_tokens": 2}
