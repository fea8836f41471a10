# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, update, read and delete inference endpoints (`elasticsearch.md`, "Create", "Update" and "Delete")."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, replace

from . import anthropic, ml
from .anthropic import persisted_problem, stores_twice
from .errors import ApiError, Cause, PlainError, bad_request, invalid
from .jsontext import java_text
from .messages import Answer
from .provider import ProviderError
from .routes import Call
from .rules import Rules, check_loadable, check_task_type
from .services import NOT_SERVED, engine, in_cluster
from .settings import broken_cast
from .store import BUILT_IN_IDS, References, Store, StoredEndpoint
from .update_body import UpdateParts, update_parts

_ID = re.compile(r"[a-z0-9](?:[a-z0-9_\-.]*[a-z0-9])?")
SKIP_VALIDATION = "xpack.inference.skip_validate_and_start"


@dataclass(frozen=True)
class Endpoints:
    """The handlers of requests that create, read, update, or delete endpoints."""

    rules: Rules
    store: Store

    def printed(self, endpoint: StoredEndpoint) -> dict[str, object]:
        """Return the endpoint as this version prints it."""
        found = replace(endpoint, service_settings=ml.shown(endpoint, self.store.deployments))
        return found.body(top_k_as_top_p=self.rules.version.prints_top_k_as_top_p)

    def create(self, call: Call) -> Answer:
        """Answer `PUT /_inference/{task_type}/{inference_id}` (`TransportPutInferenceModelAction`).

        The write itself finds that the ID is taken, after all checks and after the call to the provider.
        """
        inference_id = call.variables["inference_id"]
        path_type = self.rules.path_task_type(call)
        _check_id(inference_id)
        endpoint = self._requested(call, inference_id, path_type)
        last = self.rules.version.checks_mappings_last
        if not last:
            self._check_mappings(endpoint)
        skips = self.rules.cluster.settings.flag(SKIP_VALIDATION)
        if not skips:
            endpoint = self._validated(call, endpoint)
        if last:
            self._check_mappings(endpoint)
        self._store_new(endpoint)
        if ml.in_cluster(endpoint) and not skips:
            ml.start(endpoint, self.store.deployments, call.request.query.get("timeout"))
        headers = ml.deprecation(call.json_object(), self.rules.version.number)
        return Answer(200, self.printed(self.store.get(inference_id)), headers=headers)

    def _requested(self, call: Call, inference_id: str, path_type: str) -> StoredEndpoint:
        body = call.json_object()
        body_type, service = body.pop("task_type", None), body.pop("service", None)
        if body_type is not None and not isinstance(body_type, str):
            raise broken_cast(body_type, "java.lang.String")
        task_type = self._resolve_task_type(path_type, body_type)
        if service is None:
            raise bad_request("Inference endpoint configuration is missing the [service] setting")
        if not isinstance(service, str):
            raise broken_cast(service, "java.lang.String")
        self.rules.check_license()
        if service in NOT_SERVED:
            raise PlainError(501, f"this simulator does not serve [{service}]")
        row = self.rules.service(service)
        ml.check_id(inference_id, self.store.deployments)
        if row and row.in_cluster:
            return in_cluster.new_endpoint(
                row, inference_id, task_type, body, self.rules.version, self.store.deployments
            )
        if row:
            return engine.new_endpoint(row, inference_id, task_type, body, self.rules.version)
        if service != "anthropic":
            raise bad_request(f"Unknown service [{service}]")
        return anthropic.new_endpoint(
            inference_id,
            task_type,
            body,
            supported=self.rules.supported,
            version=self.rules.version,
            url_everywhere=self.rules.url_everywhere,
        )

    def _resolve_task_type(self, path_type: str, body_type: str | None) -> str:
        """Return the task type of the path or the body (`ServiceUtils.resolveTaskType`). Raises ApiError."""
        if body_type is None:
            if path_type == "any":
                raise bad_request("model is missing required setting [task_type]")
            return path_type
        normal = self.rules.task_type(body_type)
        if normal == "any":
            raise bad_request("task_type [any] is not valid type for inference")
        if path_type not in ("any", normal):
            raise bad_request(
                f"Cannot resolve conflicting task_type parameter in the request URL [{path_type}] "
                f"and the request body [{body_type}]"
            )
        return normal

    def _check_mappings(self, endpoint: StoredEndpoint) -> None:
        """Reject an ID that incompatible mappings use (`checkForExistingUsesOfInferenceId`)."""
        indexes = self.store.references(endpoint.inference_id).incompatible
        if indexes and self.rules.version.checks_mappings:
            raise bad_request(
                f"Inference endpoint [{endpoint.inference_id}] could not be created because the inference_id is being "
                f"used in mappings with incompatible settings for indices: {java_text(indexes)}. Please either use a "
                "different inference_id or update the index mappings to refer to a different inference_id."
            )

    def _validated(self, call: Call, endpoint: StoredEndpoint) -> StoredEndpoint:
        """Return the endpoint as a successful call to the provider leaves it. Raises ApiError."""
        row = self.rules.service(endpoint.service)
        if not (row and row.in_cluster):
            self._ask_provider(call, endpoint)
        elif not in_cluster.is_own(endpoint.service_settings.get("model_id")):
            return endpoint
        return engine.measured(row, endpoint) if row else endpoint

    def _ask_provider(self, call: Call, endpoint: StoredEndpoint) -> None:
        try:
            self.rules.call_provider(call, endpoint)
        except ProviderError as failure:
            raise failure.as_validation_failure() from failure

    def _store_new(self, endpoint: StoredEndpoint) -> None:
        """Store settings and secrets (`ModelRegistry.storeModel`).

        Derived: if the index rejects the settings, the server still stores the secrets.
        """
        row = self.rules.service(endpoint.service)
        if row or not stores_twice(endpoint, self.rules.version):
            self.store.create(engine.stored(row, endpoint) if row else endpoint)
            return
        with contextlib.suppress(ApiError):  # secrets that are stored already stay as they are
            self.store.create(replace(endpoint, state="no_settings"))
        below = Cause("document_parsing_exception", "failed to parse: Duplicate field 'top_p'")
        reason = f"Failed to store inference endpoint [{endpoint.inference_id}]"
        raise ApiError(500, "status_exception", reason, caused_by=below)

    def update(self, call: Call) -> Answer:
        """Answer `PUT /_inference/{task_type}/{inference_id}/_update` (`TransportUpdateInferenceModelAction`).

        If nothing changes, the server neither calls the provider nor writes.
        """
        inference_id, version = call.variables["inference_id"], self.rules.version
        path_type = self.rules.path_task_type(call)
        if not (inference_id.startswith(".") and version.updates_default_endpoints):
            _check_id(inference_id)
        parts = update_parts(call.json_object(), version)
        body_type = parts.task_type if isinstance(parts.task_type, str) else None
        task_type = self._resolve_task_type(path_type, body_type)
        endpoint = self._updatable(inference_id, task_type)
        changed = self._changed(endpoint, parts)
        if changed != endpoint:
            if ml.in_cluster(changed):
                ml.change(changed, self.store.deployments)
            elif version.validates_updates:
                self._ask_provider(call, changed)
            self._store_changed(changed)
        self._check_readable(changed)
        return Answer(200, self.printed(changed))

    def _changed(self, endpoint: StoredEndpoint, parts: UpdateParts) -> StoredEndpoint:
        row = self.rules.service(endpoint.service)
        if row and row.in_cluster:
            return in_cluster.updated_endpoint(row, endpoint, parts, self.rules.version)
        if row:
            row = replace(row, secrets_on_update=not self.rules.refuses_secrets)
            return engine.updated_endpoint(row, endpoint, parts, self.rules.version)
        return anthropic.updated_endpoint(endpoint, parts, self.rules.version)

    def _updatable(self, inference_id: str, task_type: str) -> StoredEndpoint:
        endpoint = next((one for one in self.store.all() if one.inference_id == inference_id), None)
        if endpoint is None:
            reason = f"The inference endpoint [{inference_id}] does not exist and cannot be updated"
            raise ApiError(404, "status_exception", reason)
        check_loadable(endpoint, self.rules.version)
        if endpoint.state == "unparsable":
            raise ApiError(500, "status_exception", f"Service [{endpoint.service}] not found")
        if inference_id.startswith("."):
            raise bad_request(f"Default endpoint [{inference_id}] cannot be updated")
        self.rules.check_license()
        self._check_readable(endpoint)
        if endpoint.task_type != task_type:
            raise bad_request("Task type must match the task type of the existing endpoint")
        if endpoint.service != "anthropic" and not self.rules.service(endpoint.service):
            raise PlainError(501, f"this simulator does not serve [{endpoint.service}]")
        return endpoint

    def _store_changed(self, endpoint: StoredEndpoint) -> None:
        if endpoint.service == "anthropic" and stores_twice(endpoint, self.rules.version):
            reason = (
                f"Failed to update inference endpoint [{endpoint.inference_id}] due to "
                "[failed to parse: Duplicate field 'top_p']"
            )
            raise ApiError(500, "status_exception", reason)
        self.store.replace(endpoint)

    def read(self, call: Call) -> Answer:
        """Answer `GET /_inference…`: one endpoint, or all, or all of a task type (`TransportGetInferenceModelAction`).

        If the server cannot read one endpoint, each list that includes it fails.
        """
        task_type = self.rules.path_task_type(call)
        inference_id = call.variables.get("inference_id", "_all")
        if inference_id in ("_all", "*"):
            found = [one for one in self.store.all() if task_type in ("any", one.task_type)]
        else:
            found = [self.store.get(inference_id)]
            self._check_service(found[0])
            check_task_type(task_type, found[0])
        for endpoint in found:
            self._check_readable(endpoint)
        return Answer(200, {"endpoints": [self.printed(endpoint) for endpoint in found]})

    def _check_service(self, endpoint: StoredEndpoint) -> None:
        if endpoint.state == "unparsable":
            end = "]. " if self.rules.version.minor == (8, 16) else "]."
            reason = f"Unknown service [{endpoint.service}] for inference endpoint [{endpoint.inference_id}{end}"
            raise ApiError(500, "status_exception", reason)

    def _check_readable(self, endpoint: StoredEndpoint) -> None:
        self._check_service(endpoint)
        problem = persisted_problem(endpoint, self.rules.version) if endpoint.service == "anthropic" else None
        if problem:
            raise problem

    def delete(self, call: Call) -> Answer:
        """Answer `DELETE /_inference/{task_type}/{inference_id}` (`TransportDeleteInferenceEndpointAction`)."""
        inference_id, task_type = call.variables["inference_id"], self.rules.path_task_type(call)
        force, dry_run = call.request.flag("force"), call.request.flag("dry_run")
        if inference_id in BUILT_IN_IDS and not force:
            raise bad_request(
                f"[{inference_id}] is a reserved inference endpoint. "
                "Use the force=true query parameter to delete the inference endpoint."
            )
        endpoint = self.store.get(inference_id)
        check_task_type(task_type, endpoint)
        references = self.store.references(inference_id)
        in_use = _in_use(inference_id, references)
        if dry_run:
            return Answer(200, _deletion(False, references, in_use))
        if in_use and not force:
            raise ApiError(409, "status_exception", in_use)
        if endpoint.state == "unparsable" and not (force and self.rules.version.forces_unparsable):
            raise ApiError(404, "status_exception", f"No service found for this inference endpoint {inference_id}")
        self.store.delete(inference_id)
        ml.stop(endpoint, self.store.deployments)
        return Answer(200, _deletion(True, References()))


