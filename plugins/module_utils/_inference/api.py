# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client of the inference API, with one method for each request. It is independent of the service.

Private to the collection.
"""

from __future__ import annotations

import threading
from typing import Any, Mapping, NamedTuple
from urllib.parse import quote, urlencode

from .._elasticsearch.client import Client
from .._elasticsearch.errors import ApiError, ClientError, UnreadableResponse
from .endpoint import NEWEST, UNKNOWN_SERVER, Endpoint, Server

#: Maximum number of seconds by which the timeout of the server is shorter than that of the client, so that the server
#: stops waiting before the client does.
_MAX_MARGIN = 10.0

_QUERY_HINT = "reconfigure or bypass the proxy in front of Elasticsearch. It removes query strings from requests."

_DRY_RUN = {"dry_run": "true"}

#: A query that shortens the response, which proves that the query string arrived.
_ID_ONLY = {"filter_path": "endpoints.inference_id"}


class References(NamedTuple):
    """Pipelines and indices that use an endpoint."""

    pipelines: tuple[str, ...]
    indexes: tuple[str, ...]


class Inference:
    """Requests of the inference API (`elasticsearch.md`, "Requests").

    Each method raises ClientError if the request fails or the response does not have the documented format. Each
    request specifies the cluster privilege that it requires, for the hint if it is missing.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._checking = threading.Lock()
        self._query_strings_arrive = False

    def server(self) -> Server:
        """Return the version of the server."""
        response = self._request("GET", "/", privilege="monitor")
        try:
            version, cluster = response["version"], str(response.get("cluster_uuid") or "")
            if version.get("build_flavor") == "serverless":
                return Server(NEWEST, "Elasticsearch Serverless", cluster)
            major, minor, *rest = version["number"].split(".")
            patch = int(rest[0]) if rest and rest[0].isdecimal() else 0
            return Server((int(major), int(minor)), f"Elasticsearch {version['number']}", cluster, patch=patch)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise unexpected_response("GET", "/") from None

    def get(self, inference_id: str) -> Endpoint | None:
        """Return an endpoint, or None if it does not exist."""
        path = f"/_inference/{_quote(inference_id)}"
        try:
            endpoints = self._parse_endpoints("GET", path, self._request("GET", path))
        except ApiError as error:
            if error.is_not_found:
                return None
            raise
        return next((endpoint for endpoint in endpoints if endpoint.inference_id == inference_id), None)

    def get_all(self, task_type: str | None = None) -> list[Endpoint]:
        """Return all endpoints of all services, including built-in endpoints."""
        path = f"/_inference/{_quote(task_type)}/_all" if task_type else "/_inference/_all"
        return self._parse_endpoints("GET", path, self._request("GET", path))

    def put(
        self,
        task_type: str,
        inference_id: str,
        body: Mapping[str, Any],
        server: Server = UNKNOWN_SERVER,
        least_retries: int = 0,
    ) -> Endpoint:
        """Create an endpoint, and return the stored endpoint. Elasticsearch rejects an existing ID.

        :param server: the server, which may not support a timeout for creates.
        :param least_retries: minimum number of retries after temporary errors, even if the connection allows fewer.
        """
        params = self._timeout_query() if server.supports_create_timeout else None
        return self._write(endpoint_path(task_type, inference_id), params, body, least_retries)

    def update(
        self, task_type: str, inference_id: str, body: Mapping[str, Any], server: Server = UNKNOWN_SERVER
    ) -> Endpoint:
        """Update an endpoint in place, and return the stored endpoint, which can be unchanged."""
        params = self._timeout_query() if server.supports_update_timeout else None
        return self._write(endpoint_path(task_type, inference_id) + "/_update", params, body)

    def delete(self, task_type: str, inference_id: str, force: bool = False) -> None:
        """Delete an endpoint.

        :param task_type: empty if it is not known.
        :param force: whether to delete an endpoint that is in use.
        """
        path, params = endpoint_path(task_type, inference_id), {"force": "true"} if force else None
        response = self.client.request_with_retries("DELETE", path, params, privilege="manage_inference")
        if not isinstance(response, dict) or response.get("acknowledged") is not True:
            raise unexpected_response("DELETE", path)

    def references(self, task_type: str, inference_id: str) -> References:
        """Return the pipelines and indices that use an endpoint, with a dry run of a delete request.

        :raises ClientError: also if the dry run would delete or has deleted the endpoint.
        """
        path = endpoint_path(task_type, inference_id)
        with self._checking:
            if not self._query_strings_arrive:
                self._check_query_strings(path, inference_id)
                self._query_strings_arrive = True
        response = self._request("DELETE", path, _DRY_RUN, privilege="manage_inference")
        try:
            if response.get("acknowledged") is True:
                problem = f"The dry run was executed as a real delete: inference endpoint {inference_id} was deleted."
                raise ClientError(problem, "DELETE", f"{path}?dry_run=true", _QUERY_HINT, 200)
            return References(tuple(response.get("pipelines") or ()), tuple(response.get("indexes") or ()))
        except (AttributeError, TypeError):
            raise unexpected_response("DELETE", path) from None

    def _check_query_strings(self, path: str, inference_id: str) -> None:
        """Check that query strings reach Elasticsearch. Without its query string, a dry run deletes the endpoint.

        :raises ClientError: if the response shows that the query string was ignored, or if the request failed.
        """
        response = self._request("GET", path, _ID_ONLY)
        if response == {"endpoints": [{"inference_id": inference_id}]}:
            return
        problem = (
            "The query string of this request was ignored. Without it, a dry run deletes the endpoint, so none was "
            "sent."
        )
        raise ClientError(problem, "GET", f"{path}?{urlencode(_ID_ONLY)}", _QUERY_HINT, 200)

    def sensitive_settings(self) -> dict[str, frozenset[str]]:
        """Return the names of the settings that Elasticsearch marks as sensitive, by service."""
        path = "/_inference/_services"
        response = self._request("GET", path)
        try:
            return {
                service["service"]: frozenset(
                    name for name, about in service["configurations"].items() if about.get("sensitive") is True
                )
                for service in _require_list(response)
            }
        except (AttributeError, KeyError, TypeError):
            raise unexpected_response("GET", path) from None

    def is_deployed(self, model_id: str, deployment_id: str = "") -> bool:
        """Return whether a model is fully allocated, as defined in the documentation of the create API.

        :param deployment_id: the deployment to check. If empty, all deployments are checked, and a model without a
            deployment is ready.
        """
        path = f"/_ml/trained_models/{_quote(model_id)}/_stats"
        try:
            response = self._request("GET", path, privilege="monitor_ml")
        except ApiError as error:
            if error.is_not_found:
                return not deployment_id
            raise
        try:
            deployments = [
                stats["deployment_stats"] for stats in response["trained_model_stats"] if "deployment_stats" in stats
            ]
            if deployment_id:
                deployments = [each for each in deployments if each.get("deployment_id") == deployment_id]
            if not deployments:
                return not deployment_id
            allocations = [deployment["allocation_status"] for deployment in deployments]
            return all(
                allocation["state"] == "fully_allocated"
                and allocation["allocation_count"] == allocation["target_allocation_count"]
                for allocation in allocations
            )
        except (KeyError, TypeError):
            raise unexpected_response("GET", path) from None

    def _timeout_query(self) -> dict[str, str]:
        """Return the query that limits the time for which the server waits for the provider."""
        return {"timeout": format_server_timeout(self.client.timeout)}

    def _write(
        self, path: str, params: Mapping[str, str] | None, body: Mapping[str, Any], least_retries: int = 0
    ) -> Endpoint:
        response = self.client.request_with_retries(
            "PUT", path, params, body, least_retries=least_retries, privilege="manage_inference"
        )
        return _parse_endpoint("PUT", path, response)

    def _parse_endpoints(self, method: str, path: str, response: Any) -> list[Endpoint]:
        try:
            return [_parse_endpoint(method, path, endpoint) for endpoint in response["endpoints"]]
        except (KeyError, TypeError):
            raise unexpected_response(method, path) from None

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        privilege: str = "monitor_inference",
    ) -> Any:
        return self.client.request(method, path, params, privilege=privilege)


