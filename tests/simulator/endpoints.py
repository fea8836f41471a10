# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create, update, read and delete inference endpoints (reference: Create, Update, Delete)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .anthropic import new_endpoint, update_parts, updated_endpoint
from .errors import ApiError, PlainError, bad_request, endpoint_exists, invalid, other_task_type
from .jsontext import java_text
from .messages import Answer
from .provider import Provider, ProviderError
from .routes import Call
from .store import BUILT_IN_IDS, References, Store, StoredEndpoint
from .versions import Version

# Task types a server has a name for; which of them a service serves is the service's to say.
TASK_TYPES = frozenset({"completion", "chat_completion", "text_embedding", "sparse_embedding", "rerank", "any"})
OTHER_SERVICES = frozenset(
    {
        *("alibabacloud-ai-search", "amazonbedrock", "azureaistudio", "azureopenai", "cohere", "deepseek"),
        *("elastic", "elasticsearch", "elser", "googleaistudio", "googlevertexai", "hugging_face", "jinaai"),
        *("mistral", "openai", "voyageai", "watsonxai"),
    }
)
_ID = re.compile(r"[a-z0-9](?:[a-z0-9_\-.]*[a-z0-9])?")


@dataclass(frozen=True)
class Rules:
    """What kind of server this is."""

    version: Version
    provider: Provider
    licensed: bool = True
    merge_task_settings: bool = False
    chat_completion: bool = False

    @property
    def supported(self) -> frozenset[str]:
        """The task types the anthropic service serves."""
        return frozenset({"completion", "chat_completion"} if self.chat_completion else {"completion"})

    def check_licence(self) -> None:
        """Refuse what the licence does not cover. Raises ApiError (403)."""
        if not self.licensed:
            raise ApiError(
                403,
                "security_exception",
                "current license is non-compliant for [inference]",
                extra=(("license.expired.feature", "inference"),),
            )


def path_task_type(call: Call) -> str:
    """The task type in the path, "any" if there is none. Raises ApiError."""
    name = call.variables.get("task_type", "any")
    normal = name.strip().lower()
    if normal not in TASK_TYPES:
        raise bad_request(f"Unknown task_type [{name}]")
    return normal


def check_task_type(requested: str, endpoint: StoredEndpoint) -> None:
    """Refuse a path with another task type than the endpoint's. Raises ApiError."""
    if requested not in ("any", endpoint.task_type):
        raise other_task_type(requested, endpoint.task_type)


