# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failed request gets a hint by its cause: the provider's words first, then Elasticsearch's, then the status."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch import hints
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.connection import Connection
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.redaction import Redactor
from ansible_collections.esops.inference.plugins.module_utils._modules.completion import _hint_for
from ansible_collections.esops.inference.plugins.module_utils._services import anthropic
from tests.unit.plugins.module_utils._elasticsearch.responses import (
    BUSY_DELETE,
    BUSY_UPDATE,
    DELETE,
    GET,
    GET_ALL,
    IN_MAPPINGS,
    IN_PIPELINES,
    INVALID,
    PUT,
    RUN,
    UPDATE,
    error_of,
    refusal,
    said,
    validation,
)


def test_words_of_provider_decide_before_those_of_elasticsearch() -> None:
    words = said("Received a permission denied error status code", 403)
    denied = refusal(RUN, 403, "security_exception", words, privilege="monitor_inference")
    assert denied.hint.startswith("the provider denies access.")
    busy = validation("status_exception", said("Received an unsuccessful status code", 404, "unknown field [x]"))
    assert busy.hint.startswith("the provider does not know the model")


def test_words_of_elasticsearch_decide_before_the_status() -> None:
    full = "index [.inference] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has "
    error = refusal(PUT, 429, "cluster_block_exception", f"{full}read-only-allow-delete block];")
    assert error.hint.startswith("the disk of a node is nearly full")
    other = refusal(PUT, 503, "status_exception", "Failed to store inference endpoint [one]")
    assert other.hint.startswith("Elasticsearch could not store the endpoint.")


@pytest.mark.parametrize(
    "words",
    [
        said("Received an authentication error status code", 401, "unknown url, chunking_settings"),
        "validation call to service threw an exception. unknown url",
        said("Received an unsuccessful status code", 400, "unknown field [x]"),
    ],
)
def test_service_and_completion_do_not_override_words_of_provider(words: str) -> None:
    assert anthropic.explain(words) == ""
    assert _hint_for(refusal(RUN, 400, "status_exception", words)) == ""


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("[1:2] [service_settings] unknown field [url]", "upgrade each node to Elasticsearch 9.6 or later"),
        ("Configuration contains settings [{url=https://x}] unknown to the [anthropic] service", "9.6 or later"),
        ("The field [url] in service_settings is not supported by all nodes in the cluster; x", "upgrade each node"),
        ("The [anthropic] service does not support task type [chat_completion]", "upgrade to Elasticsearch 9.5"),
        ("1: [secret_settings] does not contain the required setting [api_key];", "Before Elasticsearch 9.5"),
        ("settings [{chunking_settings={}}] unknown to the [anthropic] service", "remove chunking_settings."),
        ("Validation Failed: 1: [task_settings] max_tokens must be positive;", ""),
    ],
)
def test_service_explains_words_of_elasticsearch(words: str, hint: str) -> None:
    found = anthropic.explain(words)
    assert hint in found
    assert bool(found) is bool(hint)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (refusal(UPDATE, 409, "status_exception", BUSY_UPDATE), "another update of the endpoint is in progress."),
        (refusal(DELETE, 409, "status_exception", BUSY_DELETE), "another update of the endpoint is in progress."),
        (refusal(DELETE, 409, "status_exception", IN_PIPELINES), "force=true deletes it anyway."),
        (refusal(DELETE, 409, "status_exception", IN_MAPPINGS), "force=true deletes it anyway."),
        (refusal(GET, 500, "illegal_state_exception", INVALID), "Elasticsearch cannot read the stored endpoint."),
        (refusal(GET_ALL, 500, "illegal_state_exception", INVALID), "so it lists none."),
        (
            refusal(GET_ALL, 500, "status_exception", "Unknown service [elasticsearch] for inference endpoint [.x]."),
            "this cluster does not know the service of the stored endpoint.",
        ),
        (
            refusal(DELETE, 404, "status_exception", "No service found for this inference endpoint one"),
            "this cluster does not know the service of the stored endpoint.",
        ),
        (
            refusal(
                UPDATE,
                500,
                "status_exception",
                "Failed to rollback while handling failure to update inference endpoint [one]. Endpoint may be in an "
                "inconsistent state due to [x]",
            ),
            "may have stored the new settings with the former secrets.",
        ),
        (
            refusal(
                DELETE,
                500,
                "status_exception",
                "Failed to delete the inference endpoint [one]. The service may be in an inconsistent state. Please "
                "try deleting the endpoint again.",
            ),
            "Elasticsearch deleted only a part of the endpoint. Run again.",
        ),
        (
            refusal(
                PUT,
                500,
                "status_exception",
                "Failed to add the inference endpoints [one]. The service may be in an inconsistent state. Please try "
                "deleting and re-adding the endpoints.",
            ),
            "Delete it with state=absent and force=true",
        ),
        (
            refusal(PUT, 500, "status_exception", "The service may be in an inconsistent state."),
            "Elasticsearch stored only a part of the change.",
        ),
        (refusal(UPDATE, 500, "status_exception", "Failed to update model"), "could not store the endpoint."),
        (
            refusal(PUT, 400, "status_exception", "All nodes in the cluster are not aware of the service [anthropic]"),
            "the cluster is being upgraded.",
        ),
        (
            refusal(
                PUT,
                400,
                "status_exception",
                "Inference endpoint [one] could not be created because the inference_id is being used in mappings with "
                "incompatible settings for indices: [i]",
            ),
            "Use a different inference_id",
        ),
        (
            refusal(UPDATE, 400, "status_exception", "Default endpoint [.x] cannot be updated"),
            "Elasticsearch owns this endpoint.",
        ),
        (
            refusal(UPDATE, 400, "status_exception", "Task type must match the task type of the existing endpoint"),
            "the endpoint has another task type.",
        ),
        (
            refusal(PUT, 400, "x_content_parse_exception", "[1:20] [service_settings] unknown field [modelid]"),
            "this version of Elasticsearch does not know the setting.",
        ),
        (refusal(PUT, 429, "es_rejected_execution_exception", "rejected"), "the cluster is busy. Run again later"),
        (refusal(GET, 502, "status_exception", "Bad Gateway"), "a proxy in front of Elasticsearch cannot reach it."),
        (refusal(GET, 504, "status_exception", "Gateway Timeout"), "increase the proxy's timeout."),
        (refusal(GET, 408, "status_exception", "x"), "the request took too long."),
        (refusal(PUT, 413, "status_exception", "x"), "the request is too large"),
        (error_of(GET, 400, {"error": "no handler found for uri [/x]"}), "this address knows no inference API"),
        (error_of(DELETE, 404, {"error": "no handler found for uri [/x]"}), "this address knows no inference API"),
    ],
)
def test_words_of_elasticsearch_give_the_hint(error: ClientError, hint: str) -> None:
    assert hint in error.hint


