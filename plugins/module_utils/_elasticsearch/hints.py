# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hints for failed requests. Together with C(provider_hints), this is the only place for hints about HTTP.

The message of the provider takes precedence over the message of Elasticsearch, and both over the status.
Imported only after a request has failed. Private to the collection.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .causes import Cause
from .provider_hints import AGAIN, first_condition, first_match, provider_hint

_UNKNOWN_SERVICE = (
    "enable the service of the endpoint in this cluster, or delete the endpoint with state=absent and force=true."
)

#: Hints by the message of Elasticsearch, for any status.
_SERVER_WORDS = {
    r"field \[top_p\] is not of the expected type|Duplicate field 'top_p'": (
        "do not set task_settings.top_k on Elasticsearch 8.16 and 8.17, which store it under the name top_p. If the "
        "endpoint cannot be read, delete it with state=absent and force=true."
    ),
    r"Unknown service \[[^\]]*\] for |No service found for this inference endpoint": _UNKNOWN_SERVICE,
    r"Failed to rollback": (
        "run the task again with update_secrets=always, which sends settings and secrets. Elasticsearch may have "
        "stored the new settings with the previous secrets."
    ),
    r"Failed to delete the inference endpoint|[Pp]lease try deleting the endpoint again": (
        "run the task again. Elasticsearch deleted only a part of the endpoint."
    ),
    r"Failed to add the inference endpoints|deleting and re-adding": (
        "delete the endpoint with state=absent and force=true, then run the task again. Elasticsearch stored only a "
        "part of the endpoint."
    ),
    r"may be in an inconsistent state": "run the task again. Elasticsearch stored only a part of the change.",
    r"Failed to (?:store|update) (?:inference endpoint|model)": (
        "check the health and the disks of the cluster, then run the task again. Elasticsearch could not store the "
        "endpoint."
    ),
    r"is not supported by all nodes|[Aa]ll nodes in the cluster are not aware": (
        "run the task again when all nodes have the same version. The cluster is being upgraded."
    ),
    r"unknown field \[|unknown to the \[": (
        "check the name and the position of the setting, or remove it. This version of Elasticsearch does not "
        "recognize it."
    ),
    r"is being used in mappings with incompatible settings": (
        "use a different inference_id, or re-create the indices that use this one with other settings."
    ),
    r"Default endpoint \[": "use a different inference_id. This endpoint is built into Elasticsearch.",
    r"Task type must match|Requested task type|ncompatible task_type": (
        "set task_type to the task type of the endpoint, or use a different inference_id."
    ),
}

#: The hint for an endpoint that is in use.
FORCE = "set force=true to delete it anyway. Everything that uses it will then fail."

_STATES = {
    "is_busy": "run the task again when the other update of the endpoint is complete.",
    "is_referenced": FORCE,
    "is_list_unreadable": "delete the endpoint that the message names. Elasticsearch cannot read it, so it returns no "
    "list of endpoints.",
    "is_unreadable_state": "run the task again. If the error persists, delete the endpoint with state=absent and "
    "force=true. Elasticsearch cannot read the stored endpoint.",
}

_LICENSE = "use a license that includes inference (Enterprise or trial)."
_PRIVILEGE = "grant the {} privilege {} to the Elasticsearch user or API key."
_ANY_PRIVILEGE = "grant the missing privilege to the Elasticsearch user or API key."
_GRANTED = r"granted by the (cluster|index) privileges \[([^\],]+)([^\]]*)\]"

_DISK_FULL = (
    "free disk space on the nodes. Elasticsearch made indices read-only because a disk is nearly full. It removes the "
    "block when there is enough space."
)
_NOT_READY = f"{AGAIN} The cluster, or a proxy in front of it, is not ready."
_BLOCKS = {
    r"flood-stage|/12/|allow delete": _DISK_FULL,
    r"not recovered|no master|SERVICE_UNAVAILABLE": _NOT_READY,
    r"cluster read-only": "remove the cluster setting cluster.blocks.read_only. The cluster is read-only.",
    "": "remove the block that the message names.",
}