def _require_list(response: Any) -> list[Any]:
    if not isinstance(response, list):
        raise TypeError
    return response


def format_server_timeout(seconds: float) -> str:
    """Return a time value for the server that is a little shorter than the timeout of the client, in seconds."""
    milliseconds = max(1, round((seconds - min(seconds * 0.1, _MAX_MARGIN)) * 1000))
    return f"{milliseconds}ms" if milliseconds % 1000 else f"{milliseconds // 1000}s"


def _parse_endpoint(method: str, path: str, response: Any) -> Endpoint:
    try:
        return Endpoint.from_response(response)
    except (AttributeError, KeyError, TypeError):
        raise unexpected_response(method, path) from None


def unexpected_response(method: str, path: str) -> UnreadableResponse:
    """Return the error for a JSON response that does not have the documented format."""
    from .._elasticsearch.hints import NO_INFERENCE  # noqa: PLC0415

    problem = "The response is valid JSON, but not in the documented format."
    return UnreadableResponse(problem, method, path, NO_INFERENCE, 200)


def endpoint_path(task_type: str, inference_id: str) -> str:
    """Return the path of an endpoint. An empty task type is omitted."""
    if not task_type:
        return f"/_inference/{_quote(inference_id)}"
    return f"/_inference/{_quote(task_type)}/{_quote(inference_id)}"


def _quote(part: str) -> str:
    return quote(part, safe="")