def test_message_that_ends_with_a_semicolon_gets_no_full_stop_before_its_hint() -> None:
    error = refusal(PUT, 403, "cluster_block_exception", "blocked by: [FORBIDDEN/8/index write (api)];")
    assert "(api)]; Hint: the index is blocked." in str(error)


def test_busy_endpoint_gets_no_advice_to_use_force() -> None:
    assert "force" not in refusal(DELETE, 409, "status_exception", BUSY_DELETE).hint


@pytest.mark.parametrize(
    "error",
    [
        refusal(GET, 404, "resource_not_found_exception", "Inference endpoint not found [one]"),
        refusal(UPDATE, 404, "status_exception", "The inference endpoint [x] does not exist and cannot be updated"),
        refusal(PUT, 400, "validation_exception", "Validation Failed: 1: x;"),
        refusal(PUT, 403, "status_exception", "Inference endpoints are not allowed here"),
        error_of(UPDATE, 400, {"error": "no handler found for uri [/x] and method [PUT]"}),
        error_of((UPDATE[0], UPDATE[1] + "?timeout=30s"), 400, {"error": "no handler found for uri [/x]"}),
    ],
)
def test_error_that_says_enough_gets_no_hint(error: ClientError) -> None:
    assert error.hint == ""


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("index [.inference] blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];", "Free disk space"),
        (
            "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has x];",
            "Free disk space",
        ),
        ("blocked by: [FORBIDDEN/6/cluster read-only (api)];", "Remove the cluster setting cluster.blocks.read_only."),
        ("index [x] blocked by: [FORBIDDEN/8/index write (api)];", "Remove the block that the message names."),
        ("blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];", "is not ready."),
    ],
)
def test_block_of_cluster_gets_hint_by_its_kind(reason: str, hint: str) -> None:
    assert hint in refusal(PUT, 403, "cluster_block_exception", reason).hint
    inner = refusal(
        PUT, 500, "status_exception", "Failed to store inference endpoint [one]", ("cluster_block_exception", reason)
    )
    assert hint in inner.hint


UNAUTHORIZED = "action [cluster:admin/xpack/inference/put] is unauthorized for user [u] with effective roles [r]"