#: Hints by the reason why credentials were rejected (C(additional_unsuccessful_credentials)).
_CREDENTIAL_WORDS = {
    r"missing authentication credentials": (
        "set elasticsearch_api_key, or elasticsearch_username and elasticsearch_password, or "
        "elasticsearch_bearer_token. The request reached Elasticsearch without credentials."
    ),
    r"invalidated": "create a new Elasticsearch API key. The current one was invalidated.",
    r"(?i)api ?key.*expired": "create a new Elasticsearch API key. The current one has expired.",
    r"(?i)token.*expired|expired.*token": "request a new elasticsearch_bearer_token. The current one has expired.",
    r"unable to find (?:the )?api ?key": (
        "check that elasticsearch_api_key was created in this cluster. This cluster does not have such an API key."
    ),
    r"invalid credentials for API key": "check the secret part of elasticsearch_api_key. It is wrong.",
    r"API key type": "set elasticsearch_api_key to an API key of the type rest.",
    r"unable to authenticate user": (
        "check elasticsearch_username and elasticsearch_password. One of them is wrong, or the user is disabled."
    ),
}

_ALLOW = "allow the address of the host where the module runs. {} rejected the request because of its address."
_TRAFFIC_FILTER = "network security policy (traffic filter) of Elastic Cloud"
#: Hints for responses that do not come from Elasticsearch, whose API has a type for each error.
_PROXY_WORDS = {
    r"traffic filter": _ALLOW.format(f"A {_TRAFFIC_FILTER}"),
    # Some policies of Elastic Cloud return only this word, and so do gateways of other vendors.
    r"\AForbidden\Z": _ALLOW.format(f"A firewall, or a {_TRAFFIC_FILTER},"),
    r"Unknown (?:resource|deployment|cluster|project)": (
        "check elasticsearch_url or elasticsearch_cloud_id. Elastic Cloud does not have a deployment at this address."
    ),
}

NO_INFERENCE = (
    "check that elasticsearch_url is the address of Elasticsearch 8.11 or later, and that its path is correct. No "
    "inference API was found there."
)

_STATUSES = {
    401: "check elasticsearch_api_key (in its encoded form), elasticsearch_username and elasticsearch_password, or "
    "elasticsearch_bearer_token. They can be wrong, expired, or from a different cluster.",
    403: "check the rules of the proxy or firewall in front of Elasticsearch. It rejected the request.",
    407: "add the user name and the password to HTTPS_PROXY or HTTP_PROXY. The proxy requires authentication.",
    408: "increase timeout, or run the task again later. The request took too long.",
    413: "shorten the request, or raise the size limit of Elasticsearch or of the proxy in front of it.",
    429: f"{AGAIN} The cluster is busy.",
    502: f"{AGAIN} A proxy in front of Elasticsearch cannot reach it.",
    503: _NOT_READY,
    504: "run the task again later, or increase the timeout of the proxy in front of Elasticsearch.",
}

_FIREWALL_PAGE = (
    "ask the operators of the proxy or web application firewall in front of Elasticsearch to allow requests to "
    "/_inference."
)
_PAGE = "check elasticsearch_url. The response may come from a proxy or a login page in front of Elasticsearch."
_NO_JSON = "check elasticsearch_url and any proxy or load balancer in front of Elasticsearch."
_TLS_PORT = "use https:// in elasticsearch_url. The server may require TLS on this port."

#: Message of requests if a certificate file is missing, for example the one in REQUESTS_CA_BUNDLE.
NO_CERTIFICATES = "TLS CA certificate bundle"

_UNTRUSTED = (
    "set ca_path to the CA that signed the server's certificate, or ca_fingerprint to the SHA-256 fingerprint of that "
    "certificate or its CA. Without them, the module trusts the CAs of certifi. Unlike ansible.builtin.uri, it does "
    "not trust those of the operating system. To trust them, set ca_path or REQUESTS_CA_BUNDLE to the CA bundle of the "
    "operating system."
)
#: Hints by the message of a failed handshake.
_TLS_WORDS = {
    NO_CERTIFICATES: "correct REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, which contains this path, or set ca_path to "
    "override it.",
    "NO_CERTIFICATE|NO_START_LINE|PEM": "check ca_path, client_cert, and client_key. One of them is not a valid PEM "
    "file.",
    "KEY_VALUES_MISMATCH": "set client_key to the private key of client_cert.",
    "is encrypted": "store client_key without a passphrase. The module cannot prompt for it.",
    "ingerprint": "check ca_fingerprint. It does not match any certificate that the server presents.",
    "WRONG_VERSION_NUMBER|record layer": "check the port, or use http:// in elasticsearch_url. The server does not use "
    "TLS on this port.",
    "[Hh]ostname|IP address|doesn't match|subjectAltName": "use a host name from the server's certificate in "
    "elasticsearch_url. The certificate is not valid for the current one.",
    # The checks of X509_V_FLAG_X509_STRICT, which Python 3.13 sets.
    "Key Identifier|[Kk]ey usage|key_usage|keyCertSign|Basic Constraints|[Pp]ath ?length|X509v3"
    "|(?:Issuer|Subject) name empty|Subject Alt": (
        "create the CA with the extension keyUsage, and the certificates with authorityKeyIdentifier. Python 3.13 and "
        "later require certificates to follow RFC 5280. Alternatively, set ca_fingerprint to the SHA-256 fingerprint "
        "of the CA, which is verified without this requirement."
    ),
    "has expired|not yet valid": "renew the server's certificate, or correct the clock of the host where the module "
    "runs.",
    "revoked": "replace the server's certificate. It was revoked.",
    "CERTIFICATE_VERIFY_FAILED": _UNTRUSTED,
}
_CLIENT_CERTIFICATE = "set client_cert and client_key. The server may require a client certificate."


