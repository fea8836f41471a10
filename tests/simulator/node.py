# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Elasticsearch node: the order in which it checks, routes, and executes a request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from .catalog import services
from .cluster import Cluster
from .documents import Documents
from .endpoints import Endpoints
from .errors import PlainError, RejectedError
from .indices import Indices
from .messages import Answer, Request, check_content_type, check_media_types, negotiated
from .ml import trained_model_stats
from .privileges import own_privileges
from .provider import CallFailure
from .routes import Call, Route, check_parameters, find
from .rules import Rules
from .runs import Runs
from .security import GRANTED_BY, Security, authorize
from .store import Store

PUT_ACTION = "cluster:admin/xpack/inference/put"
UPDATE_ACTION = "cluster:admin/xpack/inference/update"
DELETE_ACTION = "cluster:admin/xpack/inference/delete"
GET_ACTION = "cluster:monitor/xpack/inference/get"
RUN_ACTION = "cluster:monitor/xpack/inference/post"
ROOT_ACTION = "cluster:monitor/main"
STATS_ACTION = "cluster:monitor/xpack/ml/inference/stats/get"
SERVICES_ACTION = "cluster:monitor/xpack/inference/services/get"
READ_SETTINGS_ACTION = "cluster:monitor/settings"
WRITE_SETTINGS_ACTION = "cluster:admin/settings/update"


