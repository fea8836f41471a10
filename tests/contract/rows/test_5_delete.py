# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delete: responses, references that stop it, `force` and `dry_run`."""

from __future__ import annotations

from tests.contract.cluster import Cluster
from tests.contract.expectations import Error, Success
from tests.contract.verdicts import row

SECTION = "Delete"
DELETE = "TransportDeleteInferenceEndpointAction"


def in_use(inference_id: str, pipeline: str) -> str:
    """Return the message of the server about a pipeline that uses an endpoint."""
    return (
        f"Inference endpoint {inference_id} is referenced by pipelines: [{pipeline}]. "
        "Ensure that no pipelines are using this inference endpoint, "
        "or use force to ignore this warning and delete the inference endpoint."
    )


@row("delete", SECTION, source=DELETE)
def test_delete_is_acknowledged(cluster: Cluster) -> None:
    """A delete is acknowledged, and the endpoint no longer exists."""
    inference_id = cluster.endpoint()
    cluster.delete(inference_id).expect(Success({"acknowledged": True}))
    cluster.read(inference_id).expect(Error(404))


@row("delete-unknown", SECTION, source="ModelRegistry.inferenceNotFoundException")
def test_delete_of_unknown_id_is_404(cluster: Cluster) -> None:
    """A delete of an ID that does not exist returns 404."""
    inference_id = cluster.new_id()
    reason = f"Inference endpoint not found [{inference_id}]"
    cluster.delete(inference_id).expect(Error(404, "resource_not_found_exception", reason))


@row("delete-other-task-type", SECTION, source="InferenceExceptions.mismatchedTaskTypeException")
def test_delete_with_other_task_type_is_rejected(cluster: Cluster) -> None:
    """A delete with a task type other than that of the endpoint returns 400, and deletes nothing."""
    inference_id = cluster.endpoint()
    reason = "Requested task type [rerank] does not match the inference endpoint's task type [completion]"
    cluster.delete(inference_id, "rerank").expect(Error(400, "status_exception", reason))
    cluster.read(inference_id).expect(Success())


@row("delete-dry-run", SECTION, source=f"{DELETE}, DeleteInferenceEndpointAction.Response")
def test_dry_run_changes_nothing(cluster: Cluster) -> None:
    """`?dry_run=true` changes nothing, and lists no references of an endpoint that is not in use."""
    inference_id = cluster.endpoint()
    expected = {"acknowledged": False, "pipelines": [], "indexes": []}
    cluster.delete(inference_id, dry_run="true").expect(Success(expected))
    cluster.read(inference_id).expect(Success())


@row("delete-in-use", SECTION, source=f"{DELETE}, InferenceCrudIT.testDeleteEndpointWhileReferencedByPipeline")
def test_delete_of_endpoint_in_use_is_409(cluster: Cluster) -> None:
    """A delete of an endpoint that a pipeline uses returns 409, and deletes nothing."""
    inference_id = cluster.endpoint()
    pipeline = cluster.surroundings.use_in_pipeline(cluster, inference_id)
    cluster.delete(inference_id).expect(Error(409, "status_exception", in_use(inference_id, pipeline)))
    cluster.read(inference_id).expect(Success())


@row("delete-in-use-dry-run", SECTION, source=f"{DELETE}, InferenceCrudIT.testDeleteEndpointWhileReferencedByPipeline")
def test_dry_run_names_the_pipelines(cluster: Cluster) -> None:
    """`?dry_run=true` names the pipelines that use the endpoint."""
    inference_id = cluster.endpoint()
    pipeline = cluster.surroundings.use_in_pipeline(cluster, inference_id)
    message = in_use(inference_id, pipeline)
    expected = {"acknowledged": False, "pipelines": [pipeline], "indexes": [], "error_message": message}
    cluster.delete(inference_id, dry_run="true").expect(Success(expected))
    cluster.read(inference_id).expect(Success())


@row("delete-in-use-forced", SECTION, source=f"{DELETE}, InferenceCrudIT.testDeleteEndpointWhileReferencedByPipeline")
def test_forced_delete_ignores_references(cluster: Cluster) -> None:
    """`?force=true` deletes an endpoint that a pipeline uses."""
    inference_id = cluster.endpoint()
    cluster.surroundings.use_in_pipeline(cluster, inference_id)
    cluster.delete(inference_id, force="true").expect(Success({"acknowledged": True}))
    cluster.read(inference_id).expect(Error(404))