def hint_for(cause: Cause, privilege: str = "") -> str:
    """Return the hint for an error in the format of Elasticsearch, or an empty string.

    :param privilege: the cluster privilege that the request requires.
    """
    if cause.is_not_found:
        return ""
    return provider_hint(cause) or _server_hint(cause, privilege) or _status_hint(cause)


def _server_hint(cause: Cause, privilege: str) -> str:
    if cause.error_type is None:
        return first_match(_PROXY_WORDS, cause.texts[0])
    if "cluster_block_exception" in cause.types:
        return first_match(_BLOCKS, cause.message)
    if cause.status == 401:
        return first_match(_CREDENTIAL_WORDS, cause.message)
    if cause.status == 403:
        return _denied_hint(cause, privilege)
    return first_match(_SERVER_WORDS, cause.message) or first_condition(_STATES, cause)


def _denied_hint(cause: Cause, privilege: str) -> str:
    if cause.matches("licen[cs]e"):
        return _LICENSE
    if cause.error_type != "security_exception":
        return ""
    granted = re.search(_GRANTED, cause.message)
    if granted is None:
        return _PRIVILEGE.format("cluster", privilege) if privilege else _ANY_PRIVILEGE
    scope, least, more = granted.groups()
    if privilege and privilege in (least, *more.split(",")):
        least = privilege
    return _PRIVILEGE.format(scope, least)


def _status_hint(cause: Cause) -> str:
    # An error without a type is "no handler found", or comes from another product. 8.16 has no handler for updates.
    if cause.status in (400, 404) and cause.error_type is None:
        return "" if cause.path.partition("?")[0].endswith("/_update") else NO_INFERENCE
    if cause.status == 403 and cause.error_type is not None:
        return ""
    return _STATUSES.get(cause.status or 0, "")


def page_hint(status: int, is_page: bool, url: str) -> str:
    """Return the hint for a response that is not JSON of Elasticsearch."""
    if is_page and status == 403:
        return _FIREWALL_PAGE
    if is_page and status == 400 and url.startswith("http:"):
        return _TLS_PORT
    if status in _STATUSES and status not in (401, 403, 408):
        return _STATUSES[status]
    return _PAGE if is_page else _NO_JSON


def lost_hint(node: str) -> str:
    return f"if this happens every time, {_TLS_PORT}" if node.startswith("http:") else ""


def tls_hint(words: str) -> str:
    return first_match(_TLS_WORDS, words) or _CLIENT_CERTIFICATE


def unreachable_hint(node: str, words: str) -> str:
    """Return the hint for a failed connection. A missing port in the URL may be the reason."""
    parts = urlsplit(node)
    if parts.port is None and re.search(r"refused|timed out", words):
        port = 443 if parts.scheme == "https" else 80
        return (
            f"add the port to elasticsearch_url. Without it, the module tried port {port}; Elasticsearch usually "
            "listens on port 9200."
        )
    return "check elasticsearch_url, and that the host where the module runs can reach it."


PROXY = "check HTTPS_PROXY, HTTP_PROXY, and NO_PROXY in the environment of the module."
UNSENDABLE = "check elasticsearch_url, and HTTPS_PROXY and HTTP_PROXY in the environment of the module."
TIMED_OUT = "increase timeout. Elasticsearch may be waiting for the provider of the model."
REDIRECTED = "set elasticsearch_url to the final address."