@pytest.mark.parametrize(
    ("reason", "privilege", "hint"),
    [
        (
            f"{UNAUTHORIZED}, this action is granted by the cluster privileges [manage_inference,manage,all]",
            "",
            "the user or the API key needs the cluster privilege manage_inference.",
        ),
        (
            f"{UNAUTHORIZED}, this action is granted by the cluster privileges [manage,manage_inference,all]",
            "manage_inference",
            "the user or the API key needs the cluster privilege manage_inference.",
        ),
        (
            f"{UNAUTHORIZED}, this action is granted by the cluster privileges [manage,all]",
            "manage_inference",
            "the user or the API key needs the cluster privilege manage.",
        ),
        (
            f"{UNAUTHORIZED}, this action is granted by the index privileges [read,all]",
            "",
            "the user or the API key needs the index privilege read.",
        ),
        (UNAUTHORIZED, "monitor", "the user or the API key needs the cluster privilege monitor."),
        (UNAUTHORIZED, "", "the user or the API key needs another privilege."),
        (
            "current license is non-compliant for [inference]",
            "monitor",
            "the license of the cluster must include inference (Enterprise or a trial).",
        ),
    ],
)
def test_403_of_elasticsearch_names_privilege_or_license(reason: str, privilege: str, hint: str) -> None:
    assert refusal(PUT, 403, "security_exception", reason, privilege=privilege).hint == hint


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (
            {
                "ok": False,
                "message": "Forbidden due to traffic filtering. Please see the Elastic documentation on Traffic "
                "Filtering for more information.",
            },
            "a network security policy (traffic filter) of Elastic Cloud rejects the address",
        ),
        ({"ok": False, "message": "Forbidden"}, "a firewall, or a network security policy (traffic filter)"),
        ({"message": "Request blocked"}, "a proxy or a firewall in front of Elasticsearch denied the request."),
    ],
)
def test_403_of_something_in_front_of_elasticsearch_names_no_privilege(body: Any, hint: str) -> None:
    error = error_of(PUT, 403, body, privilege="manage_inference")
    assert hint in error.hint
    assert "privilege" not in error.hint


@pytest.mark.parametrize("message", ["Unknown resource.", "Unknown deployment.", "Unknown cluster."])
def test_404_of_elastic_cloud_names_the_address(message: str) -> None:
    hint = error_of(GET, 404, {"ok": False, "message": message}).hint
    assert hint.startswith("Elastic Cloud knows no deployment of this address.")


NO_ANONYMOUS = "unable to authenticate with provided credentials and anonymous access is not allowed for this request"


def unauthenticated(*told: str, as_list: bool = False) -> ClientError:
    """A 401 that says what was wrong with the credentials."""
    error = {
        "type": "security_exception",
        "reason": NO_ANONYMOUS,
        "additional_unsuccessful_credentials": list(told) if as_list else told[0],
    }
    return error_of(GET, 401, {"error": {"root_cause": [error], **error}, "status": 401})


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ("API key: api key [VuaCfGcBCdbkQm-e5aOx] has been invalidated", "was invalidated. Create a new one."),
        ("API key: api key is expired", "the Elasticsearch API key has expired. Create a new one."),
        ("API key: invalid credentials for API key [VuaCfGcB]", "the secret part of elasticsearch_api_key is wrong."),
        (
            "API key: authentication expected API key type of [rest], but API key [x] has type [cross_cluster]",
            "must be an API key of the type rest.",
        ),
        ("Bearer token: token expired", "elasticsearch_bearer_token has expired."),
        ("API key: server is too busy to respond", "check elasticsearch_username and elasticsearch_password, or"),
    ],
)
def test_401_reports_what_was_wrong_with_the_credentials(told: str, hint: str, as_list: bool) -> None:
    error = unauthenticated(told, as_list=as_list)
    assert error.problem.endswith(f"{NO_ANONYMOUS} Cause: {told}")
    assert hint in error.hint
    assert error.failure["reason"] == NO_ANONYMOUS


@pytest.mark.parametrize(
    "told", ["unable to find apikey with id {}", "apikey authentication for id {} encountered a failure"]
)
def test_401_hides_an_id_that_may_be_a_swapped_secret(told: str) -> None:
    error = unauthenticated("API key: " + told.format("ui2lp2axTNmsyakw9tvNnw"))
    assert "ui2lp2axTNmsyakw9tvNnw" not in f"{error} {error.causes}"
    assert told.format("********") in error.problem


def test_401_for_unknown_api_key_names_the_cluster() -> None:
    hint = unauthenticated("API key: unable to find apikey with id x").hint
    assert hint == "this cluster has no such API key. Check that elasticsearch_api_key was created in this cluster."


