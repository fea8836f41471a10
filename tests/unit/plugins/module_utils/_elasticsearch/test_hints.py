# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the hints for failed requests and their precedence: provider, Elasticsearch, status."""

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
    api_error,
    make_error,
    provider_message,
    validation_error,
)


def test_provider_message_takes_precedence_over_elasticsearch_message() -> None:
    words = provider_message("Received a permission denied error status code", 403)
    denied = api_error(RUN, 403, "security_exception", words, privilege="monitor_inference")
    assert denied.hint.endswith("The provider denied access.")
    busy = validation_error(
        "status_exception", provider_message("Received an unsuccessful status code", 404, "unknown field [x]")
    )
    assert busy.hint.startswith("check service_settings.model_id.")


def test_elasticsearch_message_takes_precedence_over_status() -> None:
    full = "index [.inference] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has "
    error = api_error(PUT, 429, "cluster_block_exception", f"{full}read-only-allow-delete block];")
    assert error.hint.startswith("free disk space on the nodes.")
    other = api_error(PUT, 503, "status_exception", "Failed to store inference endpoint [one]")
    assert other.hint.endswith("Elasticsearch could not store the endpoint.")


@pytest.mark.parametrize(
    "words",
    [
        provider_message("Received an authentication error status code", 401, "unknown url, chunking_settings"),
        "validation call to service threw an exception. unknown url",
        provider_message("Received an unsuccessful status code", 400, "unknown field [x]"),
    ],
)
def test_service_and_completion_hints_do_not_override_provider_hint(words: str) -> None:
    assert anthropic.explain(words) == ""
    assert _hint_for(api_error(RUN, 400, "status_exception", words)) == ""


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
def test_service_hint_explains_elasticsearch_message(words: str, hint: str) -> None:
    found = anthropic.explain(words)
    assert hint in found
    assert bool(found) is bool(hint)


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (api_error(UPDATE, 409, "status_exception", BUSY_UPDATE), "when the other update of the endpoint is complete."),
        (api_error(DELETE, 409, "status_exception", BUSY_DELETE), "when the other update of the endpoint is complete."),
        (api_error(DELETE, 409, "status_exception", IN_PIPELINES), "set force=true to delete it anyway."),
        (api_error(DELETE, 409, "status_exception", IN_MAPPINGS), "set force=true to delete it anyway."),
        (api_error(GET, 500, "illegal_state_exception", INVALID), "Elasticsearch cannot read the stored endpoint."),
        (api_error(GET_ALL, 500, "illegal_state_exception", INVALID), "so it returns no list of endpoints."),
        (
            api_error(GET_ALL, 500, "status_exception", "Unknown service [elasticsearch] for inference endpoint [.x]."),
            "enable the service of the endpoint in this cluster",
        ),
        (
            api_error(DELETE, 404, "status_exception", "No service found for this inference endpoint one"),
            "enable the service of the endpoint in this cluster",
        ),
        (
            api_error(
                UPDATE,
                500,
                "status_exception",
                "Failed to rollback while handling failure to update inference endpoint [one]. Endpoint may be in an "
                "inconsistent state due to [x]",
            ),
            "may have stored the new settings with the previous secrets.",
        ),
        (
            api_error(
                DELETE,
                500,
                "status_exception",
                "Failed to delete the inference endpoint [one]. The service may be in an inconsistent state. Please "
                "try deleting the endpoint again.",
            ),
            "run the task again. Elasticsearch deleted only a part of the endpoint.",
        ),
        (
            api_error(
                PUT,
                500,
                "status_exception",
                "Failed to add the inference endpoints [one]. The service may be in an inconsistent state. Please try "
                "deleting and re-adding the endpoints.",
            ),
            "delete the endpoint with state=absent and force=true",
        ),
        (
            api_error(PUT, 500, "status_exception", "The service may be in an inconsistent state."),
            "Elasticsearch stored only a part of the change.",
        ),
        (api_error(UPDATE, 500, "status_exception", "Failed to update model"), "could not store the endpoint."),
        (
            api_error(
                PUT, 400, "status_exception", "All nodes in the cluster are not aware of the service [anthropic]"
            ),
            "The cluster is being upgraded.",
        ),
        (
            api_error(
                PUT,
                400,
                "status_exception",
                "Inference endpoint [one] could not be created because the inference_id is being used in mappings with "
                "incompatible settings for indices: [i]",
            ),
            "use a different inference_id",
        ),
        (
            api_error(UPDATE, 400, "status_exception", "Default endpoint [.x] cannot be updated"),
            "This endpoint is built into Elasticsearch.",
        ),
        (
            api_error(UPDATE, 400, "status_exception", "Task type must match the task type of the existing endpoint"),
            "set task_type to the task type of the endpoint",
        ),
        (
            api_error(PUT, 400, "x_content_parse_exception", "[1:20] [service_settings] unknown field [modelid]"),
            "This version of Elasticsearch does not recognize it.",
        ),
        (api_error(PUT, 429, "es_rejected_execution_exception", "rejected"), "increase retries. The cluster is busy."),
        (api_error(GET, 502, "status_exception", "Bad Gateway"), "A proxy in front of Elasticsearch cannot reach it."),
        (api_error(GET, 504, "status_exception", "Gateway Timeout"), "increase the timeout of the proxy"),
        (api_error(GET, 408, "status_exception", "x"), "The request took too long."),
        (api_error(PUT, 413, "status_exception", "x"), "shorten the request"),
        (make_error(GET, 400, {"error": "no handler found for uri [/x]"}), "No inference API was found there."),
        (make_error(DELETE, 404, {"error": "no handler found for uri [/x]"}), "No inference API was found there."),
    ],
)
def test_elasticsearch_message_determines_hint(error: ClientError, hint: str) -> None:
    assert hint in error.hint


