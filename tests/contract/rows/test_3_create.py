# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create: taken ids, the order of the checks, the call to the provider."""

from __future__ import annotations

from tests.contract.cluster import Cluster
from tests.contract.expectations import Error, Success
from tests.contract.verdicts import row

SECTION = "Create"
PUT = "TransportPutInferenceModelAction"
SERVICE = "AnthropicService.parseRequestConfig"


@row("create", SECTION, source=f"{PUT}, PutInferenceModelAction.Response")
def test_create_returns_the_stored_endpoint(cluster: Cluster) -> None:
    """A create returns the stored endpoint, and a read returns the same."""
    inference_id = cluster.new_id()
    expected = {
        "inference_id": inference_id,
        "task_type": "completion",
        "service": "anthropic",
        "service_settings": {"model_id": cluster.provider.model_id},
        "task_settings": {"max_tokens": 16, "temperature": 0.5},
    }
    created = cluster.create(inference_id, cluster.accepted(cluster.body(temperature=0.5))).expect(Success(expected))
    cluster.read(inference_id).expect(Success({"endpoints": [created.body]}))


@row("create-taken-id", SECTION, source="ModelRegistry.storeModel")
def test_create_of_taken_id_is_rejected(cluster: Cluster) -> None:
    """A create of an existing ID returns 400, and changes nothing."""
    inference_id = cluster.endpoint()
    before = cluster.read(inference_id).body
    body = cluster.accepted(cluster.body(max_tokens=32))
    reason = f"Inference endpoint [{inference_id}] already exists"
    cluster.create(inference_id, body).expect(Error(400, "resource_already_exists_exception", reason))
    after = cluster.read(inference_id)
    after.require(after.body == before, "the endpoint as it was before the create")


@row("create-taken-id-bad-body", SECTION, source=f"{PUT}.masterOperation: storeModel comes last")
def test_bad_body_for_taken_id_gets_its_own_error(cluster: Cluster) -> None:
    """An invalid body for an existing ID returns the error of the body, because existence is checked last."""
    inference_id = cluster.endpoint()
    body = {**cluster.body(), "task_settings": {"temperature": 0.5}}
    reason = "Validation Failed: 1: [task_settings] does not contain the required setting [max_tokens];"
    cluster.create(inference_id, body).expect(Error(400, "validation_exception", reason))


@row("create-taken-id-bad-task-type", SECTION, source=f"{PUT}.masterOperation: storeModel comes last")
def test_bad_task_type_for_taken_id_gets_its_own_error(cluster: Cluster) -> None:
    """An unsupported task type for an existing ID returns its own error."""
    reason = "The [anthropic] service does not support task type [rerank]"
    cluster.create(cluster.endpoint(), cluster.body(), "rerank").expect(Error(400, "status_exception", reason))


@row("create-taken-id-bad-key", SECTION, source=f"{PUT}.parseAndStoreModel: validation before storeModel")
def test_bad_key_for_taken_id_gets_the_rejection_of_the_provider(cluster: Cluster) -> None:
    """A key that the provider rejects returns its own error for an existing ID."""
    inference_id = cluster.endpoint()
    cluster.validate_creates()
    body = cluster.body(cluster.provider.settings(cluster.provider.rejected_key))
    cluster.create(inference_id, body).expect_rejection_by_provider()


@row("create-service-settings-first", SECTION, source=SERVICE)
def test_service_settings_are_checked_before_task_settings(cluster: Cluster) -> None:
    """Problems of service settings are reported without those of task settings."""
    body = {**cluster.body(cluster.settings(model_id=None)), "task_settings": {}}
    answer = cluster.create(cluster.new_id(), body).expect(Error(400, reason="…model_id…"))
    answer.require("max_tokens" not in answer.text, "an error about model_id alone")


@row("create-task-settings-second", SECTION, source=SERVICE)
def test_task_settings_are_checked_before_secrets(cluster: Cluster) -> None:
    """Problems of task settings are reported without those of secrets."""
    body = {**cluster.body(cluster.settings(api_key=None)), "task_settings": {"temperature": 0.5}}
    answer = cluster.create(cluster.new_id(), body).expect(Error(400, "validation_exception", "…[max_tokens]…"))
    answer.require("api_key" not in answer.text, "an error about max_tokens alone")


@row("create-problems-together", SECTION, holds="<9.6", source="ValidationException")
def test_problems_of_one_group_share_an_error(cluster: Cluster) -> None:
    """Before 9.6 several problems of service settings share one error."""
    settings = cluster.settings(model_id=None, rate_limit={"requests_per_minute": 0})
    reason = "Validation Failed: 1: …[model_id]…;2: …[requests_per_minute]…;"
    answer = cluster.create(cluster.new_id(), cluster.body(settings))
    answer.expect(Error(400, "validation_exception", reason))


@row("create-validates", SECTION, source=f"{PUT}, ServiceIntegrationValidator, SimpleServiceIntegrationValidatorTests")
def test_create_with_rejected_key_is_rejected(cluster: Cluster) -> None:
    """The provider is called before anything is stored. Its rejection is returned as a 400 with its message."""
    cluster.validate_creates()
    inference_id = cluster.new_id()
    body = cluster.body(cluster.provider.settings(cluster.provider.rejected_key))
    cluster.create(inference_id, body).expect_rejection_by_provider()
    cluster.read(inference_id).expect(Error(404))


@row("create-with-accepted-key", SECTION, source=f"{PUT}, ServiceIntegrationValidator")
def test_create_with_accepted_key_is_stored(cluster: Cluster) -> None:
    """A create with a valid key returns 200."""
    cluster.provider.require()
    cluster.validate_creates()
    inference_id = cluster.new_id()
    answer = cluster.create(inference_id, cluster.body(cluster.provider.settings()))
    answer.expect(Success({"inference_id": inference_id}))


@row("create-unvalidated", SECTION, source="InferencePlugin.SKIP_VALIDATE_AND_START, InferenceCrudIT")
def test_rejected_key_is_stored_without_validation(cluster: Cluster) -> None:
    """With `xpack.inference.skip_validate_and_start`, a key that the provider rejects is stored without a warning."""
    cluster.skip_validation()
    inference_id = cluster.new_id()
    body = cluster.body(cluster.provider.settings(cluster.provider.rejected_key))
    cluster.create(inference_id, body).expect(Success({"inference_id": inference_id}))
    cluster.read(inference_id).expect(Success())
