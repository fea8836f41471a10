# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""States and faults that no request can cause: broken and busy endpoints, failing nodes.

On a real cluster these rows are not testable. They exist for the report and for the simulator.
"""

from __future__ import annotations

from tests.contract.cluster import Cluster
from tests.contract.expectations import Error, Success
from tests.contract.surroundings import Defect
from tests.contract.verdicts import row


@row("broken-neighbor", "Requests", source="TransportGetInferenceModelAction, elastic/elasticsearch#158218")
def test_one_unreadable_endpoint_breaks_every_list(cluster: Cluster) -> None:
    """If an endpoint has an unknown service, `GET /_inference/_all` returns 500."""
    inference_id = cluster.surroundings.broken_endpoint(cluster, Defect.UNKNOWN_SERVICE)
    reason = f"Unknown service […] for inference endpoint [{inference_id}]…"
    cluster.get("/_inference/_all").expect(Error(500, "status_exception", reason))
    cluster.read(inference_id).expect(Error(500, "status_exception", reason))


@row(
    "half-stored-settings",
    "Create",
    holds="<9.3",
    source="ModelRegistry.getModelWithSecrets, elastic/elasticsearch#123726, elastic/elasticsearch#132361",
)
def test_endpoint_without_secrets_is_listed_but_cannot_run(cluster: Cluster) -> None:
    """For settings without secrets, a GET lists them, a run returns 500, and a DELETE succeeds."""
    inference_id = cluster.surroundings.broken_endpoint(cluster, Defect.NO_SECRETS)
    cluster.read(inference_id).expect(Success({"endpoints": [{"inference_id": inference_id}]}))
    reason = (
        f"…Failed to load inference endpoint [{inference_id}]. "
        "Endpoint is in an invalid state, try deleting and reinitializing the service…"
    )
    cluster.run(inference_id, {"input": "Say yes."}).expect(Error(500, reason=reason))
    cluster.delete(inference_id).expect(Success({"acknowledged": True}))


@row("half-stored-secrets", "Create", holds="<9.3", source="ModelRegistry.storeModel", derived=True)
def test_secrets_without_settings_keep_the_id_taken(cluster: Cluster) -> None:
    """For secrets without settings, GET and DELETE return 404, and a PUT reports that the ID exists."""
    inference_id = cluster.surroundings.broken_endpoint(cluster, Defect.NO_SETTINGS)
    cluster.read(inference_id).expect(Error(404, "resource_not_found_exception"))
    cluster.delete(inference_id).expect(Error(404, "resource_not_found_exception"))
    answer = cluster.create(inference_id, cluster.accepted(cluster.body()))
    answer.expect(Error(400, "resource_already_exists_exception"))


@row(
    "create-used-in-mapping",
    "Create",
    holds=">=9.6",
    source="TransportPutInferenceModelAction, elastic/elasticsearch#137055",
)
def test_create_of_an_id_that_mappings_use_for_embeddings_is_rejected(cluster: Cluster) -> None:
    """An ID that mappings use with other settings cannot be created."""
    inference_id = cluster.new_id()
    cluster.surroundings.use_in_mapping(cluster, inference_id)
    reason = "…could not be created because the inference_id is being used in mappings with incompatible settings…"
    cluster.create(inference_id, cluster.accepted(cluster.body())).expect(Error(400, "status_exception", reason))


@row("create-used-in-mapping-last", "Create", holds=">=9.6", source="TransportPutInferenceModelAction")
def test_mappings_are_checked_after_the_call_to_the_provider(cluster: Cluster) -> None:
    """Mappings that use the id are checked after the call to the provider."""
    inference_id = cluster.new_id()
    cluster.surroundings.use_in_mapping(cluster, inference_id)
    cluster.validate_creates()
    body = cluster.body(cluster.provider.settings(cluster.provider.rejected_key))
    cluster.create(inference_id, body).expect_rejection_by_provider()


@row("create-mixed-cluster", "Create", source="TransportPutInferenceModelAction.masterOperation")
def test_create_in_a_mixed_cluster_may_be_rejected(cluster: Cluster) -> None:
    """During an upgrade, Elasticsearch can reject a create, because not all nodes support the service."""
    cluster.lack("a cluster during an upgrade")


@row("update-busy", "Update", holds=">=8.17", source="ModelRegistry.updateModelTransaction")
def test_update_during_an_update_is_409(cluster: Cluster) -> None:
    """An update of an endpoint that is being updated returns 409, which is temporary."""
    inference_id = cluster.updatable_endpoint()
    cluster.surroundings.make_busy(cluster, inference_id)
    body = {"task_settings": {"max_tokens": 2}}
    reason = f"Endpoint [{inference_id}] is currently being updated. Try again once the update completes"
    cluster.update(inference_id, body).expect(Error(409, "status_exception", reason))
    cluster.update(inference_id, body).expect(Success())


@row("update-half-stored", "Update", holds=">=8.17", source="ModelRegistry.updateModelTransaction")
def test_update_that_fails_half_way_is_a_500(cluster: Cluster) -> None:
    """An update that fails halfway returns a 500 that reports whether it was rolled back."""
    cluster.lack("a failure between two writes to the cluster's own indices")


@row(
    "update-default-endpoint",
    "Update",
    holds=">=9.5",
    source="TransportUpdateInferenceModelAction, elastic/elasticsearch#150368",
)
def test_update_of_a_built_in_endpoint_is_rejected(cluster: Cluster) -> None:
    """An update of an ID that starts with a dot returns 400, because default endpoints cannot be updated."""
    cluster.lack("a write to an endpoint that does not belong to this run")


@row("delete-busy", "Delete", source="ModelRegistry.deleteModels")
def test_delete_during_an_update_is_409(cluster: Cluster) -> None:
    """A delete of an endpoint that is being updated returns 409, even with `force`, which is temporary."""
    inference_id = cluster.endpoint()
    reason = (
        f"The inference endpoint(s) [{inference_id}] are currently being updated, "
        "please wait until after they are finished updating to delete."
    )
    for parameters in ({}, {"force": "true"}):
        cluster.surroundings.make_busy(cluster, inference_id)
        cluster.delete(inference_id, **parameters).expect(Error(409, "status_exception", reason))
    cluster.delete(inference_id).expect(Success({"acknowledged": True}))


@row("delete-no-service", "Delete", source="TransportDeleteInferenceEndpointAction")
def test_delete_of_endpoint_of_unknown_service_is_404(cluster: Cluster) -> None:
    """A delete of an endpoint with an unknown service returns 404, although the endpoint exists."""
    inference_id = cluster.surroundings.broken_endpoint(cluster, Defect.UNKNOWN_SERVICE)
    reason = f"No service found for this inference endpoint {inference_id}"
    cluster.delete(inference_id).expect(Error(404, "status_exception", reason))


@row("delete-fails", "Delete", source="ModelRegistry.deleteModels")
def test_delete_that_fails_half_way_is_a_500(cluster: Cluster) -> None:
    """A delete that fails halfway returns a 500 that suggests a retry."""
    cluster.lack("a failure of the cluster's own indices")


@row("license", "Requests", source="InferenceLicenceCheck.complianceException")
def test_license_without_inference_is_403(cluster: Cluster) -> None:
    """A license that does not include inference returns 403."""
    cluster.lack("a cluster whose license does not include inference")


@row("load", "Load and faults", source="EsRejectedExecutionException, CircuitBreakingException")
def test_load_is_429_and_passes(cluster: Cluster) -> None:
    """429, 502, 503, and 504 are temporary."""
    cluster.lack("a cluster under load, or a proxy that fails")