def test_401_hides_secrets_in_what_was_wrong() -> None:
    assert "s3cret" not in str(unauthenticated("Bearer token: s3cret is malformed"))


@pytest.mark.parametrize(
    ("status", "is_page", "url", "hint"),
    [
        (403, True, "https://es", "a proxy or a web application firewall in front of Elasticsearch rejected"),
        (403, False, "https://es", "check elasticsearch_url and what stands in front of it."),
        (400, True, "http://es", "the server may want https:// on this port."),
        (400, True, "https://es", "a proxy or a login page"),
        (200, True, "https://es", "a proxy or a login page"),
        (413, True, "https://es", "the request is too large for Elasticsearch, or for a proxy in front of it."),
        (502, True, "https://es", "a proxy in front of Elasticsearch cannot reach it."),
        (502, False, "https://es", "a proxy in front of Elasticsearch cannot reach it."),
    ],
)
def test_page_gets_hint_by_its_status(status: int, is_page: bool, url: str, hint: str) -> None:
    assert hints.page_hint(status, is_page, url).startswith(hint)


@pytest.mark.parametrize(
    ("node", "words", "port"),
    [
        ("https://es.example.com", "[Errno 111] Connection refused", 443),
        ("http://es.example.com/base", "[Errno 111] Connection refused", 80),
        ("https://es.example.com", "Connection to es.example.com timed out. (connect timeout=10)", 443),
        ("https://[::1]", "[Errno 111] Connection refused", 443),
    ],
)
def test_refused_connection_without_port_names_the_port_that_was_tried(node: str, words: str, port: int) -> None:
    assert hints.unreachable_hint(node, words) == (
        f"check elasticsearch_url: it names no port, so port {port} was tried. Elasticsearch usually listens on port "
        "9200."
    )


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ("https://es.example.com:9200", "[Errno 111] Connection refused"),
        ("https://es.example.com:443", "[Errno 111] Connection refused"),
        ("https://es.example.com", "[Errno -2] Name or service not known"),
        ("https://es.example.com", "[Errno 113] No route to host"),
    ],
)
def test_other_unreachable_node_gets_no_hint_about_the_port(node: str, words: str) -> None:
    assert "9200" not in hints.unreachable_hint(node, words)


def test_port_left_out_is_named_by_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("urllib3.util.connection.create_connection", refuse)
    client = Client(Connection(("https://127.0.0.1",), retries=0), Redactor([]))
    with pytest.raises(ClientError) as caught:
        client.request("GET", "/")
    assert "so port 443 was tried" in caught.value.hint


VERIFY = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "


@pytest.mark.parametrize(
    "words",
    [
        "Missing Authority Key Identifier",
        "Missing Subject Key Identifier",
        "Authority Key Identifier marked critical",
        "CA cert does not include key usage extension",
        "Basic Constraints of CA cert not marked critical",
        "Key usage keyCertSign invalid for non-CA cert",
        "Path length invalid for non-CA cert",
        "Issuer name empty",
        "Subject empty and Subject Alt Name extension not critical",
        "Using cert extension requires at least X509v3",
    ],
)
def test_strict_verification_of_python_has_its_own_hint(words: str) -> None:
    hint = hints.tls_hint(f"{VERIFY}{words} (_ssl.c:1020)")
    assert "Python 3.13 and later" in hint
    assert "keyUsage" in hint
    assert "ca_fingerprint" in hint
    assert "ca_path" not in hint


@pytest.mark.parametrize(
    "words",
    [
        "unable to get local issuer certificate",
        "self-signed certificate",
        "self-signed certificate in certificate chain",
        "unable to get issuer certificate",
    ],
)
def test_untrusted_certificate_gets_hint_about_every_trust_store(words: str) -> None:
    hint = hints.tls_hint(f"{VERIFY}{words} (_ssl.c:1020)")
    for named in ("ca_path", "ca_fingerprint", "certifi", "REQUESTS_CA_BUNDLE", "ansible.builtin.uri"):
        assert named in hint


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (f"{VERIFY}certificate has expired", "renew the server's certificate"),
        (f"{VERIFY}certificate is not yet valid", "correct the clock"),
        (f"{VERIFY}certificate revoked", "was revoked"),
        (f"{VERIFY}Hostname mismatch, certificate is not valid for 'x'.", "the certificate is for another name"),
        ("no appropriate subjectAltName fields were found", "the certificate is for another name"),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED]", "the server may want a client certificate"),
    ],
)
def test_other_failure_of_tls_has_its_own_hint(words: str, hint: str) -> None:
    assert hint in hints.tls_hint(words)
