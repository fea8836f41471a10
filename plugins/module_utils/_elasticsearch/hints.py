# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suggest what to do about a failed request. With C(provider_hints), this is the only place for such hints.

The words of the provider decide before those of Elasticsearch, and these before the status.
Only runs in which a request failed load this file. Private to the collection.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .causes import Cause
from .provider_hints import AGAIN, first_condition, first_match, provider_hint

_UNKNOWN_SERVICE = (
    "this cluster does not know the service of the stored endpoint. Enable the service, or delete the endpoint: "
    "state=absent with force=true does so."
)

#: What Elasticsearch says, whatever its status.
_SERVER_WORDS = {
    r"field \[top_p\] is not of the expected type|Duplicate field 'top_p'": (
        "Elasticsearch 8.16 and 8.17 store top_k under the name top_p. Do not set task_settings.top_k on these "
        "versions. state=absent with force=true deletes an endpoint that cannot be read."
    ),
    r"Unknown service \[[^\]]*\] for |No service found for this inference endpoint": _UNKNOWN_SERVICE,
    r"Failed to rollback": (
        "Elasticsearch may have stored the new settings with the former secrets. Run again with update_secrets=always, "
        "which sends both."
    ),
    r"Failed to delete the inference endpoint|[Pp]lease try deleting the endpoint again": (
        "Elasticsearch deleted only a part of the endpoint. Run again."
    ),
    r"Failed to add the inference endpoints|deleting and re-adding": (
        "Elasticsearch stored only a part of the endpoint. Delete it with state=absent and force=true, then run again."
    ),
    r"may be in an inconsistent state": "Elasticsearch stored only a part of the change. Run again.",
    r"Failed to (?:store|update) (?:inference endpoint|model)": (
        "Elasticsearch could not store the endpoint. Check the health and the disks of the cluster, then run again."
    ),
    r"is not supported by all nodes|[Aa]ll nodes in the cluster are not aware": (
        "the cluster is being upgraded. Run again when all nodes have the same version."
    ),
    r"unknown field \[|unknown to the \[": (
        "this version of Elasticsearch does not know the setting. Check its name and its place, or remove it."
    ),
    r"is being used in mappings with incompatible settings": (
        "indices use this inference_id with other settings. Use a different inference_id, or re-create these indices."
    ),
    r"Default endpoint \[": "Elasticsearch owns this endpoint. Use a different inference_id.",
    r"Task type must match|Requested task type|ncompatible task_type": (
        "the endpoint has another task type. Declare that task type, or use a different inference_id."
    ),
}

#: About an endpoint that is in use.
FORCE = "force=true deletes it anyway. Whatever uses it then fails."

_STATES = {
    "is_busy": "another update of the endpoint is in progress. Run again when it is complete.",
    "is_referenced": FORCE,
    "is_list_unreadable": "Elasticsearch cannot read one of its endpoints, so it lists none. Delete the endpoint that "
    "the message names.",
    "is_unreadable_state": "Elasticsearch cannot read the stored endpoint. Run again; if the error stays, delete the "
    "endpoint with state=absent and force=true.",
}

_LICENSE = "the license of the cluster must include inference (Enterprise or a trial)."
_PRIVILEGE = "the user or the API key needs the cluster privilege {}."
_GRANTED = r"granted by the (cluster|index) privileges \[([^\],]+)([^\]]*)\]"

_DISK_FULL = (
    "the disk of a node is nearly full, so Elasticsearch made indices read-only. Free disk space; Elasticsearch then "
    "removes the block."
)
_NOT_READY = f"the cluster, or a proxy in front of it, is not ready. {AGAIN}"
_BLOCKS = {
    r"flood-stage|/12/|allow delete": _DISK_FULL,
    r"not recovered|no master|SERVICE_UNAVAILABLE": _NOT_READY,
    r"cluster read-only": "the cluster is read-only. Remove the cluster setting cluster.blocks.read_only.",
    "": "the index is blocked. Remove the block that the message names.",
}

