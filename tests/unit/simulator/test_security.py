# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.simulator import Security, Simulator
from tests.unit.simulator.calls import COMPLETION, call, create_body

ALL = "/_inference/_all"
SECURITY = Security(
    users={
        "elastic": ("pass:word", ("all",)),
        "writer": ("w", ("manage_inference",)),
        "reader": ("r", ("monitor_inference",)),
        "watcher": ("m", ("monitor",)),
        "unprivileged": ("n", ()),
    },
    api_keys={"id1:secret1": ("manage_inference",), "id2:secret2": ("monitor_ml",)},
    bearer_tokens={"token1": ("monitor_inference", "monitor")},
)
CHALLENGES = ['Basic realm="security", charset="UTF-8"', 'Bearer realm="security"', "ApiKey"]


@pytest.fixture
def server() -> Any:
    with Simulator(security=SECURITY) as simulator:
        simulator.seed("x")
        yield simulator


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {encoded(f'{user}:{password}')}"}


def api_key(text: str) -> dict[str, str]:
    return {"Authorization": f"ApiKey {encoded(text)}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, f"missing authentication credentials for REST request [{ALL}]"),
        ({"Authorization": "Digest x"}, f"missing authentication credentials for REST request [{ALL}]"),
        (basic("elastic", "wrong"), f"unable to authenticate user [elastic] for REST request [{ALL}]"),
        (basic("ghost", "x"), f"unable to authenticate user [ghost] for REST request [{ALL}]"),
        ({"Authorization": "Basic %%%"}, f"unable to authenticate user [] for REST request [{ALL}]"),
        (
            api_key("id1:wrong"),
            ("unable to authenticate with provided credentials and anonymous access is not allowed for this request"),
        ),
        (
            bearer("wrong"),
            ("unable to authenticate with provided credentials and anonymous access is not allowed for this request"),
        ),
    ],
)
def test_missing_or_wrong_credentials_return_401(server: Simulator, headers: dict[str, str], words: str) -> None:
    reply = call(server, "GET", ALL, headers=headers)

    error = {
        "type": "security_exception",
        "reason": words,
        "header": {"WWW-Authenticate": CHALLENGES},
    }
    assert reply.json == {"error": {"root_cause": [error], **error}, "status": 401}
    assert reply.headers.get_all("WWW-Authenticate") == CHALLENGES
    assert reply.headers["X-elastic-product"] == "Elasticsearch"


def test_credentials_are_checked_before_the_path(server: Simulator) -> None:
    assert call(server, "GET", "/no/where").status == 401
    assert call(server, "GET", "/no/where", headers=basic("unprivileged", "n")).status == 400


@pytest.mark.parametrize(
    "headers",
    [
        basic("elastic", "pass:word"),
        basic("writer", "w"),
        basic("reader", "r"),
        api_key("id1:secret1"),
        bearer("token1"),
    ],
)
def test_read_privileges_allow_reads(server: Simulator, headers: dict[str, str]) -> None:
    assert call(server, "GET", ALL, headers=headers).status == 200
    assert call(server, "POST", COMPLETION + "x", {"input": "a"}, headers=headers).status == 200


WRITE = "this action is granted by the cluster privileges [manage_inference,manage,all]"
READ = "this action is granted by the cluster privileges [monitor_inference,manage_inference,manage,all]"


@pytest.mark.parametrize(
    ("method", "path", "action", "granted"),
    [
        ("PUT", COMPLETION + "y", "cluster:admin/xpack/inference/put", WRITE),
        ("PUT", COMPLETION + "x/_update", "cluster:admin/xpack/inference/update", WRITE),
        ("DELETE", COMPLETION + "x", "cluster:admin/xpack/inference/delete", WRITE),
        ("GET", COMPLETION + "x", "cluster:monitor/xpack/inference/get", READ),
        ("POST", COMPLETION + "x", "cluster:monitor/xpack/inference/post", READ),
        ("POST", COMPLETION + "x/_stream", "cluster:monitor/xpack/inference/post", READ),
        (
            "GET",
            "/",
            "cluster:monitor/main",
            "this action is granted by the cluster privileges [monitor,manage,all]",
        ),
        (
            "GET",
            "/_ml/trained_models/m/_stats",
            "cluster:monitor/xpack/ml/inference/stats/get",
            "this action is granted by the cluster privileges [monitor_ml,manage_ml,manage,all]",
        ),
    ],
)
def test_missing_cluster_privilege_returns_403(
    server: Simulator, method: str, path: str, action: str, granted: str
) -> None:
    body = create_body() if method in ("PUT", "POST") else None
    reply = call(server, method, path, body, headers=basic("unprivileged", "n"))

    assert (reply.status, reply.error["type"]) == (403, "security_exception")
    assert reply.reason == (
        f"action [{action}] is unauthorized for user [unprivileged] with effective roles [unprivileged_role], {granted}"
    )
    assert server.endpoints["x"].task_settings == {"max_tokens": 1024}


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (basic("reader", "r"), "user [reader] with effective roles [reader_role]"),
        (api_key("id2:secret2"), "API key id [id2] of user [elastic]"),
        (bearer("token1"), "user [token_user] with effective roles [token_role]"),
    ],
)
def test_error_names_the_sender(server: Simulator, headers: dict[str, str], words: str) -> None:
    reply = call(server, "PUT", COMPLETION + "y", create_body(), headers=headers)

    assert reply.reason == (f"action [cluster:admin/xpack/inference/put] is unauthorized for {words}, {WRITE}")
    assert "y" not in server.endpoints


def test_root_requires_monitor(server: Simulator) -> None:
    assert call(server, "GET", "/", headers=basic("watcher", "m")).status == 200
    assert call(server, "GET", "/", headers=basic("writer", "w")).status == 403


def test_model_statistics_require_monitor_ml(server: Simulator) -> None:
    path = "/_ml/trained_models/m/_stats"

    assert call(server, "GET", path, headers=api_key("id2:secret2")).status == 404
    assert call(server, "GET", path, headers=basic("writer", "w")).status == 403


@pytest.mark.parametrize(
    "accounts",
    [
        {"users": {"a": ("b", ("manage_inferrence",))}},
        {"api_keys": {"a:b": "all"}},
        {"bearer_tokens": {"t": ("superuser",)}},
    ],
)
def test_unknown_cluster_privileges_are_rejected(accounts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="privileges"):
        Security(**accounts)
