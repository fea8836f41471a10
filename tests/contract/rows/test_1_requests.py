# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests: paths, query parameters, credentials, and the form of responses."""

from __future__ import annotations

from requests.auth import HTTPBasicAuth

from tests.contract.cluster import Cluster
from tests.contract.connection import PRODUCT, NoCredentials
from tests.contract.expectations import ABSENT, Error, Including, NotTestable, PlainError, Success
from tests.contract.verdicts import row

SECTION = "Requests"
REST = "…/xpack/inference/rest/"


@row("version", SECTION, source="RestMainAction")
def test_root_shows_version_and_flavor(cluster: Cluster) -> None:
    """`GET /` returns `version.number` and `version.build_flavor`."""
    answer = cluster.get("/").expect(Success({"version": {"number": "…", "build_flavor": "…"}}))
    flavor = answer.body["version"]["build_flavor"]
    answer.require((flavor == "serverless") is cluster.version.serverless, f"build_flavor of {cluster.version}")


@row("product-header", SECTION, source="RestController")
def test_every_response_has_the_product_header(cluster: Cluster) -> None:
    """Every response, including errors, has the header `X-elastic-product: Elasticsearch`."""
    for answer in (cluster.get("/"), cluster.read(cluster.new_id()), cluster.send("PUT", _unknown_path(cluster), {})):
        answer.require(answer.from_elasticsearch, f"the header {PRODUCT}: Elasticsearch")


@row("read-one", SECTION, source=f"{REST}RestGetInferenceModelAction")
def test_read_of_one_endpoint_lists_it(cluster: Cluster) -> None:
    """`GET /_inference/{inference_id}` returns `{"endpoints": […]}`."""
    inference_id = cluster.endpoint()
    expected = {"inference_id": inference_id, "task_type": "completion", "service": "anthropic"}
    for path in (f"/_inference/{inference_id}", f"/_inference/completion/{inference_id}"):
        cluster.get(path).expect(Success({"endpoints": [expected]}))


@row("read-unknown", SECTION, source="ModelRegistry.inferenceNotFoundException")
def test_read_of_unknown_id_is_404(cluster: Cluster) -> None:
    """A read of an ID that does not exist returns 404."""
    inference_id = cluster.new_id()
    reason = f"Inference endpoint not found [{inference_id}]"
    cluster.read(inference_id).expect(Error(404, "resource_not_found_exception", reason))


@row("read-all", SECTION, source="TransportGetInferenceModelAction")
def test_read_of_all_lists_every_service(cluster: Cluster) -> None:
    """`GET /_inference/_all` lists the endpoints of every service."""
    inference_id = cluster.endpoint()
    answer = cluster.get("/_inference/_all")
    if answer.status == 500:
        raise NotTestable(f"an endpoint of another service cannot be read: {answer.error.get('reason')}")
    answer.expect(Success({"endpoints": Including(({"inference_id": inference_id},))}))


@row("read-built-in", SECTION, source="DefaultEndPointsIT")
def test_read_of_all_lists_built_in_endpoints(cluster: Cluster) -> None:
    """`GET /_inference/_all` lists built-in endpoints. Their IDs start with a dot."""
    answer = cluster.get("/_inference/_all")
    if answer.status == 500:
        raise NotTestable(f"an endpoint of another service cannot be read: {answer.error.get('reason')}")
    answer.expect(Success({"endpoints": Including(({"inference_id": ".…"},))}))


@row("read-all-of-task-type", SECTION, source="TransportGetInferenceModelAction")
def test_read_of_all_of_a_task_type_lists_only_it(cluster: Cluster) -> None:
    """`GET /_inference/{task_type}/_all` lists the endpoints of this task type."""
    inference_id = cluster.endpoint()
    answer = cluster.get("/_inference/completion/_all")
    answer.expect(Success({"endpoints": Including(({"inference_id": inference_id},))}))
    task_types = {endpoint["task_type"] for endpoint in answer.body["endpoints"]}
    answer.require(task_types == {"completion"}, "no task type but completion")


@row("read-other-task-type", SECTION, source="InferenceExceptions.mismatchedTaskTypeException")
def test_read_with_other_task_type_is_rejected(cluster: Cluster) -> None:
    """A read with a task type other than that of the endpoint returns 400."""
    inference_id = cluster.endpoint()
    reason = "Requested task type [rerank] does not match the inference endpoint's task type [completion]"
    cluster.get(f"/_inference/rerank/{inference_id}").expect(Error(400, "status_exception", reason))