#: What is wrong with the credentials (C(additional_unsuccessful_credentials)).
_UNSUCCESSFUL = {
    r"invalidated": "the Elasticsearch API key was invalidated. Create a new one.",
    r"(?i)api ?key.*expired": "the Elasticsearch API key has expired. Create a new one.",
    r"(?i)token.*expired|expired.*token": "elasticsearch_bearer_token has expired. Request a new one.",
    r"unable to find (?:the )?api ?key": (
        "this cluster has no such API key. Check that elasticsearch_api_key was created in this cluster."
    ),
    r"invalid credentials for API key": "the secret part of elasticsearch_api_key is wrong.",
    r"API key type": "elasticsearch_api_key must be an API key of the type rest.",
}

_ALLOW = "rejects the address that the request came from. Allow the address of the host where the module runs."
#: Responses that no Elasticsearch sends: its API has a type for each error.
_OTHER_WORDS = {
    r"traffic filter": f"a network security policy (traffic filter) of Elastic Cloud {_ALLOW}",
    # Elastic Cloud says no more than this of some of its policies, and gateways of others say the same.
    r"\AForbidden\Z": f"a firewall, or a network security policy (traffic filter) of Elastic Cloud, {_ALLOW}",
    r"Unknown (?:resource|deployment|cluster|project)": (
        "Elastic Cloud knows no deployment of this address. Check elasticsearch_url or elasticsearch_cloud_id."
    ),
}

NO_INFERENCE = (
    "this address knows no inference API: it is not Elasticsearch 8.11 or later, "
    "or elasticsearch_url has a path that does not belong there."
)

_STATUSES = {
    401: "check elasticsearch_username and elasticsearch_password, or elasticsearch_api_key or "
    "elasticsearch_bearer_token.",
    403: "a proxy or a firewall in front of Elasticsearch denied the request. Check what it allows.",
    407: "the proxy requires a login. Put the user name and the password into HTTPS_PROXY or HTTP_PROXY.",
    408: "the request took too long. Increase timeout, or run again later.",
    413: "the request is too large for Elasticsearch, or for a proxy in front of it.",
    429: f"the cluster is busy. {AGAIN}",
    502: f"a proxy in front of Elasticsearch cannot reach it. {AGAIN}",
    503: _NOT_READY,
    504: "a proxy in front of Elasticsearch gave up waiting for it. Run again later, or increase the proxy's timeout.",
}

_FIREWALL_PAGE = (
    "a proxy or a web application firewall in front of Elasticsearch rejected the request. Ask its operators to allow "
    "requests to /_inference."
)
_PAGE = "a proxy or a login page in front of Elasticsearch may have answered; check elasticsearch_url."
_NO_JSON = "check elasticsearch_url and what stands in front of it."
_TLS_PORT = "the server may want https:// on this port."

#: How requests says that a file of certificates, as REQUESTS_CA_BUNDLE may name it, is not there.
NO_CERTIFICATES = "TLS CA certificate bundle"

