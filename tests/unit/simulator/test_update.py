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
ALL = [*BEFORE_9_4, *FROM_9_4]
TASK = {"max_tokens": 1024, "temperature": 0.5, "top_k": 40}
URL = "https://proxy.example/v1"


@pytest.fixture(params=ALL)
def any_version(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    with seeded(request.param) as server:
        yield server


def seeded(version: str, **options: Any) -> Simulator:
    server = Simulator(version=version, **options)
    server.seed("x", task_settings=TASK, secret=KEY)
    return server


def test_8_16_has_no_handler() -> None:
    with seeded("8.16.0") as server:
        reply = update(server, {"task_settings": {"max_tokens": 1}})

        path = "/_inference/completion/x/_update"
        assert reply.status == 400
        assert reply.error == f"no handler found for uri [{path}] and method [PUT]"


def test_post_is_refused(any_version: Simulator) -> None:
    reply = call(any_version, "POST", COMPLETION + "x/_update", {"task_settings": {"max_tokens": 1}})

    text = "Incorrect HTTP method for uri [/_inference/completion/x/_update] and method [POST], allowed: [PUT]"
    assert reply.json == {"error": text, "status": 405}
    assert reply.headers["Allow"] == "PUT"


def test_the_key_can_be_replaced(any_version: Simulator) -> None:
    reply = update(any_version, {"service_settings": {"api_key": "new"}})

    assert reply.status == 200
    assert b"new" not in reply.content
    assert any_version.endpoints["x"].secret == "new"
    assert any_version.endpoints["x"].task_settings == TASK


def test_task_settings_are_replaced_whole(any_version: Simulator) -> None:
    reply = update(any_version, {"task_settings": {"max_tokens": 5, "temperature": 1}})

    assert reply.status == 200
    assert reply.json["task_settings"] == {"max_tokens": 5, "temperature": 1.0}
    assert any_version.endpoints["x"].task_settings == {"max_tokens": 5, "temperature": 1.0}


def test_max_tokens_must_be_in_task_settings(any_version: Simulator) -> None:
    reply = update(any_version, {"task_settings": {"temperature": 1}})

    assert reply.reason == ("Validation Failed: 1: [task_settings] does not contain the required setting [max_tokens];")
    assert any_version.endpoints["x"].task_settings == TASK


@pytest.mark.parametrize("version", ["9.6.0", "serverless"])
def test_task_settings_may_be_merged_on_the_newest(version: str) -> None:
    with seeded(version, merge_task_settings=True) as server:
        reply = update(server, {"task_settings": {"top_p": 1, "top_k": 3}})

        assert reply.json["task_settings"] == {
            "max_tokens": 1024,
            "temperature": 0.5,
            "top_p": 1.0,
            "top_k": 3,
        }
        assert list(reply.json["task_settings"]) == ["max_tokens", "temperature", "top_p", "top_k"]


@pytest.mark.parametrize(("version", "left"), [*((v, 50) for v in BEFORE_9_4), *((v, 9) for v in FROM_9_4)])
def test_the_rate_limit_is_silently_ignored_before_9_4(version: str, left: int) -> None:
    with seeded(version) as server:
        settings = {"api_key": KEY, "rate_limit": {"requests_per_minute": 9}}
        reply = update(server, {"service_settings": settings})

        assert reply.status == 200
        assert reply.json["service_settings"]["rate_limit"] == {"requests_per_minute": left}
        assert server.endpoints["x"].service_settings["rate_limit"] == {"requests_per_minute": left}


@pytest.mark.parametrize("version", FROM_9_4)
def test_a_bad_rate_limit_is_refused_from_9_4_on(version: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"service_settings": {"rate_limit": {"requests_per_minute": -1}}})

        assert reply.reason == (
            "Validation Failed: 1: [rate_limit] Invalid value [-1]. [requests_per_minute] must be a positive long;"
        )


@pytest.mark.parametrize("version", BEFORE_9_4)
def test_service_settings_need_the_key_before_9_4(version: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"service_settings": {"rate_limit": {"requests_per_minute": 9}}})

        assert reply.status == 400
        assert reply.reason == (
            "Validation Failed: 1: [secret_settings] does not contain the required setting [api_key];"
        )


@pytest.mark.parametrize("version", FROM_9_4)
def test_service_settings_do_without_the_key_from_9_4_on(version: str) -> None:
    with seeded(version) as server:
        reply = update(server, {"service_settings": {"rate_limit": {"requests_per_minute": 9}}})

        assert reply.status == 200
        assert server.endpoints["x"].secret == KEY


@pytest.mark.parametrize("field", ["model_id", "url"])
@pytest.mark.parametrize("version", ALL)
def test_what_an_endpoint_is_cannot_be_updated(version: str, field: str) -> None:
    refusals = {
        "9.5.0": (
            "status_exception",
            f"Configuration contains settings [{{{field}=other}}] unknown to the [anthropic] service",
        ),
        "9.6.0": ("x_content_parse_exception", f"[1:2] [service_settings] unknown field [{field}]"),
        "serverless": ("x_content_parse_exception", f"[1:2] [service_settings] unknown field [{field}]"),
    }
    with seeded(version) as server:
        reply = update(server, {"service_settings": {"api_key": "new", field: "other"}})

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
        ("8.17.0", "Model configuration contains settings [{foo=bar}] unknown to the [anthropic] service"),
        ("9.4.0", "Configuration contains settings [{foo=bar}] unknown to the [anthropic] service"),
        ("9.6.0", "[1:2] [service_settings] unknown field [foo]"),
    ],
)
def test_unknown_service_settings_are_refused(version: str, words: str) -> None:
    with seeded(version) as server:
        assert update(server, {"service_settings": {"api_key": KEY, "foo": "bar"}}).reason == words