@row("unknown-path", SECTION, source="RestController.handleBadRequest")
def test_unknown_path_has_no_handler(cluster: Cluster) -> None:
    """An unknown path returns a 400 whose `error` is a string."""
    path = _unknown_path(cluster)
    text = f"no handler found for uri [{path}] and method [PUT]"
    cluster.send("PUT", path, {}).expect(PlainError(400, text))


@row("unknown-parameter", SECTION, source="BaseRestHandler.unrecognized")
def test_unknown_query_parameter_is_rejected(cluster: Cluster) -> None:
    """An unknown query parameter returns 400."""
    inference_id = cluster.new_id()
    reason = f"request [/_inference/{inference_id}] contains unrecognized parameter: [nonsense]"
    cluster.read(inference_id, nonsense="1").expect(Error(400, "illegal_argument_exception", reason))


@row("common-parameters", SECTION, source="AbstractRestChannel, RestController")
def test_common_query_parameters_are_known_everywhere(cluster: Cluster) -> None:
    """`pretty`, `human` and `error_trace` are accepted by every handler."""
    common = {"pretty": "true", "human": "true", "error_trace": "false"}
    inference_id = cluster.endpoint()
    cluster.get("/", **common).expect(Success())
    cluster.read(inference_id, **common).expect(Success())
    cluster.delete(inference_id, **common).expect(Success({"acknowledged": True}))


@row("filter-path", SECTION, source="AbstractRestChannel")
def test_filter_path_filters_the_response(cluster: Cluster) -> None:
    """`filter_path` filters the response, including that of writes."""
    inference_id = cluster.endpoint()
    only = cluster.read(inference_id, filter_path="endpoints.inference_id")
    only.expect(Success({"endpoints": [{"inference_id": inference_id, "service": ABSENT}]}))
    deleted = cluster.delete(inference_id, filter_path="acknowledged").expect(Success({"acknowledged": True}))
    deleted.require(set(deleted.body) == {"acknowledged"}, '{"acknowledged": true} and nothing else')


@row("create-timeout-known", SECTION, holds=">=8.19,!=9.0.*", source=f"{REST}RestPutInferenceModelAction")
def test_create_accepts_timeout(cluster: Cluster) -> None:
    """A create accepts `timeout`."""
    inference_id = cluster.new_id()
    cluster.create(inference_id, cluster.accepted(cluster.body()), timeout="20s").expect(
        Success({"inference_id": inference_id})
    )


@row("create-timeout-unknown", SECTION, holds="!=8.19.*,<9.1", source=f"{REST}RestPutInferenceModelAction")
def test_create_rejects_timeout(cluster: Cluster) -> None:
    """A create rejects `timeout`."""
    expected = Error(400, "illegal_argument_exception", "request […] contains unrecognized parameter: [timeout]")
    cluster.create(cluster.new_id(), cluster.body(), timeout="20s").expect(expected)


@row("create-master-timeout", SECTION, source=f"{REST}RestPutInferenceModelAction")
def test_create_rejects_master_timeout(cluster: Cluster) -> None:
    """A create rejects `master_timeout`."""
    expected = Error(400, "illegal_argument_exception", "request […] contains unrecognized parameter: [master_timeout]")
    cluster.create(cluster.new_id(), cluster.body(), master_timeout="20s").expect(expected)


@row("update-master-timeout", SECTION, holds=">=8.17", source=f"{REST}RestUpdateInferenceModelAction")
def test_update_accepts_master_timeout(cluster: Cluster) -> None:
    """An update accepts `master_timeout`."""
    _rejected_for_its_body(cluster, "master_timeout")


@row("update-timeout-unknown", SECTION, holds=">=8.17,<9.5", source=f"{REST}RestUpdateInferenceModelAction")
def test_update_rejects_timeout(cluster: Cluster) -> None:
    """An update rejects `timeout`."""
    answer = cluster.update(cluster.endpoint(), {"task_settings": {"max_tokens": 2}}, timeout="20s")
    reason = "request […] contains unrecognized parameter: [timeout]"
    answer.expect(Error(400, "illegal_argument_exception", reason))


@row("update-timeout-known", SECTION, holds=">=9.5", source=f"{REST}RestUpdateInferenceModelAction")
def test_update_accepts_timeout(cluster: Cluster) -> None:
    """An update accepts `timeout`."""
    _rejected_for_its_body(cluster, "timeout")


@row("delete-timeout", SECTION, source=f"{REST}RestDeleteInferenceEndpointAction")
def test_delete_rejects_timeouts(cluster: Cluster) -> None:
    """A delete rejects `timeout` and `master_timeout`."""
    inference_id = cluster.endpoint()
    for name in ("timeout", "master_timeout"):
        reason = f"request […] contains unrecognized parameter: [{name}]"
        cluster.delete(inference_id, **{name: "20s"}).expect(Error(400, "illegal_argument_exception", reason))
    cluster.read(inference_id).expect(Success())


