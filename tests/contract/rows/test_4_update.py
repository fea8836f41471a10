# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Update: what changes in place, what is ignored, and what is rejected, by version."""

from __future__ import annotations

from typing import Any

from tests.contract.cluster import Cluster
from tests.contract.expectations import ABSENT, Error, PlainError, Success
from tests.contract.verdicts import row

SECTION = "Update"
UPDATE = "TransportUpdateInferenceModelAction"
REQUEST = "UpdateInferenceModelAction.Request.getContentAsSettings"
TASK = "AnthropicChatCompletionTaskSettings"
LIMIT = {"rate_limit": {"requests_per_minute": 7}}
UNTOUCHED = {"rate_limit": {"requests_per_minute": 50}}


def stored(cluster: Cluster, inference_id: str, expected: Any) -> None:
    """Check what a read shows of an endpoint."""
    cluster.read(inference_id).expect(Success({"endpoints": [expected]}))


def keyed(cluster: Cluster, **settings: Any) -> dict[str, Any]:
    """Return the body of an update with the key of an updatable endpoint."""
    return {"service_settings": {"api_key": cluster.updatable_key, **settings}}


@row("update-missing", SECTION, holds="<8.17", source="RestUpdateInferenceModelAction came with 8.17")
def test_update_has_no_handler_on_8_16(cluster: Cluster) -> None:
    """8.16 has no `_update`."""
    text = "no handler found for uri […/_update] and method [PUT]"
    answer = cluster.update(cluster.new_id(), {"task_settings": {"max_tokens": 2}})
    answer.expect(PlainError(400, text))


@row("update-by-post", SECTION, holds=">=8.17", source="RestUpdateInferenceModelAction.routes")
def test_update_by_post_is_rejected(cluster: Cluster) -> None:
    """`POST …/_update` is rejected."""
    path = f"/_inference/completion/{cluster.new_id()}/_update"
    answer = cluster.send("POST", path, {"task_settings": {"max_tokens": 2}})
    answer.expect(PlainError(405, "Incorrect HTTP method for uri […] and method [POST], allowed: [PUT]"))


@row("update-empty", SECTION, holds=">=8.17", source=REQUEST)
def test_update_with_empty_body_is_rejected(cluster: Cluster) -> None:
    """An empty body returns 400."""
    cluster.update(cluster.endpoint(), {}).expect(Error(400))


@row("update-unknown-id", SECTION, holds=">=8.17", source=f"{UPDATE}.checkEndpointExists", derived=True)
def test_update_of_unknown_id_has_its_own_404(cluster: Cluster) -> None:
    """An update of an ID that does not exist returns a 404 of another type than a read."""
    inference_id = cluster.new_id()
    reason = f"The inference endpoint [{inference_id}] does not exist and cannot be updated"
    cluster.update(inference_id, {"task_settings": {"max_tokens": 2}}).expect(Error(404, "status_exception", reason))


@row("update-other-task-type", SECTION, holds=">=8.17", source=f"{UPDATE}.validateResolvedTaskType")
def test_update_with_other_task_type_is_rejected(cluster: Cluster) -> None:
    """An update with a task type other than that of the endpoint returns 400."""
    answer = cluster.update(cluster.endpoint(), {"task_settings": {"max_tokens": 2}}, "rerank")
    answer.expect(Error(400, "status_exception", "Task type must match the task type of the existing endpoint"))


@row("update-unknown-field", SECTION, holds=">=8.17", source=REQUEST)
def test_update_of_unknown_field_is_echoed(cluster: Cluster) -> None:
    """A field that cannot be updated, such as `service`, returns a 400 that echoes it."""
    inference_id, fields = cluster.endpoint(), "Request contained fields which cannot be updated"
    for name in ("nonsense", "service"):
        reason = f"{fields}, remove these fields and try again [{{{name}=anthropic}}]"
        cluster.update(inference_id, {name: "anthropic"}).expect(Error(400, "status_exception", reason))


@row("update-chunking-unknown", SECTION, holds=">=8.17,<9.5", source=REQUEST)
def test_update_of_chunking_settings_is_an_unknown_field(cluster: Cluster) -> None:
    """Before 9.5 `chunking_settings` cannot be updated."""
    reason = (
        "Request contained fields which cannot be updated, remove these fields and try again [{chunking_settings=…}]"
    )
    answer = cluster.update(cluster.endpoint(), {"chunking_settings": {"strategy": "none"}})
    answer.expect(Error(400, "status_exception", reason))