@dataclass(frozen=True)
class Endpoints:
    """The handlers that keep endpoints."""

    rules: Rules
    store: Store

    def printed(self, endpoint: StoredEndpoint) -> dict[str, object]:
        """The endpoint as this version prints it."""
        return endpoint.body(top_k_as_top_p=self.rules.version.prints_top_k_as_top_p)

    def create(self, call: Call) -> Answer:
        """`PUT /_inference/{task_type}/{inference_id}`: refused if it exists, whatever the body."""
        inference_id = call.variables["inference_id"]
        _check_id(inference_id)
        self.rules.check_licence()
        if self.store.holds(inference_id):
            raise endpoint_exists(inference_id)
        endpoint = self._requested(call, inference_id)
        self._ask_provider(call, endpoint)
        self.store.create(endpoint)
        return Answer(200, self.printed(endpoint))

    def _requested(self, call: Call, inference_id: str) -> StoredEndpoint:
        body = call.json_object()
        path_type = call.variables.get("task_type", "any").strip().lower()
        task_type = _resolve_task_type(path_type, body.pop("task_type", None))
        service = body.pop("service", None)
        if service is None:
            raise bad_request("Inference endpoint configuration is missing the [service] setting")
        if service in OTHER_SERVICES:
            raise PlainError(501, f"this simulator serves [anthropic] alone, not [{service}]")
        if service != "anthropic":
            raise bad_request(f"Unknown service [{java_text(service)}]")
        return new_endpoint(inference_id, task_type, body, supported=self.rules.supported, version=self.rules.version)

    def _ask_provider(self, call: Call, endpoint: StoredEndpoint) -> None:
        model_id = str(endpoint.service_settings.get("model_id"))
        try:
            self.rules.provider.call(endpoint.inference_id, endpoint.secret, model_id, refuse=call.provider_refuses)
        except ProviderError as refusal:
            raise refusal.as_validation_failure() from refusal

    def update(self, call: Call) -> Answer:
        """`PUT /_inference/{task_type}/{inference_id}/_update`, as the version does it."""
        inference_id = call.variables["inference_id"]
        _check_id(inference_id)
        self.rules.check_licence()
        task_type, body = path_task_type(call), call.json_object()
        if task_type == "any":
            task_type = _resolve_task_type(task_type, body.pop("task_type", None))
        service_settings, task_settings = update_parts(body, self.rules.version)
        endpoint = self.store.get(inference_id)
        _check_updatable(endpoint, task_type)
        changed = updated_endpoint(
            endpoint,
            service_settings,
            task_settings,
            version=self.rules.version,
            merge=self.rules.merge_task_settings,
        )
        if changed != endpoint:
            if self.rules.version.validates_updates or call.provider_refuses:
                self._ask_provider(call, changed)
            self.store.replace(changed)
        return Answer(200, self.printed(changed))

    def read(self, call: Call) -> Answer:
        """`GET /_inference…`: one endpoint, or all of them, or all of a task type."""
        task_type = path_task_type(call)
        inference_id = call.variables.get("inference_id", "_all")
        if inference_id in ("_all", "*"):
            found = [one for one in self.store.all() if task_type in ("any", one.task_type)]
        else:
            found = [self.store.get(inference_id)]
            check_task_type(task_type, found[0])
        return Answer(200, {"endpoints": [self.printed(endpoint) for endpoint in found]})

    def delete(self, call: Call) -> Answer:
        """`DELETE /_inference/{task_type}/{inference_id}`, with `force` and `dry_run`."""
        inference_id, task_type = call.variables["inference_id"], path_task_type(call)
        force, dry_run = call.request.flag("force"), call.request.flag("dry_run")
        if inference_id in BUILT_IN_IDS and not force:
            raise bad_request(
                f"[{inference_id}] is a reserved inference endpoint. "
                "Use the force=true query parameter to delete the inference endpoint."
            )
        check_task_type(task_type, self.store.get(inference_id))
        references = self.store.references(inference_id)
        in_use = _in_use(inference_id, references)
        if dry_run:
            return Answer(200, _deletion(False, references, in_use))
        if in_use and not force:
            raise ApiError(409, "status_exception", in_use)
        self.store.delete(inference_id)
        return Answer(200, _deletion(True, References()))


def _check_id(inference_id: str) -> None:
    if not _ID.fullmatch(inference_id):
        problem = (
            f"Invalid inference_id; '{inference_id}' can contain lowercase alphanumeric (a-z and 0-9), "
            "hyphens or underscores; must start and end with alphanumeric"
        )
        raise invalid([problem], "action_request_validation_exception")


def _resolve_task_type(path_type: str, body_type: object) -> str:
    if body_type is None:
        if path_type == "any":
            raise bad_request("model is missing required setting [task_type]")
        return path_type
    named = java_text(body_type)
    normal = named.strip().lower()
    if normal == "any":
        raise bad_request("task_type [any] is not valid type for inference")
    if normal not in TASK_TYPES:
        raise bad_request(f"Unknown task_type [{named}]")
    if path_type not in ("any", normal):
        raise bad_request(
            f"Cannot resolve conflicting task_type parameter in the request URL [{path_type}] "
            f"and the request body [{named}]"
        )
    return normal


def _check_updatable(endpoint: StoredEndpoint, task_type: str) -> None:
    if endpoint.task_type != task_type:
        raise bad_request("Task type must match the task type of the existing endpoint")
    if endpoint.service != "anthropic":
        raise PlainError(501, f"this simulator serves [anthropic] alone, not [{endpoint.service}]")


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