def test_unknown_task_settings_are_refused(any_version: Simulator) -> None:
    reply = update(any_version, {"task_settings": {"max_tokens": 1, "stop": "x"}})

    assert reply.reason.endswith("onfiguration contains settings [{stop=x}] unknown to the [anthropic] service")


@pytest.mark.parametrize(
    ("body", "echoed"),
    [
        ({"service": "anthropic"}, "{service=anthropic}"),
        ({"task_type": "completion", "task_settings": {"max_tokens": 1}}, "{task_type=completion}"),
        ({"api_key": KEY}, f"{{api_key={KEY}}}"),
    ],
)
def test_all_else_at_the_top_is_refused(any_version: Simulator, body: dict[str, Any], echoed: str) -> None:
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
def test_chunking_settings_are_not_for_completions(version: str, words: str) -> None:
    with seeded(version) as server:
        assert update(server, {"chunking_settings": {"strategy": "word"}}).reason == words


def test_settings_have_to_be_objects(any_version: Simulator) -> None:
    reply = update(any_version, {"service_settings": KEY})

    assert reply.reason == (f"Unable to parse service settings in the request [{{service_settings={KEY}}}]")


def test_an_empty_body_is_refused(any_version: Simulator) -> None:
    assert update(any_version, {}).reason == "Request body is empty"
    nothing = call(any_version, "PUT", COMPLETION + "x/_update")
    assert (nothing.status, nothing.reason) == (400, "request body is required")


def test_an_unknown_id_is_a_404(any_version: Simulator) -> None:
    reply = update(any_version, {"task_settings": {"max_tokens": 1}}, "y")

    assert (reply.status, reply.error["type"]) == (404, "resource_not_found_exception")
    assert reply.reason == "Inference endpoint not found [y]"


def test_another_task_type_is_refused(any_version: Simulator) -> None:
    path = "/_inference/rerank/x/_update"
    reply = call(any_version, "PUT", path, {"task_settings": {"max_tokens": 1}})

    assert (reply.status, reply.reason) == (
        400,
        "Task type must match the task type of the existing endpoint",
    )


def test_the_task_type_can_stand_in_the_body_instead(any_version: Simulator) -> None:
    body = {"task_settings": {"max_tokens": 1}}
    without = call(any_version, "PUT", "/_inference/x/_update", body)
    within = call(any_version, "PUT", "/_inference/x/_update", {**body, "task_type": "completion"})

    assert without.reason == "model is missing required setting [task_type]"
    assert within.json["task_settings"] == body["task_settings"]


@pytest.mark.parametrize("version", FROM_9_4)
def test_what_the_provider_refuses_changes_nothing(version: str) -> None:
    with seeded(version, refused_keys={"bad"}) as server:
        before = server.endpoints["x"]
        reply = update(server, {"service_settings": {"api_key": "bad"}, "task_settings": {"max_tokens": 1}})

        assert reply.status == 400
        assert reply.error["caused_by"]["reason"].endswith("[invalid x-api-key]")
        assert server.endpoints["x"] == before


@pytest.mark.parametrize("version", BEFORE_9_4)
def test_older_servers_do_not_ask_the_provider(version: str) -> None:
    with seeded(version, refused_keys={"bad"}) as server:
        assert update(server, {"service_settings": {"api_key": "bad"}}).status == 200
        assert server.endpoints["x"].secret == "bad"


def test_the_provider_is_not_asked_when_nothing_changes() -> None:
    with seeded("9.6.0", refused_keys={KEY}) as server:
        assert update(server, {"task_settings": TASK}).status == 200


def test_the_licence_counts() -> None:
    with seeded("9.6.0", licensed=False) as server:
        assert update(server, {"task_settings": {"max_tokens": 1}}).status == 403


def test_built_in_endpoints_cannot_be_updated(any_version: Simulator) -> None:
    body = {"task_settings": {"max_tokens": 1}}
    path = "/_inference/sparse_embedding/.elser-2-elasticsearch/_update"

    assert "Invalid inference_id" in call(any_version, "PUT", path, body).reason


def test_endpoints_of_other_services_are_not_simulated(any_version: Simulator) -> None:
    any_version.seed("o", service="openai")

    assert update(any_version, {"task_settings": {"max_tokens": 1}}, "o").status == 501


def test_an_update_after_a_create(server: Simulator) -> None:
    create(server)
    settings = {"rate_limit": {"requests_per_minute": 1}}
    update(server, {"service_settings": settings, "task_settings": {"max_tokens": 2}})

    read = call(server, "GET", "/_inference/x").json["endpoints"][0]
    assert read["service_settings"]["rate_limit"] == {"requests_per_minute": 1}
    assert read["task_settings"] == {"max_tokens": 2}