@dataclass(frozen=True)
class Node:
    """A server of a version with a store."""

    rules: Rules
    store: Store
    cluster: Cluster
    security: Security | None = None
    auto_create: bool = True

    def over(self, store: Store) -> Node:
        """Return the same server with another store."""
        return replace(self, store=store)

    def answer(self, request: Request, *, failure: CallFailure | None = None) -> Answer:
        """Execute the request, or reject it as the server does. `failure`: the failure of a call to the provider."""
        try:
            return self._carry_out(request, failure)
        except RejectedError as refusal:
            return Answer(refusal.status, refusal.body(), headers=refusal.headers)

    def _carry_out(self, request: Request, failure: CallFailure | None) -> Answer:
        check_media_types(request, self.rules.version)
        identity = self.security.authenticate(request) if self.security else None
        route, variables = find(self.routes, request)
        check_content_type(request)
        check_parameters(route, request)
        if identity and route.privilege:
            authorize(identity, route.action, route.privilege)
        answer = route.handle(Call(request, variables, failure, identity))
        return replace(answer, body=_filtered(answer.body, request))

    def content_type(self, request: Request) -> str:
        """Return the content type of this node's JSON responses to the request."""
        return negotiated(request, self.rules.version)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Return all routes of the server. Fixed paths come before paths with variables."""
        return (
            *self._cluster_routes(),
            *self._security_routes(),
            *self._services_routes(),
            *self._update_routes(),
            *self._run_routes(),
            *self._keep_routes(),
            *Documents(self.store.indices, self.auto_create).routes(),
            *Indices(self.rules.version, self.store.indices).routes(),
        )

    def _cluster_routes(self) -> tuple[Route, ...]:
        stats = "/_ml/trained_models/{model_id}/_stats"
        settings = "/_cluster/settings"
        root = self.cluster.root
        times = frozenset({"flat_settings", "master_timeout", "timeout"})
        return (
            Route("GET", "/", ROOT_ACTION, "monitor", root),
            Route("HEAD", "/", ROOT_ACTION, "monitor", root),
            Route(
                "GET",
                settings,
                READ_SETTINGS_ACTION,
                "monitor",
                self.cluster.read_settings,
                times,
                unsimulated=frozenset({"include_defaults", "local"}),
            ),
            Route(
                "PUT",
                settings,
                WRITE_SETTINGS_ACTION,
                "manage",
                self.cluster.update_settings,
                times,
                takes_body=True,
            ),
            Route(
                "GET",
                stats,
                STATS_ACTION,
                "monitor_ml",
                lambda call: trained_model_stats(call, self.rules.cluster, self.store),
                frozenset({"allow_no_match", "from", "size"}),
            ),
        )

    def _security_routes(self) -> tuple[Route, ...]:
        """Return the routes of the security API, which do not exist if security is disabled."""
        path = "/_security/user/_has_privileges"
        methods = ("GET", "POST") if self.security else ()
        return tuple(Route(method, path, "", "", _has_privileges, takes_body=True) for method in methods)

    def _services_routes(self) -> tuple[Route, ...]:
        """Return the routes of `RestGetInferenceServicesAction`. Before 8.18, the paths belong to endpoints."""
        if not self.rules.version.lists_services:
            return ()
        return tuple(
            Route("GET", path, SERVICES_ACTION, "monitor_inference", lambda call: services(call, self.rules))
            for path in ("/_inference/_services", "/_inference/_services/{task_type}")
        )

    def _update_routes(self) -> tuple[Route, ...]:
        """Return the routes of `RestUpdateInferenceModelAction`. All versions accept `master_timeout`."""
        if not self.rules.version.updates:
            return ()
        handle = Endpoints(self.rules, self.store).update
        paths = ("/_inference/{inference_id}/_update", "/_inference/{task_type}/{inference_id}/_update")
        times = {"master_timeout", "timeout"} if self.rules.version.knows_update_timeout else {"master_timeout"}
        return tuple(
            Route("PUT", path, UPDATE_ACTION, "manage_inference", handle, frozenset(times), takes_body=True)
            for path in paths
        )

    def _run_routes(self) -> tuple[Route, ...]:
        runs = Runs(self.rules, self.store)
        handlers = (
            ("/_inference/{inference_id}/_stream", runs.stream),
            ("/_inference/{task_type}/{inference_id}/_stream", runs.stream),
            ("/_inference/{inference_id}", runs.run),
            ("/_inference/{task_type}/{inference_id}", runs.run),
        )
        return tuple(
            Route(
                "POST",
                path,
                RUN_ACTION,
                "monitor_inference",
                handle,
                frozenset({"timeout"}),
                takes_body=True,
            )
            for path, handle in handlers
        )

    def _keep_routes(self) -> tuple[Route, ...]:
        """Return the routes to create, read and delete. No version of a create accepts `master_timeout`."""
        times = frozenset({"timeout"} if self.rules.version.knows_create_timeout else ())
        keep = Endpoints(self.rules, self.store)
        read = [
            Route("GET", path, GET_ACTION, "monitor_inference", keep.read)
            for path in (
                "/_inference",
                "/_inference/{inference_id}",
                "/_inference/{task_type}/{inference_id}",
            )
        ]
        write = [
            route
            for path in ("/_inference/{inference_id}", "/_inference/{task_type}/{inference_id}")
            for route in (
                Route("PUT", path, PUT_ACTION, "manage_inference", keep.create, times, takes_body=True),
                Route(
                    "DELETE",
                    path,
                    DELETE_ACTION,
                    "manage_inference",
                    keep.delete,
                    frozenset({"force", "dry_run"}),
                ),
            )
        ]
        return (*read, *write)


def _has_privileges(call: Call) -> Answer:
    assert call.identity, "the route is there with security alone"
    return Answer(200, own_privileges(call.identity, call.json_object(), GRANTED_BY))


def _filtered(body: Any, request: Request) -> Any:
    paths = request.query.get("filter_path")
    if not paths or isinstance(body, bytes):
        return body
    if "-" in {path[:1] for path in paths.split(",")} or "**" in paths:
        raise PlainError(501, f"this simulator does not support exclusions and ** in filter_path, got [{paths}]")
    return _kept(body, [path.split(".") for path in paths.split(",")]) or {}


def _kept(value: Any, paths: list[list[str]]) -> Any:
    if any(not path for path in paths):
        return value
    if isinstance(value, list):
        return [kept for item in value if (kept := _kept(item, paths)) is not None] or None
    if not isinstance(value, dict):
        return None
    found = {}
    for name, item in value.items():
        below = [path[1:] for path in paths if path[0] in (name, "*")]
        kept = _kept(item, below) if below else None
        if kept is not None:
            found[name] = kept
    return found or None