@row("update-chunking-embeddings-only", SECTION, holds=">=9.5", source=f"{UPDATE} (9.5)")
def test_update_of_chunking_settings_of_a_completion_is_rejected(cluster: Cluster) -> None:
    """From 9.5 `chunking_settings` can be updated, but not of a completion."""
    inference_id = cluster.endpoint()
    answer = cluster.update(inference_id, {"chunking_settings": {"strategy": "none"}}).expect(Error(400))
    answer.require("fields which cannot be updated" not in answer.text, "an error of the service, not of the request")
    stored(cluster, inference_id, {"chunking_settings": ABSENT})


@row("update-answer", SECTION, holds=">=8.17", source="UpdateInferenceModelAction.Response")
def test_update_returns_the_stored_endpoint(cluster: Cluster) -> None:
    """An update returns the stored endpoint."""
    inference_id = cluster.updatable_endpoint()
    answer = cluster.update(inference_id, {"task_settings": {"max_tokens": 2}})
    answer.expect(Success({"inference_id": inference_id, "task_settings": {"max_tokens": 2}}))
    stored(cluster, inference_id, answer.body)


@row("update-task-settings-whole", SECTION, holds=">=8.17", source=f"{TASK}.updatedTaskSettings")
def test_update_replaces_task_settings_whole(cluster: Cluster) -> None:
    """An update replaces all `task_settings`: it removes those that it does not contain."""
    inference_id = cluster.updatable_endpoint(temperature=0.5)
    cluster.update(inference_id, {"task_settings": {"max_tokens": 2}}).expect(
        Success({"task_settings": {"max_tokens": 2, "temperature": ABSENT}})
    )


@row("update-max-tokens-required", SECTION, holds=">=8.17", source=f"{TASK}.updatedTaskSettings")
def test_update_of_task_settings_without_max_tokens_is_rejected(cluster: Cluster) -> None:
    """`task_settings` of an update require `max_tokens`."""
    reason = "Validation Failed: 1: [task_settings] does not contain the required setting [max_tokens];"
    answer = cluster.update(cluster.endpoint(), {"task_settings": {"temperature": 0.5}})
    answer.expect(Error(400, "validation_exception", reason))


@row("update-key", SECTION, holds=">=8.17", source="DefaultSecretSettings.newSecretSettings")
def test_update_replaces_the_key(cluster: Cluster) -> None:
    """An update can replace `api_key`, and the response does not contain it."""
    if cluster.version.number.release < (9, 4):
        inference_id, key = cluster.endpoint(), cluster.made_up_key
    else:
        cluster.provider.require()
        cluster.skip_validation()
        inference_id, key = (
            cluster.endpoint(cluster.body(cluster.provider.settings("sk-ant-old"))),
            cluster.provider.key,
        )
    answer = cluster.update(inference_id, {"service_settings": {"api_key": key}})
    answer.expect(Success({"inference_id": inference_id}))
    answer.require(key not in answer.text, "a response without the key")


@row("update-key-unvalidated", SECTION, holds=">=8.17,<9.4", source="elastic/elasticsearch#140003 came with 9.4")
def test_rejected_key_is_stored_before_9_4(cluster: Cluster) -> None:
    """Before 9.4 an update does not call the provider: a wrong key is stored with a 200."""
    inference_id = cluster.endpoint()
    body = {"service_settings": {"api_key": cluster.provider.rejected_key}}
    cluster.update(inference_id, body).expect(Success({"inference_id": inference_id}))


@row(
    "update-key-validated",
    SECTION,
    holds=">=9.4",
    source=f"{UPDATE}, ModelValidatorBuilder, elastic/elasticsearch#140003",
)
def test_rejected_key_is_rejected_from_9_4(cluster: Cluster) -> None:
    """From 9.4 an update calls the provider, whose rejection has the words of a create."""
    inference_id = cluster.endpoint()
    body = {"service_settings": {"api_key": cluster.provider.rejected_key}}
    cluster.update(inference_id, body).expect_rejection_by_provider()