_UNTRUSTED = (
    "set ca_path to the CA that signed the server's certificate, or ca_fingerprint to the SHA-256 fingerprint of that "
    "certificate or its CA. Unlike ansible.builtin.uri, the module trusts the CAs of certifi, "
    "not those of the machine. To trust those, set ca_path or REQUESTS_CA_BUNDLE to the machine's CA bundle."
)
#: What is in the words of a failed handshake.
_TLS_WORDS = {
    NO_CERTIFICATES: "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE of the environment names it; ca_path would win over it.",
    "NO_CERTIFICATE|NO_START_LINE|PEM": "ca_path, client_cert or client_key is no PEM file with what belongs into it.",
    "KEY_VALUES_MISMATCH": "client_key is not the key of client_cert.",
    "is encrypted": "client_key needs a passphrase, and nobody can be asked for it: store it without one.",
    "ingerprint": "ca_fingerprint is not the SHA-256 fingerprint of a certificate that the server shows.",
    "WRONG_VERSION_NUMBER|record layer": "the server does not speak TLS on this port: is it http:// instead of https://?",
    "[Hh]ostname|IP address|doesn't match|subjectAltName": "the certificate is for another name: use one of its names "
    "in elasticsearch_url.",
    # The checks of X509_V_FLAG_X509_STRICT, which Python 3.13 sets.
    "Key Identifier|[Kk]ey usage|key_usage|keyCertSign|Basic Constraints|[Pp]ath ?length|X509v3"
    "|(?:Issuer|Subject) name empty|Subject Alt": (
        "Python 3.13 and later require certificates to follow RFC 5280. Create the CA with the extension keyUsage, and "
        "the certificates with authorityKeyIdentifier. Or set ca_fingerprint to the SHA-256 fingerprint of the CA, "
        "which is verified without this requirement."
    ),
    "has expired|not yet valid": "renew the server's certificate, or correct the clock of the host where the module "
    "runs.",
    "revoked": "the server's certificate was revoked. Replace it.",
    "CERTIFICATE_VERIFY_FAILED": _UNTRUSTED,
}
_CLIENT_CERTIFICATE = "the server may want a client certificate: client_cert and client_key."


def hint(cause: Cause, privilege: str = "") -> str:
    """Return what to do about an error in the shape of Elasticsearch; empty if there is nothing to add.

    :param privilege: the cluster privilege that the request needs.
    """
    if cause.is_not_found:
        return ""
    return provider_hint(cause) or _server_hint(cause, privilege) or _status_hint(cause)


def _server_hint(cause: Cause, privilege: str) -> str:
    if cause.error_type is None:
        return first_match(_OTHER_WORDS, cause.texts[0])
    if "cluster_block_exception" in cause.types:
        return first_match(_BLOCKS, cause.words)
    if cause.status == 401:
        return first_match(_UNSUCCESSFUL, cause.words)
    if cause.status == 403:
        return _denied_hint(cause, privilege)
    return first_match(_SERVER_WORDS, cause.words) or first_condition(_STATES, cause)


def _denied_hint(cause: Cause, privilege: str) -> str:
    if cause.says("licen[cs]e"):
        return _LICENSE
    if cause.error_type != "security_exception":
        return ""
    granted = re.search(_GRANTED, cause.words)
    if granted is None:
        return _PRIVILEGE.format(privilege) if privilege else "the user or the API key needs another privilege."
    scope, least, more = granted.groups()
    if privilege and privilege in (least, *more.split(",")):
        least = privilege
    return _PRIVILEGE.replace("cluster", scope).format(least)


def _status_hint(cause: Cause) -> str:
    # Without a type: the plain "no handler found", or the error of another product. 8.16 knows no update.
    if cause.status in (400, 404) and cause.error_type is None:
        return "" if cause.path.partition("?")[0].endswith("/_update") else NO_INFERENCE
    if cause.status == 403 and cause.error_type is not None:
        return ""
    return _STATUSES.get(cause.status or 0, "")


def page_hint(status: int, is_page: bool, url: str) -> str:
    """Return what to do about a response that is not JSON, or not as Elasticsearch writes it."""
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
    """Return what to do if nothing took the connection. Without a port in the URL, the port may be the reason."""
    parts = urlsplit(node)
    if parts.port is None and re.search(r"refused|timed out", words):
        port = 443 if parts.scheme == "https" else 80
        return (
            f"check elasticsearch_url: it names no port, so port {port} was tried. Elasticsearch usually listens on "
            "port 9200."
        )
    return "check elasticsearch_url, and that the machine which runs the module may reach it."


PROXY = "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment of the module."
UNSENDABLE = "check elasticsearch_url, and HTTPS_PROXY and HTTP_PROXY in the environment of the module."
TIMED_OUT = "a longer timeout gives the server, which may wait for the provider of the model, more time."
REDIRECTED = "give the final address as elasticsearch_url."