def _check_id(inference_id: str) -> None:
    if not _ID.fullmatch(inference_id):
        problem = (
            f"Invalid inference_id; '{inference_id}' can contain lowercase alphanumeric (a-z and 0-9), "
            "hyphens or underscores; must start and end with alphanumeric"
        )
        raise invalid([problem], "action_request_validation_exception")


def _in_use(inference_id: str, references: References) -> str:
    advice = "or use force to ignore this warning and delete the inference endpoint."
    words = ""
    if references.pipelines:
        words += (
            f"Inference endpoint {inference_id} is referenced by pipelines: "
            f"{java_text(references.pipelines)}. "
            f"Ensure that no pipelines are using this inference endpoint, {advice}"
        )
    if references.indexes:
        words += (
            f" Inference endpoint {inference_id} is being used in the mapping for indexes: "
            f"{java_text(references.indexes)}. "
            f"Ensure that no index mappings are using this inference endpoint, {advice}"
        )
    return words


def _deletion(acknowledged: bool, references: References, message: str | None = None) -> dict[str, object]:
    answer: dict[str, object] = {
        "acknowledged": acknowledged,
        "pipelines": list(references.pipelines),
        "indexes": list(references.indexes),
    }
    if message is not None:
        answer["error_message"] = message
    return answer