def test_message_that_ends_with_semicolon_gets_no_period_before_hint() -> None:
    error = api_error(PUT, 403, "cluster_block_exception", "blocked by: [FORBIDDEN/8/index write (api)];")
    assert "(api)]; Hint: remove the block" in str(error)


def test_hint_for_busy_endpoint_does_not_suggest_force() -> None:
    assert "force" not in api_error(DELETE, 409, "status_exception", BUSY_DELETE).hint


@pytest.mark.parametrize(
    "error",
    [
        api_error(GET, 404, "resource_not_found_exception", "Inference endpoint not found [one]"),
        api_error(UPDATE, 404, "status_exception", "The inference endpoint [x] does not exist and cannot be updated"),
        api_error(PUT, 400, "validation_exception", "Validation Failed: 1: x;"),
        api_error(PUT, 403, "status_exception", "Inference endpoints are not allowed here"),
        make_error(UPDATE, 400, {"error": "no handler found for uri [/x] and method [PUT]"}),
        make_error((UPDATE[0], UPDATE[1] + "?timeout=30s"), 400, {"error": "no handler found for uri [/x]"}),
    ],
)
def test_self_explanatory_error_has_no_hint(error: ClientError) -> None:
    assert error.hint == ""


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("index [.inference] blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];", "free disk space"),
        (
            "index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has x];",
            "free disk space",
        ),
        ("blocked by: [FORBIDDEN/6/cluster read-only (api)];", "remove the cluster setting cluster.blocks.read_only."),
        ("index [x] blocked by: [FORBIDDEN/8/index write (api)];", "remove the block that the message names."),
        ("blocked by: [SERVICE_UNAVAILABLE/1/state not recovered / initialized];", "is not ready."),
    ],
)
def test_cluster_block_gets_hint_for_its_type(reason: str, hint: str) -> None:
    assert hint in api_error(PUT, 403, "cluster_block_exception", reason).hint
    inner = api_error(
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
            "grant the cluster privilege manage_inference to the Elasticsearch user or API key.",
        ),
        (
            f"{UNAUTHORIZED}, this action is granted by the cluster privileges [manage,manage_inference,all]",
            "manage_inference",
            "grant the cluster privilege manage_inference to the Elasticsearch user or API key.",
        ),
        (
            f"{UNAUTHORIZED}, this action is granted by the cluster privileges [manage,all]",
            "manage_inference",
            "grant the cluster privilege manage to the Elasticsearch user or API key.",
        ),
        (
            f"{UNAUTHORIZED}, this action is granted by the index privileges [read,all]",
            "",
            "grant the index privilege read to the Elasticsearch user or API key.",
        ),
        (UNAUTHORIZED, "monitor", "grant the cluster privilege monitor to the Elasticsearch user or API key."),
        (UNAUTHORIZED, "", "grant the missing privilege to the Elasticsearch user or API key."),
        (
            "current license is non-compliant for [inference]",
            "monitor",
            "use a license that includes inference (Enterprise or trial).",
        ),
    ],
)
def test_403_of_elasticsearch_gets_hint_about_privilege_or_license(reason: str, privilege: str, hint: str) -> None:
    assert api_error(PUT, 403, "security_exception", reason, privilege=privilege).hint == hint


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (
            {
                "ok": False,
                "message": "Forbidden due to traffic filtering. Please see the Elastic documentation on Traffic "
                "Filtering for more information.",
            },
            "A network security policy (traffic filter) of Elastic Cloud rejected the request",
        ),
        ({"ok": False, "message": "Forbidden"}, "A firewall, or a network security policy (traffic filter)"),
        ({"message": "Request blocked"}, "check the rules of the proxy or firewall in front of Elasticsearch."),
    ],
)
def test_403_of_proxy_gets_no_hint_about_privilege(body: Any, hint: str) -> None:
    error = make_error(PUT, 403, body, privilege="manage_inference")
    assert hint in error.hint
    assert "privilege" not in error.hint


@pytest.mark.parametrize("message", ["Unknown resource.", "Unknown deployment.", "Unknown cluster."])
def test_404_of_elastic_cloud_gets_hint_about_address(message: str) -> None:
    hint = make_error(GET, 404, {"ok": False, "message": message}).hint
    assert hint.endswith("Elastic Cloud does not have a deployment at this address.")


