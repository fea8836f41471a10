# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of index privileges."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from tests.simulator import OnIndices, Security, Simulator
from tests.unit.simulator.calls import Reply, call
from tests.unit.simulator.test_security import api_key, basic

USERS: dict[str, Collection[Any]] = {
    "owner": ("manage_inference", OnIndices(("thing*",), ("all",))),
    "cluster": ("all",),
    "reader": (OnIndices(("things",), ("read",)),),
    "elsewhere": (OnIndices(("others",), ("read", "write")),),
    "writer": (OnIndices(("things",), ("write",)),),
    "adder": (OnIndices(("things",), ("create_doc", "auto_configure")),),
    "unprivileged": (),
}
SECURITY = Security(
    users={name: ("pw", granted) for name, granted in USERS.items()},
    api_keys={"id1:secret1": (OnIndices(("*",), ("read",)),)},
)
DOCUMENT = "/things/_doc/a"
MGET = "/things/_mget"
BODIES: dict[str, Any] = {MGET: {"ids": ["a"]}, DOCUMENT: {"n": 1}, "/things": {}}


@pytest.fixture
def server() -> Any:
    with Simulator(security=SECURITY) as simulator:
        yield simulator


def ask(server: Simulator, user: str, method: str, path: str) -> Reply:
    body = BODIES[path] if method in ("PUT", "POST") else None
    return call(server, method, path, body, headers=basic(user, "pw"))


@pytest.mark.parametrize(
    ("user", "method", "path", "action", "granted"),
    [
        ("writer", "GET", DOCUMENT, "indices:data/read/get", "read,all"),
        ("reader", "PUT", DOCUMENT, "indices:data/write/index", "create_doc,create,index,write,all"),
        ("adder", "PUT", DOCUMENT, "indices:data/write/index:op_type/index", "create,index,write,all"),
        ("adder", "DELETE", DOCUMENT, "indices:data/write/delete", "delete,write,all"),
        ("writer", "PUT", "/things", "indices:admin/create", "create_index,manage,all"),
        ("writer", "GET", "/things", "indices:admin/get", "view_index_metadata,manage,all"),
        ("writer", "HEAD", "/things", "indices:admin/get", "view_index_metadata,manage,all"),
        ("reader", "GET", "/things/_mapping", "indices:admin/mappings/get", "view_index_metadata,manage,all"),
        ("writer", "DELETE", "/things", "indices:admin/delete", "delete_index,manage,all"),
        ("cluster", "DELETE", "/things", "indices:admin/delete", "delete_index,manage,all"),
    ],
)
def test_missing_index_privilege_returns_403(
    server: Simulator, user: str, method: str, path: str, action: str, granted: str
) -> None:
    server.seed_document("things", "a", {})
    reply = ask(server, user, method, path)

    assert reply.status == 403
    assert server.documents("things") == {"a": {}}
    if method != "HEAD":
        assert reply.error["type"] == "security_exception"
        assert reply.reason == (
            f"action [{action}] is unauthorized for user [{user}] with effective roles [{user}_role] "
            f"on indices [things], this action is granted by the index privileges [{granted}]"
        )


def test_index_privilege_all_allows_all_index_requests(server: Simulator) -> None:
    asked = [("PUT", "/things"), ("PUT", DOCUMENT), ("POST", MGET), ("GET", DOCUMENT), ("DELETE", DOCUMENT)]
    asked += [("GET", "/things/_mapping"), ("DELETE", "/things")]

    assert [ask(server, "owner", *one).status for one in asked] == [200, 201, 200, 200, 200, 200, 200]


def test_mget_without_any_read_privilege_is_rejected_as_a_whole(server: Simulator) -> None:
    server.seed_document("things", "a", {})
    reply = ask(server, "writer", "POST", MGET)

    assert reply.status == 403
    assert reply.reason == (
        "action [indices:data/read/mget] is unauthorized for user [writer] with effective roles [writer_role], "
        "this action is granted by the index privileges [read,all]"
    )


