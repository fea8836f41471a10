# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote control for playbooks, under `/_simulator`. Its requests do not appear in the log of requests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from .deployments import Deployment, Model
from .errors import PlainError
from .faults import Fault, Faults
from .journal import Journal
from .jsontext import JsonError, parse
from .messages import Answer, Request
from .ml import seed
from .store import Store, seeded

DONE = {"acknowledged": True}
Types = Mapping[str, tuple[type, ...]]
ENDPOINT_TYPES: Types = {
    "service": (str,),
    "task_type": (str,),
    "service_settings": (dict,),
    "task_settings": (dict,),
    "chunking_settings": (dict,),
    "secret": (str, dict),
    "state": (str,),
}


class Control:
    """The handlers of `/_simulator/…`."""

    def __init__(self, store: Store, journal: Journal, faults: Faults) -> None:
        self._store = store
        self._journal = journal
        self._faults = faults
        self._handlers: dict[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "requests"): self._read_log,
            ("DELETE", "requests"): self._clear_log,
            ("PUT", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "endpoints"): self._read_endpoints,
            ("DELETE", "endpoints"): self._clear_endpoints,
            ("PUT", "endpoints/{id}"): self._seed,
            ("PUT", "references/{id}"): self._refer,
            ("PUT", "models/{id}"): self._set_model,
            ("GET", "deployments"): self._read_deployments,
            ("PUT", "deployments/{id}"): self._set_deployment,
            ("GET", "indices"): self._read_indices,
            ("DELETE", "indices"): self._clear_indices,
            ("PUT", "indices/{id}/{id}"): self._seed_document,
        }

    def answer(self, request: Request) -> Answer:
        """Execute the request. Invalid input returns a 400 with the reason."""
        name = "/".join([*request.segments[1:2], *("{id}" for _segment in request.segments[2:])])
        handle = self._handlers.get((request.method, name))
        try:
            if handle is None:
                raise ValueError(f"{request.method} {request.path} is not supported; {self._known()}")
            return Answer(200, handle(request))
        except (ValueError, TypeError) as error:
            return Answer(400, PlainError(400, str(error)).body())

    def _known(self) -> str:
        return "supported: " + ", ".join(f"{method} /_simulator/{name}" for method, name in self._handlers)

    def _read_log(self, _request: Request) -> Any:
        log = [dataclasses.asdict(exchange) for exchange in self._journal.exchanges]
        return {"requests": [f"{one['method']} {one['path']}" for one in log], "log": log}

    def _clear_log(self, _request: Request) -> Any:
        self._journal.clear()
        return DONE

    def _add_faults(self, request: Request) -> Any:
        body = _body(request)
        wanted = body if isinstance(body, list) else [body]
        faults = [_fault(fields) for fields in wanted]
        for fault in faults:
            self._faults.add(fault)
        return DONE

    def _clear_faults(self, _request: Request) -> Any:
        self._faults.clear()
        return DONE

    def _read_endpoints(self, _request: Request) -> Any:
        found = [{**dataclasses.asdict(endpoint), "secret": endpoint.secret} for endpoint in self._store.all()]
        return {"endpoints": found}

    def _clear_endpoints(self, _request: Request) -> Any:
        self._store.reset()
        return DONE

    def _seed(self, request: Request) -> Any:
        inference_id, body = request.segments[2], _fields(_body(request))
        if body.pop("inference_id", inference_id) != inference_id:
            raise ValueError("inference_id differs from the ID in the path")
        _check(body, ENDPOINT_TYPES)
        seed(self._store, seeded(inference_id, **body))
        return DONE

    def _set_model(self, request: Request) -> Any:
        """Define the behavior of a model with `task_type`, `reads`, and `start`, as `Simulator.model` does."""
        body = _fields(_body(request))
        _check(body, {"task_type": (str,), "reads": (int,), "start": (str,)})
        self._store.deployments.set_model(request.segments[2], Model(**body))
        return DONE

    def _read_deployments(self, _request: Request) -> Any:
        return {"deployments": [dataclasses.asdict(one) for one in self._store.deployments.snapshot().values()]}

    def _set_deployment(self, request: Request) -> Any:
        """Deploy `model_id`, or set the `number` of allocations of a deployment."""
        body = _fields(_body(request))
        _check(body, {"model_id": (str,), "number": (int,), "num_threads": (int,)})
        if "model_id" in body:
            self._store.deployments.put(Deployment(request.segments[2], **body))
        elif "number" in body:
            self._store.deployments.allocate(request.segments[2], body["number"])
        else:
            raise ValueError("model_id or number is required")
        return DONE

    def _refer(self, request: Request) -> Any:
        body = _fields(_body(request))
        _check(body, {"pipelines": (list,), "indexes": (list,), "incompatible": (list,)})
        for names in body.values():
            if not all(isinstance(name, str) for name in names):
                raise ValueError("pipelines and indexes must be lists of names")
        self._store.refer(
            request.segments[2], body.get("pipelines", ()), body.get("indexes", ()), body.get("incompatible", ())
        )
        return DONE

    def _read_indices(self, _request: Request) -> Any:
        return {"indices": self._store.indices.snapshot()}

    def _clear_indices(self, _request: Request) -> Any:
        self._store.indices.reset()
        return DONE

    def _seed_document(self, request: Request) -> Any:
        _control, _indices, index, document_id = request.segments
        self._store.indices.seed(index, document_id, _fields(_body(request)))
        return DONE


def _body(request: Request) -> Any:
    try:
        return parse(request.content)
    except JsonError as error:
        raise ValueError(f"the body is not valid JSON: {error.problem}") from error


def _fields(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise ValueError("the body must be an object")
    return body


def _fault(fields: Any) -> Fault:
    known = {field.name for field in dataclasses.fields(Fault)}
    unknown = sorted(set(_fields(fields)) - known)
    if unknown:
        raise ValueError(f"unknown fields {unknown}; supported: {sorted(known)}")
    if "kind" not in fields:
        raise ValueError("kind is required")
    return Fault(**fields)


def _check(body: dict[str, Any], types: Types) -> None:
    for name, value in body.items():
        if name not in types:
            raise ValueError(f"unknown field {name!r}; supported: {sorted(types)}")
        if not isinstance(value, types[name]):
            kinds = " or a ".join(kind.__name__ for kind in types[name])
            raise ValueError(f"{name} must be a {kinds}")