@row("update-rejected-stores-nothing", SECTION, holds=">=9.4", source=f"{UPDATE}: updateModelTransaction comes last")
def test_rejected_update_stores_nothing(cluster: Cluster) -> None:
    """An update that the provider rejects stores nothing."""
    inference_id = cluster.endpoint()
    body = {"service_settings": {"api_key": cluster.provider.rejected_key}, "task_settings": {"max_tokens": 2}}
    cluster.update(inference_id, body).expect_rejection_by_provider()
    stored(cluster, inference_id, {"task_settings": {"max_tokens": 16}})


@row("update-ignores-skip", SECTION, holds=">=9.4", source=f"{UPDATE}: SKIP_VALIDATE_AND_START is not read")
def test_update_is_validated_although_creates_are_not(cluster: Cluster) -> None:
    """`xpack.inference.skip_validate_and_start` does not apply to updates."""
    cluster.skip_validation()
    inference_id = cluster.endpoint()
    body = {"service_settings": {"api_key": cluster.provider.rejected_key}}
    cluster.update(inference_id, body).expect_rejection_by_provider()


@row("update-without-change", SECTION, holds=">=9.6", source=f"{UPDATE}Tests: …UpdatedModelIsEqualToExistingModel…")
def test_update_without_change_does_not_call_the_provider(cluster: Cluster) -> None:
    """An update that changes nothing, including the key, returns 200 without a call to the provider."""
    cluster.skip_validation()
    refused = cluster.provider.settings(cluster.provider.rejected_key)
    inference_id = cluster.endpoint(cluster.body(refused))
    body = {"service_settings": {"api_key": cluster.provider.rejected_key}, "task_settings": {"max_tokens": 16}}
    cluster.update(inference_id, body).expect(Success({"inference_id": inference_id}))


@row("update-rate-limit-ignored", SECTION, holds=">=8.17,<9.4", source=f"{UPDATE}: secrets and task settings alone")
def test_update_of_rate_limit_is_ignored_before_9_4(cluster: Cluster) -> None:
    """Before 9.4 `rate_limit` is silently ignored: a 200 that changes nothing."""
    inference_id = cluster.updatable_endpoint()
    cluster.update(inference_id, keyed(cluster, **LIMIT)).expect(Success({"service_settings": UNTOUCHED}))
    stored(cluster, inference_id, {"service_settings": UNTOUCHED})


@row("update-rate-limit", SECTION, holds=">=9.4", source="AnthropicChatCompletionServiceSettings.updateServiceSettings")
def test_update_of_rate_limit_is_stored_from_9_4(cluster: Cluster) -> None:
    """From 9.4 `rate_limit` can be updated."""
    inference_id = cluster.updatable_endpoint()
    cluster.update(inference_id, keyed(cluster, **LIMIT)).expect(Success({"service_settings": LIMIT}))
    stored(cluster, inference_id, {"service_settings": LIMIT})


@row("update-model-id-ignored", SECTION, holds=">=8.17,<9.5", source=f"{UPDATE}: no check of what is left over")
def test_update_of_model_id_is_ignored_before_9_5(cluster: Cluster) -> None:
    """Before 9.5 `model_id` is silently ignored: a 200 that changes nothing."""
    inference_id = cluster.updatable_endpoint()
    expected = {"service_settings": {"model_id": cluster.provider.model_id}}
    cluster.update(inference_id, keyed(cluster, model_id="claude-other")).expect(Success(expected))
    stored(cluster, inference_id, expected)


@row("update-model-id-unknown", SECTION, holds=">=9.5,<9.6", source=f"{UPDATE}.validateConsumedUpdateSettings")
def test_update_of_model_id_is_rejected_on_9_5(cluster: Cluster) -> None:
    """On 9.5 `model_id` is unknown to an update."""
    reason = "Configuration contains settings [{model_id=claude-other}] unknown to the [anthropic] service"
    answer = cluster.update(cluster.endpoint(), {"service_settings": {"model_id": "claude-other"}})
    answer.expect(Error(400, "status_exception", reason))