@row("privilege-to-write", SECTION, source="ClusterPrivilegeResolver, AuthorizationDenialMessages")
def test_write_without_privilege_is_403(cluster: Cluster) -> None:
    """Without `manage_inference`, a create returns a 403 that names the privileges."""
    reader = cluster.surroundings.reader(cluster)
    reason = (
        "action [cluster:admin/xpack/inference/put] is unauthorized for user […] with effective roles […], "
        "this action is granted by the cluster privileges [manage_inference,manage,all]"
    )
    answer = cluster.create(cluster.new_id(), cluster.body(), user=reader)
    answer.expect(Error(403, "security_exception", reason))


@row("privilege-to-read", SECTION, source="ClusterPrivilegeResolver")
def test_monitor_inference_is_enough_to_read(cluster: Cluster) -> None:
    """`monitor_inference` is sufficient for reads."""
    reader, inference_id = cluster.surroundings.reader(cluster), cluster.endpoint()
    answer = cluster.send("GET", f"/_inference/{inference_id}", user=reader)
    answer.expect(Success({"endpoints": [{"inference_id": inference_id}]}))


@row("credentials-missing", SECTION, source="DefaultAuthenticationFailureHandler")
def test_missing_credentials_are_401(cluster: Cluster) -> None:
    """Without credentials, a request returns 401."""
    answer = cluster.send("GET", f"/_inference/{cluster.new_id()}", user=NoCredentials())
    if answer.status == 404:
        raise NotTestable("the cluster accepts requests without credentials")
    answer.expect(Error(401, "security_exception", "missing authentication credentials for REST request […]"))


@row("credentials-wrong", SECTION, source="DefaultAuthenticationFailureHandler")
def test_wrong_credentials_are_401(cluster: Cluster) -> None:
    """With wrong credentials, a request returns 401."""
    inference_id = cluster.new_id()
    answer = cluster.send("GET", f"/_inference/{inference_id}", user=HTTPBasicAuth(inference_id, "wrong"))
    if answer.status == 404:
        raise NotTestable("the cluster accepts requests without credentials")
    answer.expect(Error(401, "security_exception", "unable to authenticate user […] for REST request […]"))


@row("run", SECTION, source=f"{REST}RestInferenceAction")
def test_run_returns_completions(cluster: Cluster) -> None:
    """`POST /_inference/completion/{inference_id}` returns `{"completion": [{"result": …}]}`."""
    inference_id = cluster.working_endpoint()
    answer = cluster.run(inference_id, {"input": "Say yes.", "task_settings": {"max_tokens": 4}})
    answer.expect(Success({"completion": [{"result": "…"}]}))


@row("run-streamed", SECTION, source=f"{REST}RestStreamInferenceAction")
def test_streamed_run_returns_events(cluster: Cluster) -> None:
    """`POST …/_stream` returns server-sent events."""
    answer = cluster.run(cluster.working_endpoint(), {"input": "Say yes."}, ending="/_stream")
    answer.require(answer.status == 200, "200 and events")
    content_type = answer.headers.get("Content-Type", "")
    answer.require(content_type.startswith("text/event-stream"), "the content type text/event-stream")


@row("run-chat-streamed-only", SECTION, holds=">=9.5", source=f"{REST}RestInferenceAction")
def test_chat_completion_runs_streamed_only(cluster: Cluster) -> None:
    """An endpoint for `chat_completion` runs only with `_stream`."""
    inference_id = cluster.working_endpoint(task_type="chat_completion")
    messages = {"messages": [{"role": "user", "content": "Say yes."}]}
    answer = cluster.run(inference_id, {"input": "Say yes."}, "chat_completion")
    answer.require(answer.status == 400, "400 for a run without _stream")
    streamed = cluster.run(inference_id, messages, "chat_completion", "/_stream")
    streamed.require(streamed.status == 200, "200 for a run with _stream")


def _unknown_path(cluster: Cluster) -> str:
    return f"/_inference/completion/{cluster.new_id()}/_nonsense"


def _rejected_for_its_body(cluster: Cluster, name: str) -> None:
    """Prove that a parameter is known without a call to the provider: the body is rejected, not the parameter."""
    answer = cluster.update(cluster.endpoint(), {"nonsense": 1}, **{name: "20s"})
    answer.expect(Error(400, "status_exception", "Request contained fields which cannot be updated, …"))