def test_mget_with_other_read_privilege_is_rejected_per_document(server: Simulator) -> None:
    missing = ask(server, "elsewhere", "POST", MGET).json["docs"][0]
    server.seed_document("things", "a", {})
    reply = ask(server, "elsewhere", "POST", MGET)

    (document,) = reply.json["docs"]
    assert missing["error"]["type"] == "index_not_found_exception"
    assert (reply.status, document["error"]["type"]) == (200, "security_exception")
    assert document["error"]["reason"] == (
        "action [indices:data/read/mget[shard]] is unauthorized for user [elsewhere] with effective roles "
        "[elsewhere_role] on indices [things], this action is granted by the index privileges [read,all]"
    )


def test_write_to_missing_index_requires_create_privilege(server: Simulator) -> None:
    reply = ask(server, "writer", "PUT", DOCUMENT)

    assert (reply.status, server.indices) == (403, {})
    assert reply.reason.startswith("action [indices:admin/auto_create] is unauthorized for user [writer]")
    assert reply.reason.endswith("by the index privileges [auto_configure,create_index,manage,all]")
    created = call(server, "PUT", f"{DOCUMENT}?op_type=create", {}, headers=basic("adder", "pw"))
    assert created.status == 201


def test_api_key_can_have_index_privileges(server: Simulator) -> None:
    server.seed_document("things", "a", {})
    headers = api_key("id1:secret1")

    assert call(server, "GET", DOCUMENT, headers=headers).status == 200
    refused = call(server, "DELETE", DOCUMENT, headers=headers)
    assert "for API key id [id1] of user [elastic] on indices [things]" in refused.reason


def privileges(server: Simulator, body: object, user: str = "owner") -> Reply:
    return call(server, "POST", "/_security/user/_has_privileges", body, headers=basic(user, "pw"))


def test_has_privileges_returns_own_privileges(server: Simulator) -> None:
    body = {
        "cluster": ["monitor_inference", "manage"],
        "index": [{"names": ["things", "others"], "privileges": ["read", "create_index"]}],
    }
    reply = privileges(server, body)

    assert (reply.status, reply.json) == (
        200,
        {
            "username": "owner",
            "has_all_requested": False,
            "cluster": {"monitor_inference": True, "manage": False},
            "index": {
                "things": {"read": True, "create_index": True},
                "others": {"read": False, "create_index": False},
            },
            "application": {},
        },
    )
    enough = privileges(server, {"index": [{"names": ["things"], "privileges": ["index"]}]}, "writer")
    assert enough.json["has_all_requested"] is True


@pytest.mark.parametrize(
    "body", [{"cluster": "manage"}, {"index": ["things"]}, {"index": [{"names": [1], "privileges": ["read"]}]}]
)
def test_invalid_has_privileges_bodies_are_rejected(server: Simulator, body: object) -> None:
    assert privileges(server, body).status == 400


def test_empty_has_privileges_request_is_rejected(server: Simulator) -> None:
    reply = privileges(server, {})

    assert (reply.status, reply.error["type"]) == (400, "action_request_validation_exception")
    assert privileges(server, {"cluster": ["manage_slm"]}).status == 501
    assert privileges(server, {"application": [{}]}).status == 501


def test_has_privileges_does_not_exist_without_security() -> None:
    with Simulator() as server:
        reply = call(server, "POST", "/_security/user/_has_privileges", {})

        assert (reply.status, list(reply.json)) == (400, ["error"])
        assert reply.json["error"].startswith("no handler found for uri")


@pytest.mark.parametrize(("names", "granted"), [(("a",), ("reed",)), ("a", ("read",)), (("a",), "read")])
def test_unknown_index_privileges_are_rejected(names: Any, granted: Any) -> None:
    with pytest.raises(ValueError, match="privileges"):
        OnIndices(names, granted)