NO_ANONYMOUS = "unable to authenticate with provided credentials and anonymous access is not allowed for this request"


def unauthenticated(*reasons: str, as_list: bool = False) -> ClientError:
    """Return the error for a 401 with the reasons why the credentials were rejected."""
    error = {
        "type": "security_exception",
        "reason": NO_ANONYMOUS,
        "additional_unsuccessful_credentials": list(reasons) if as_list else reasons[0],
    }
    return make_error(GET, 401, {"error": {"root_cause": [error], **error}, "status": 401})


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("API key: api key [VuaCfGcBCdbkQm-e5aOx] has been invalidated", "The current one was invalidated."),
        ("API key: api key is expired", "create a new Elasticsearch API key. The current one has expired."),
        ("API key: invalid credentials for API key [VuaCfGcB]", "check the secret part of elasticsearch_api_key."),
        (
            "API key: authentication expected API key type of [rest], but API key [x] has type [cross_cluster]",
            "to an API key of the type rest.",
        ),
        ("unable to authenticate user [elastic] for REST request [/]", "check elasticsearch_username and "),
        ("Bearer token: token expired", "request a new elasticsearch_bearer_token."),
        ("API key: server is too busy to respond", "check elasticsearch_api_key (in its encoded form),"),
    ],
)
def test_401_reports_why_credentials_were_rejected(reason: str, hint: str, as_list: bool) -> None:
    error = unauthenticated(reason, as_list=as_list)
    assert error.problem.endswith(f"{NO_ANONYMOUS} Cause: {reason}")
    assert hint in error.hint
    assert error.failure["reason"] == NO_ANONYMOUS


@pytest.mark.parametrize(
    "reason", ["unable to find apikey with id {}", "apikey authentication for id {} encountered a failure"]
)
def test_401_hides_an_id_that_may_be_a_swapped_secret(reason: str) -> None:
    error = unauthenticated("API key: " + reason.format("ui2lp2axTNmsyakw9tvNnw"))
    assert "ui2lp2axTNmsyakw9tvNnw" not in f"{error} {error.causes}"
    assert reason.format("********") in error.problem


def test_401_for_unknown_api_key_gets_hint_about_cluster() -> None:
    hint = unauthenticated("API key: unable to find apikey with id x").hint
    assert hint.startswith("check that elasticsearch_api_key was created in this cluster.")


def test_401_hides_secrets_in_its_causes() -> None:
    assert "s3cret" not in str(unauthenticated("Bearer token: s3cret is malformed"))


@pytest.mark.parametrize(
    ("status", "is_page", "url", "hint"),
    [
        (403, True, "https://es", "ask the operators of the proxy or web application firewall"),
        (403, False, "https://es", "check elasticsearch_url and any proxy or load balancer in front of Elasticsearch."),
        (401, True, "https://es", "check elasticsearch_url. The response may come from a proxy or a login page"),
        (408, True, "https://es", "check elasticsearch_url. The response may come from a proxy or a login page"),
        (400, True, "http://es", "use https:// in elasticsearch_url."),
        (400, True, "https://es", "check elasticsearch_url. The response may come from a proxy or a login page"),
        (200, True, "https://es", "check elasticsearch_url. The response may come from a proxy or a login page"),
        (413, True, "https://es", "shorten the request, or raise the size limit"),
        (502, True, "https://es", "run the task again later, or increase retries. A proxy in front of Elasticsearch"),
        (502, False, "https://es", "run the task again later, or increase retries. A proxy in front of Elasticsearch"),
    ],
)
def test_unreadable_response_gets_hint_for_its_status(status: int, is_page: bool, url: str, hint: str) -> None:
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
def test_refused_connection_without_port_gets_hint_about_default_port(node: str, words: str, port: int) -> None:
    assert hints.unreachable_hint(node, words) == (
        f"add the port to elasticsearch_url. Without it, the module tried port {port}; Elasticsearch usually listens "
        "on port 9200."
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


def test_request_to_url_without_port_gets_hint_about_default_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("urllib3.util.connection.create_connection", refuse)
    client = Client(Connection(("https://127.0.0.1",), retries=0), Redactor([]))
    with pytest.raises(ClientError) as caught:
        client.request("GET", "/")
    assert "the module tried port 443" in caught.value.hint


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
def test_strict_verification_failure_has_its_hint_for(words: str) -> None:
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
        (f"{VERIFY}certificate revoked", "It was revoked."),
        (f"{VERIFY}Hostname mismatch, certificate is not valid for 'x'.", "use a host name from the server's"),
        ("no appropriate subjectAltName fields were found", "use a host name from the server's certificate"),
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED]", "set client_cert and client_key."),
    ],
)
def test_other_tls_failure_has_its_hint_for(words: str, hint: str) -> None:
    assert hint in hints.tls_hint(words)