@row("update-model-id-strict", SECTION, holds=">=9.6", source="AnthropicChatCompletionServiceSettings.createParser")
def test_update_of_model_id_is_rejected_by_the_strict_parser(cluster: Cluster) -> None:
    """From 9.6 the strict parser rejects `model_id`."""
    answer = cluster.update(cluster.endpoint(), {"service_settings": {"model_id": "claude-other"}})
    answer.expect(Error(400, "x_content_parse_exception", "[1:…] [service_settings] unknown field [model_id]"))


@row(
    "update-unknown-setting-strict",
    SECTION,
    holds=">=9.6",
    source="AnthropicChatCompletionServiceSettings.createParser",
)
def test_update_of_unknown_service_setting_is_rejected_by_the_strict_parser(cluster: Cluster) -> None:
    """From 9.6 the strict parser rejects an unknown service setting, and echoes no value."""
    secret = cluster.made_up_key
    answer = cluster.update(cluster.endpoint(), {"service_settings": {"api_keys": secret}})
    answer.expect(Error(400, "x_content_parse_exception", "[1:…] [service_settings] unknown field [api_keys]"))
    answer.require(secret not in answer.text, "no value of a setting in the error")


@row("update-url-fixed", SECTION, holds=">=9.6", source="AnthropicChatCompletionServiceSettings.createParser")
def test_update_of_url_is_rejected(cluster: Cluster) -> None:
    """`url` cannot be updated in place."""
    inference_id = cluster.endpoint()
    answer = cluster.update(inference_id, {"service_settings": {"url": "https://127.0.0.1:1/v1/messages"}})
    answer.expect(Error(400))
    stored(cluster, inference_id, {"inference_id": inference_id})


@row("update-key-required", SECTION, holds=">=8.17,<9.5", source="DefaultSecretSettings.fromMap")
def test_service_settings_without_key_are_rejected_before_9_5(cluster: Cluster) -> None:
    """Before 9.5 `service_settings` of an update need `api_key`."""
    inference_id = cluster.endpoint()
    reason = "Validation Failed: 1: [secret_settings] does not contain the required setting [api_key];"
    cluster.update(inference_id, {"service_settings": LIMIT}).expect(Error(400, "validation_exception", reason))
    stored(cluster, inference_id, {"service_settings": UNTOUCHED})


@row("update-key-optional", SECTION, holds=">=9.5", source="DefaultSecretSettings.newSecretSettings (9.5)")
def test_service_settings_without_key_are_accepted_from_9_5(cluster: Cluster) -> None:
    """From 9.5 `service_settings` of an update may leave `api_key` out."""
    inference_id = cluster.working_endpoint()
    cluster.update(inference_id, {"service_settings": LIMIT}).expect(Success({"service_settings": LIMIT}))


@row("update-null", SECTION, holds=">=8.17,<9.5", source=REQUEST)
def test_null_in_an_update_is_a_500_that_echoes_the_body(cluster: Cluster) -> None:
    """Before 9.5, a null returns a 500 that echoes the body, including the key."""
    inference_id, secret = cluster.endpoint(), cluster.made_up_key
    body = {"service_settings": {"api_key": secret, "rate_limit": None}}
    answer = cluster.update(inference_id, body)
    answer.expect(Error(500, "status_exception", "Failed to parse update request [{…}]"))
    answer.require(secret in answer.text, "an error that echoes the key")


@row("update-null-allowed", SECTION, holds=">=9.5", source=f"{REQUEST} (9.5)")
def test_null_in_an_update_is_allowed_from_9_5(cluster: Cluster) -> None:
    """From 9.5, an update can contain null."""
    inference_id = cluster.working_endpoint()
    body = {"service_settings": {"rate_limit": None}, "task_settings": {"max_tokens": 2, "temperature": None}}
    cluster.update(inference_id, body).expect(Success({"task_settings": {"max_tokens": 2, "temperature": ABSENT}}))


@row("update-rate-limit-reset", SECTION, holds=">=9.6", source="RateLimitSettings (9.6)")
def test_null_resets_the_rate_limit_from_9_6(cluster: Cluster) -> None:
    """From 9.6 `rate_limit: null` resets the limit to 50."""
    inference_id = cluster.working_endpoint()
    cluster.update(inference_id, {"service_settings": LIMIT}).expect(Success({"service_settings": LIMIT}))
    answer = cluster.update(inference_id, {"service_settings": {"rate_limit": None}})
    answer.expect(Success({"service_settings": UNTOUCHED}))
