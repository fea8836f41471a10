# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of the page "Troubleshooting": each message is produced by a run against the simulator.

C(python -m tests.pages.troubles) regenerates the page. A unit test compares the page with the messages.
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
import re
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import requests
import trustme

from ansible_collections.esops.inference.plugins.module_utils._fingerprints import records
from ansible_collections.esops.inference.plugins.module_utils._modules import runner as module
from ansible_collections.esops.inference.plugins.module_utils._reconcile import reconciler as reconcile
from tests.simulator import Fault, Security, Simulator, Tls
from tests.unit.authorities import ca_without_key_usage
from tests.unit.support import DOCUMENTED, FORMER_KEY, ID, KEY, MODEL, endpoint, endpoints, environment, seed

PAGE = Path(__file__).parents[2] / "docs" / "docsite" / "rst" / "troubleshooting.rst"

OTHER_MODEL = {"service_settings": {"api_key": KEY, "model_id": "claude-opus-4-5"}}
NO_KEY = {"service_settings": {"model_id": MODEL}}
RATE_LIMIT = {"rate_limit": {"requests_per_minute": 7}}
WHEN_CHANGED = {"update_secrets": "when_changed"}
LOGIN = {"elasticsearch_username": "ansible", "elasticsearch_password": "a password"}
#: Parts of messages that depend on the host, and their replacements.
HOST_SPECIFIC = (
    (r"\.? \(_ssl\.c:\d+\)", ""),
    (r'got "[0-9a-f]{64}"', 'got "…"'),
    (r"at \w+\.py:\d+", "at …"),
    (re.escape(platform.node()), "es-admin"),
    (re.escape(sys.executable), "/usr/bin/python3"),
)


def link(label: str) -> str:
    """Return a link to a guide, or to one of its sections."""
    return f":ref:`ansible_collections.esops.inference.docsite.{label}`"


def no_endpoint(_server: Simulator) -> None:
    """Leave the server without the endpoint."""


def fault(*arguments: Any, exists: bool = False, **options: Any) -> Callable[[Simulator], None]:
    def arrange(server: Simulator) -> None:
        if exists:
            seed(server)
        server.faults.add(Fault(*arguments, **options))

    return arrange


def in_use(server: Simulator) -> None:
    seed(server)
    server.refer(ID, pipelines=["summaries"], indexes=["articles"])


def eight_endpoints(server: Simulator) -> None:
    for number in range(8):
        seed(server, f"endpoint-{number}")


@contextlib.contextmanager
def certificate(name: str, ca: trustme.CA) -> Iterator[tuple[Tls, str]]:
    """Yield the TLS settings of a server with a certificate for this name, and the path of its CA file."""
    with tempfile.TemporaryDirectory() as folder:
        server, authority = f"{folder}/server.pem", f"{folder}/ca.pem"
        ca.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(server)
        ca.cert_pem.write_to_path(authority)
        yield Tls(server, server), authority


def foreign_record(server: Simulator) -> None:
    seed(server)
    server.seed_document("ansible-inference-fingerprints", ID, {"inference_id": ID, "hash": 5})


def invalidate_in_two_runs(own: records.Fingerprints, secrets: Mapping[str, Any], inference_id: str) -> None:
    invalidate(own, secrets, inference_id)
    invalidate(records.Fingerprints(own._store, own._services), dict.fromkeys(secrets, FORMER_KEY), inference_id)


def in_file(path: str) -> dict[str, str]:
    return {**WHEN_CHANGED, "fingerprint_store": "file", "fingerprint_file": path}


def without_query(session: requests.Session, method: str, url: str, **more: Any) -> requests.Response:
    """Send a request as a proxy does that strips query strings."""
    return send(session, method, url.partition("?")[0], **more)


invalidate, send = records.Fingerprints.invalidate, requests.Session.request


@dataclass(frozen=True)
class Entry:
    """A message with its cause and fix, in the markup of the page.

    :ivar certificate_name: the name in the server certificate, if the server uses TLS.
    :ivar without_key_usage: whether the CA lacks the extension keyUsage, as those of Elasticsearch's tools do.
    :ivar trusts_ca: whether C(ca_path) is set to the CA of the server.
    :ivar url: returns the address that the run uses, from that of the server.
    :ivar patches: arguments of C(mock.patch.object), to simulate another host.
    :ivar fixed_message: a message that Python prints before the module runs, so that no test can produce it.
    :ivar is_list: whether to run C(anthropic_endpoints) with C(options), instead of C(anthropic_endpoint).
    :ivar is_warning: whether the message is the first warning of a successful run.
    """

    title: str
    cause: str
    fix: str
    arrange: Callable[[Simulator], None] = seed
    options: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    certificate_name: str = ""
    without_key_usage: bool = False
    url: Callable[[str], str] = str
    environment: dict[str, str] = field(default_factory=dict)
    patches: tuple[Any, ...] = ()
    trusts_ca: bool = False
    is_list: bool = False
    is_warning: bool = False
    fixed_message: str = ""

    def message(self) -> str:
        """Return the message of the run."""
        if self.fixed_message:
            return self.fixed_message
        with contextlib.ExitStack() as stack:
            tls, authority = None, ""
            if self.certificate_name:
                ca = ca_without_key_usage() if self.without_key_usage else trustme.CA()
                tls, authority = stack.enter_context(certificate(self.certificate_name, ca))
            server = stack.enter_context(Simulator(tls=tls, **self.server))
            stack.enter_context(environment(**self.environment))
            for arguments in self.patches:
                stack.enter_context(mock.patch.object(*arguments))
            self.arrange(server)
            options = {"elasticsearch_url": self.url(server.url), **self.options}
            if self.trusts_ca:
                options["ca_path"] = authority
            if self.is_list:
                run = endpoints(server, **options)
            else:
                run = endpoint(server, **{**DOCUMENTED, "duplicate_model": "allow", **options})
        text = run.warnings[0] if self.is_warning else run["msg"]
        text = re.sub(rf"127\.0\.0\.1:{server.url.rpartition(':')[2]}|localhost:\d+", "es.example.com:9200", text)
        for pattern, replacement in HOST_SPECIFIC:
            text = re.sub(pattern, replacement, text)
        return text

    def rst(self) -> str:
        """Return the entry as a section of the page."""
        return "\n".join(
            (
                f"{self.title}\n{'~' * len(self.title)}\n",
                f".. code-block:: text\n\n{textwrap.indent(_wrap(self.message(), 88), '   ')}\n",
                f"{_wrap(f'**Cause:** {self.cause}', 120)}\n",
                f"{_wrap(f'**Fix:** {self.fix}', 120)}\n",
            )
        )


def _wrap(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def encrypted(url: str) -> str:
    return url.replace("http:", "https:")


def under(path: str) -> Callable[[str], str]:
    return lambda url: url + path


def security(*privileges: str) -> dict[str, Any]:
    return {"security": Security(users={"ansible": ("a password", privileges)})}


SECTIONS: dict[str, tuple[Entry, ...]] = {
    "Invalid options": (
        Entry(
            "Missing Python library requests",
            "The Python that runs the module does not have the library ``requests``. This Python, which the message "
            "names, can differ from the one that runs ``ansible-playbook``.",
            "Install ``requests`` for that Python. Or run the task with ``connection: local`` and "
            '``ansible_python_interpreter: "{{ ansible_playbook_python }}"``.',
            patches=((module, "REQUESTS_IMPORT_ERROR", ImportError()),),
        ),
        Entry(
            "Unsupported Python version",
            "The module runs with Python 3.6, which cannot import the collection. The host where the module runs needs "
            "Python 3.8 or later.",
            "Set ``ansible_python_interpreter`` to a later Python, or run the task with ``connection: local``.",
            fixed_message="SyntaxError: future feature annotations is not defined",
        ),
        Entry(
            "No cluster address",
            "Neither the task nor the environment sets the address of the cluster. Environment variables are read on "
            "the host where the module runs.",
            "Set ``elasticsearch_url`` or ``elasticsearch_cloud_id`` in the task, in ``module_defaults``, or in the "
            "environment. For the role, set ``anthropic_elasticsearch_url``.",
            options={"elasticsearch_url": []},
        ),
        Entry(
            "Invalid URL",
            "The address has no scheme.",
            "Add ``https://`` or ``http://``, and the port if it is not the default port of the scheme.",
            url=lambda _url: "es.example.com:9200",
        ),
        Entry(
            "Credentials in the URL",
            "The address contains a user name or a password, and addresses are not hidden in messages and logs.",
            "Remove the credentials from the address. Set them as options.",
            url=lambda _url: "https://ansible:secret@es.example.com:9200",
        ),
        Entry(
            "Conflicting credentials",
            "Two ways to authenticate are set in the same place.",
            "Remove one of them. An option of the task takes precedence over the environment.",
            options={**LOGIN, "elasticsearch_api_key": "id:secret"},
        ),
        Entry(
            "Incomplete credentials",
            "Only one of the user name and the password has a value. The other is often an undefined vault variable or "
            "an empty survey field.",
            "Set both, or use an API key.",
            options={"elasticsearch_username": "ansible"},
        ),
        Entry(
            "Whitespace in an Elasticsearch credential",
            "The value was often read from a file and includes the line end.",
            "Read the file with ``{{ lookup('ansible.builtin.file', path) }}``, which removes the line end. Or add the "
            "filter ``trim``.",
            options={"elasticsearch_api_key": "id:secret\n"},
        ),
        Entry(
            "API key with its scheme",
            "The value is that of an ``Authorization`` header, which begins with ``ApiKey``.",
            "Set only the value that Elasticsearch returns as ``encoded`` when it creates the API key.",
            options={"elasticsearch_api_key": "ApiKey VnVhQ2ZHY0JDZGJrU"},
        ),
        Entry(
            "Number as inference_id",
            "YAML reads ``0123`` as 83, and ``12:30:00`` as 45000.",
            "Quote the ID.",
            options={"inference_id": 83},
        ),
        Entry(
            "Setting of a newer Elasticsearch",
            "The list contains a setting that this version of the collection does not support. ``endpoint_info`` "
            "returns all settings that the cluster stores.",
            "Remove the setting from the list, or upgrade the collection.",
            options={
                "endpoints": [{"inference_id": "answers", "task_settings": {"max_tokens": 1024, "new_setting": True}}]
            },
            is_list=True,
        ),
        Entry(
            "Empty Anthropic API key",
            "The key comes from a variable without a value, or from a lookup of an environment variable that is not "
            "set on the host of ``ansible-playbook``.",
            "Set the variable. In a shell, also export it.",
            options={"service_settings": {"api_key": "", "model_id": MODEL}},
        ),
        Entry(
            "Whitespace in the Anthropic API key",
            "The value was often read from a file and includes the line end.",
            "Read the file with ``{{ lookup('ansible.builtin.file', path) }}``, or add the filter ``trim``.",
            options={"service_settings": {"api_key": KEY + "\n", "model_id": MODEL}},
        ),
        Entry(
            "CA file not found",
            "The path is resolved on the host where the module runs, and the file does not exist there or is not "
            "readable.",
            "Copy the file to that host, or run the task with ``connection: local``.",
            options={"ca_path": "/etc/ssl/elasticsearch-ca.pem"},
        ),
        Entry(
            "Invalid inference_id",
            "The ID contains characters that Elasticsearch does not accept, such as spaces or uppercase letters.",
            "Use lowercase letters, digits, hyphens, underscores, and dots. Begin and end with a letter or a digit.",
            options={"inference_id": "Support Answers"},
        ),
        Entry(
            "Several invalid options",
            "More than one option is invalid. The message lists all of them, and no request was sent.",
            "Correct each option that the message lists.",
            options={"task_settings": {"max_tokens": 0, "top_k": -1}, "timeout": 0},
        ),
        Entry(
            "Unsupported option",
            "The option is misspelled, or it is a setting outside its group.",
            "Compare the name with the list in the message. Put ``max_tokens``, for example, in ``task_settings``.",
            options={"max_tokens": 1024},
        ),
        Entry(
            "update_secrets without an API key",
            "``update_secrets: always`` sends the Anthropic API key and ``when_changed`` compares it, but no key is "
            "set.",
            "Set ``service_settings.api_key``, or remove ``update_secrets``.",
            options={**NO_KEY, "update_secrets": "always"},
        ),
        Entry(
            "Fingerprint file not set",
            "``fingerprint_store: file`` requires the path of a file.",
            "Set ``fingerprint_file``. Its directory must exist on the host where the module runs.",
            options={**WHEN_CHANGED, "fingerprint_store": "file"},
        ),
        Entry(
            "Invalid index name",
            "The name contains characters that Elasticsearch does not accept in index names. Elasticsearch has further "
            "rules. If it rejects a name, the module fails before it changes anything.",
            "Use a name of lowercase letters, digits, hyphens, underscores, and dots.",
            options={**WHEN_CHANGED, "fingerprint_index": "Fingerprints"},
        ),
        Entry(
            "Duplicate inference_id",
            "The list contains the ID more than once, often because two lists were combined. The positions in the "
            "message count from 0.",
            "Remove the duplicates.",
            options={"endpoints": [{"inference_id": "answers"}, {"inference_id": "answers"}]},
            is_list=True,
        ),
        Entry(
            "Purge with an empty list",
            "The list is empty, often by mistake. With ``purge: true`` the run would remove every endpoint of the "
            "service.",
            "List the endpoints to keep.",
            options={"endpoints": [], "purge": True},
            is_list=True,
        ),
    ),
    "Connection": (
        Entry(
            "Connection refused",
            "No process listens on this address, or a firewall rejects the connection.",
            "Check the address from the host where the module runs, for example with "
            "``curl https://es.example.com:9200``. This is the managed host, unless the task runs locally.",
            arrange=lambda server: server.stop(),
        ),
        Entry(
            "Proxy error",
            "The environment of the module sets a proxy, and the proxy did not forward the request.",
            f"Correct the proxy settings, or add the cluster to ``NO_PROXY``. See {link('connect.proxies')}.",
            environment={"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""},
        ),
        Entry(
            "Request timeout",
            "Elasticsearch did not respond in time. It calls Anthropic when it creates or updates an endpoint, which "
            "can take longer. After a failed write, the module reads the endpoint again before it fails.",
            "Increase ``timeout``. The module also asks Elasticsearch to wait slightly less than this time for "
            "Anthropic, if the version supports it.",
            arrange=fault("slow", seconds=1, times=9),
            options={"timeout": 0.2},
        ),
        Entry(
            "Connection lost",
            "The server or a proxy closes the connection. Often the server uses TLS on this port, but the address "
            "begins with ``http://``. After a failed write, the module reads the endpoint again before it fails.",
            "Use ``https://``. If the error remains, check the proxies between the module and the cluster.",
            arrange=fault("reset_before", times=9),
        ),
        Entry(
            "Redirect",
            "The server redirects to another address. The module does not follow redirects, because a redirected "
            "``PUT`` becomes a ``GET``.",
            "Set ``elasticsearch_url`` to the address in the message.",
            arrange=fault("redirect"),
        ),
        Entry(
            "HTML response",
            "A proxy, a load balancer, or a login page responds instead of Elasticsearch.",
            "Set ``elasticsearch_url`` to an address at which Elasticsearch responds.",
            arrange=fault("html_before"),
        ),
        Entry(
            "Inference API not found",
            "The address is not that of Elasticsearch. It can be that of Kibana or another product, or its path can be "
            "wrong.",
            "Correct ``elasticsearch_url``.",
            url=under("/kibana"),
        ),
        Entry(
            "Cluster overloaded",
            "The cluster rejected the request as often as ``retries`` allows.",
            "Run the playbook again later, or increase ``retries``.",
            arrange=fault("status", status=429, times=9),
            options={"retries": 1},
        ),
    ),
    "TLS": (
        Entry(
            "Untrusted CA",
            "The CA that signed the server certificate is not in the list of CAs that the module trusts.",
            f"Set ``ca_path`` or ``ca_fingerprint``. See {link('connect.tls')}.",
            certificate_name="127.0.0.1",
        ),
        Entry(
            "CA without keyUsage (Python 3.13)",
            "Python 3.13 and later reject CA certificates without the extension keyUsage. Elasticsearch's own tools "
            "create such CAs.",
            "Set ``ca_fingerprint`` to the fingerprint of the CA, or create a CA with keyUsage.",
            certificate_name="127.0.0.1",
            without_key_usage=True,
            url=encrypted,
            trusts_ca=True,
        ),
        Entry(
            "Host name mismatch",
            "The server certificate is not valid for the host name or IP address in ``elasticsearch_url``.",
            "Use an address that the certificate contains, or issue a certificate for the address.",
            certificate_name="es1.example.com",
            arrange=no_endpoint,
            trusts_ca=True,
        ),
        Entry(
            "Fingerprint mismatch",
            "The certificate was renewed, or another server responds at this address.",
            "Find out which of the two applies. Update ``ca_fingerprint`` only if the certificate was renewed.",
            certificate_name="127.0.0.1",
            options={"ca_fingerprint": "00" * 32},
        ),
        Entry(
            "TLS on a plain HTTP port",
            "The server uses plain HTTP on this port, but the address begins with ``https://``.",
            "Use ``http://``, or enable TLS on the cluster.",
            url=encrypted,
        ),
    ),
    "Authentication, privileges, license": (
        Entry(
            "Missing or invalid credentials (401)",
            "The credentials are missing, wrong, or expired.",
            f"Set valid credentials. See {link('connect')}.",
            server=security("manage_inference"),
        ),
        Entry(
            "Invalid Elasticsearch API key (401)",
            "The Elasticsearch API key was invalidated or expired. Elasticsearch gives the reason in "
            "``additional_unsuccessful_credentials``.",
            f"Create a new Elasticsearch API key. See {link('privileges')}.",
            server=security("manage_inference"),
            arrange=fault(
                "status",
                status=401,
                message="unable to authenticate with provided credentials: API key [VuaCfGcBCdbk] has been invalidated",
            ),
            options=LOGIN,
        ),
        Entry(
            "Missing privilege (403)",
            "The user or the Elasticsearch API key does not have the privilege that the hint names.",
            f"Grant the privilege. See {link('privileges')}.",
            arrange=no_endpoint,
            options=LOGIN,
            server=security("monitor_inference"),
        ),
        Entry(
            "License does not include inference (403)",
            "The license of the cluster does not include the inference API. ``GET /_license`` returns the license.",
            "Use an Enterprise license, or start a trial.",
            arrange=no_endpoint,
            server={"licensed": False},
        ),
        Entry(
            "Version unknown (warning)",
            "The credentials do not have the cluster privilege ``monitor``, so the module cannot read the version of "
            "Elasticsearch. It still compares the response with the declared settings.",
            "Grant ``monitor``, or ignore the warning.",
            options={**LOGIN, "task_settings": {"max_tokens": 2048}},
            server=security("manage_inference"),
            is_warning=True,
        ),
    ),
    "API key fingerprints": (
        Entry(
            "Missing privilege on the fingerprint index (403)",
            "``update_secrets: when_changed`` stores fingerprints in an index, and the credentials cannot access it.",
            f"Grant the privilege. See {link('privileges')}.",
            options={**LOGIN, **WHEN_CHANGED},
            server=security("manage_inference", "monitor"),
        ),
        Entry(
            "Fingerprint index read-only (403)",
            "The index is blocked for writes. Elasticsearch blocks an index if a disk is full. Users can also block "
            "it. Nothing was changed.",
            "Remove the block, and run the playbook again.",
            arrange=fault("write_blocked", match="^PUT /ansible-inference-fingerprints/_doc/", exists=True),
            options=WHEN_CHANGED,
        ),
        Entry(
            "Unrecognized fingerprint",
            "Another program writes to this index or file, or a user changed it. Nothing was changed.",
            "Use a different index or file. If only this collection uses it, delete the record of the endpoint. The "
            "next run then sends the key once.",
            arrange=foreign_record,
            options=WHEN_CHANGED,
        ),
        Entry(
            "Fingerprint not saved",
            "The endpoint has the new API key. Only the last write of its fingerprint failed. The beginning of the "
            "message gives the reason.",
            "Fix that reason, and run the playbook again.",
            arrange=fault("write_blocked", match="^PUT /ansible-inference-fingerprints/_doc/", at=7, exists=True),
            options=WHEN_CHANGED,
        ),
        Entry(
            "Concurrent key changes",
            "Two runs set the API key of the endpoint at the same time. It is unknown which key the endpoint has.",
            "Run the playbook again with the correct key. Do not let two jobs manage the same endpoints at the same "
            "time.",
            options=WHEN_CHANGED,
            patches=((records.Fingerprints, "invalidate", invalidate_in_two_runs),),
        ),
        Entry(
            "Directory of the fingerprint file not found",
            "The path is resolved on the host where the module runs, and its directory does not exist there.",
            "Create the directory on that host.",
            options=in_file("/var/lib/no-such-directory/fingerprints.json"),
        ),
        Entry(
            "Fingerprint file not usable",
            "The operating system rejected the access. The end of the message gives the reason, such as a directory at "
            "this path, a missing permission, or a full disk.",
            "Fix that reason, or set ``fingerprint_file`` to a different path.",
            options=in_file("/etc"),
        ),
        Entry(
            "Not a fingerprint file",
            "The file exists and has other contents. The module did not change it.",
            "Set ``fingerprint_file`` to a different path, or delete the file. The next run then sends the keys once.",
            options=in_file("/etc/hosts"),
        ),
        Entry(
            "Cluster UUID unavailable",
            "The fingerprint file identifies clusters by their UUID. Reading the UUID requires the cluster privilege "
            "``monitor``.",
            "Grant ``monitor``, or use ``fingerprint_store: index``.",
            options={**LOGIN, **in_file("/tmp/fingerprints.json")},
            server=security("manage_inference"),
        ),
        Entry(
            "scrypt not available (FIPS)",
            "The OpenSSL library of this Python does not provide scrypt, for example in FIPS mode.",
            "Run the module with another Python. Or use ``update_secrets: always`` in the run that changes the key.",
            options=WHEN_CHANGED,
            patches=((hashlib, "scrypt", mock.Mock(side_effect=ValueError("disabled for FIPS"))),),
        ),
    ),
    "Rejected settings": (
        Entry(
            "Anthropic rejects the API key",
            "Elasticsearch tested the Anthropic API key with a request to Anthropic, and quotes the response. Nothing "
            "was stored.",
            "Set a valid key as ``service_settings.api_key``.",
            arrange=no_endpoint,
            server={"refused_keys": [KEY]},
        ),
        Entry(
            "Anthropic does not offer the model",
            "Anthropic does not offer a model of this name to your account. Nothing was stored.",
            "Set ``model_id`` to a name from Anthropic's documentation, such as ``claude-sonnet-4-5``.",
            arrange=no_endpoint,
            server={"refused_models": [MODEL]},
        ),
        Entry(
            "Anthropic is overloaded",
            "Anthropic returned the same temporary error as often as ``retries`` allows.",
            "Run the playbook again later, or increase ``retries``.",
            arrange=fault("provider_refusal", status=529, times=9, match="PUT"),
        ),
        Entry(
            "No credit",
            "The organization that owns the Anthropic API key has no credit left.",
            "Check the plan and billing of the organization at Anthropic.",
            arrange=fault(
                "provider_refusal",
                status=400,
                message="Your credit balance is too low to access the Anthropic API.",
                match="PUT",
            ),
        ),
        Entry(
            "Setting not supported by this version",
            "The cluster is older than the setting.",
            f"Remove the setting, or upgrade the cluster. See {link('compatibility')}.",
            arrange=no_endpoint,
            options={"service_settings": {"api_key": KEY, "model_id": MODEL, "url": "https://gateway.example.com/v1"}},
            server={"version": "9.3"},
        ),
        Entry(
            "Task type not supported by this version",
            "The cluster is older than the task type.",
            f"Use another task type, or upgrade the cluster. See {link('compatibility')}.",
            arrange=no_endpoint,
            options={"task_type": "chat_completion"},
            server={"version": "9.3"},
        ),
        Entry(
            "Chunking not supported",
            "The API documentation lists ``chunking_settings``, but no version of Elasticsearch accepts them for this "
            "service.",
            "Remove ``chunking_settings``.",
            arrange=no_endpoint,
            options={"chunking_settings": {"strategy": "sentence"}},
        ),
    ),
    "Refused changes": (
        Entry(
            "Missing settings for a new endpoint",
            "No endpoint with this ID exists, and the task does not set everything that a new endpoint requires.",
            "If the endpoint should exist, check the ID and the address of the cluster. Otherwise, set the required "
            "settings.",
            arrange=no_endpoint,
            options=NO_KEY,
        ),
        Entry(
            "Setting cannot be updated",
            "No version of Elasticsearch can update this setting in place.",
            "Declare the current value, or set ``allow_recreate: true`` to delete and re-create the endpoint. See "
            f"{link('how_changes_are_planned')}.",
            options=OTHER_MODEL,
        ),
        Entry(
            "Setting cannot be updated on this version",
            "This version of Elasticsearch returned 200, but ignored the setting.",
            "Declare the current value, set ``allow_recreate: true``, or upgrade the cluster.",
            options={"service_settings": {"api_key": KEY, "model_id": MODEL, **RATE_LIMIT}},
            server={"version": "9.3"},
        ),
        Entry(
            "Updating requires the API key on this version",
            "This version of Elasticsearch requires the Anthropic API key in each update of service settings.",
            "Also set ``service_settings.api_key``.",
            options={"service_settings": {"model_id": MODEL, **RATE_LIMIT}},
            server={"version": "9.3"},
        ),
        Entry(
            "Re-creating requires the API key",
            "Elasticsearch does not return the Anthropic API key, so the module cannot copy it to the new endpoint.",
            "Set ``service_settings.api_key``.",
            options={"service_settings": {"model_id": "claude-opus-4-5"}, "allow_recreate": True},
        ),
        Entry(
            "Endpoint in use (re-create)",
            "Pipelines or indices use the endpoint. They fail while it does not exist.",
            "Set ``force: true`` if you accept that.",
            arrange=in_use,
            options={**OTHER_MODEL, "allow_recreate": True},
        ),
        Entry(
            "Query strings are stripped",
            "A proxy removes query strings. The module sends a delete request with ``?dry_run=true`` to find the "
            "pipelines and indices that use an endpoint. Without the query string, this request would delete the "
            "endpoint. The module tested the proxy with a read first, and deleted nothing.",
            "Reconfigure the proxy, or connect directly to a node.",
            options={**OTHER_MODEL, "allow_recreate": True},
            patches=((requests.Session, "request", without_query),),
        ),
        Entry(
            "Endpoint in use (delete)",
            "Pipelines or indices use the endpoint.",
            "Change them to use another endpoint first. Or set ``force: true`` to delete the endpoint anyway.",
            arrange=in_use,
            options={"state": "absent"},
        ),
        Entry(
            "Unreadable endpoint",
            "Elasticsearch stores an endpoint that it cannot read itself.",
            "Set ``force: true`` with ``state: absent`` to delete the endpoint. Set ``force: true`` with "
            "``allow_recreate: true`` to re-create it. Until it is re-created, Kibana connectors and other clients of "
            "the endpoint fail.",
            arrange=lambda server: server.seed(ID, service="anthropic", state="unparsable"),
            options={"state": "absent"},
        ),
        Entry(
            "Incomplete endpoint",
            "An earlier request to create the endpoint failed halfway. On Elasticsearch before 9.3 this can leave its "
            "secrets stored without settings.",
            "Use a different ``inference_id``, or contact Elastic support.",
            arrange=lambda server: server.seed(ID, state="no_settings"),
        ),
        Entry(
            "Concurrent update (409)",
            "Another client updates the endpoint at the same time. ``force`` has no effect on this.",
            "Run the playbook again.",
            arrange=fault("busy", match="DELETE", times=9, exists=True),
            options={"state": "absent"},
        ),
        Entry(
            "Endpoint of another service",
            "An endpoint of another service has this ID. The module never changes or deletes it.",
            "Use a different ``inference_id``.",
            arrange=lambda server: server.seed(ID, service="openai", service_settings={"model_id": "gpt"}),
        ),
        Entry(
            "Duplicate model (warning or failure)",
            "Another endpoint already uses the same model for the same task type. This is a warning by default, with "
            "``duplicate_model: warn``. With ``fail`` the module fails.",
            "Use the existing endpoint, or set ``duplicate_model: allow``.",
            arrange=lambda server: seed(server, "older"),
            options={"duplicate_model": "warn"},
            is_warning=True,
        ),
        Entry(
            "Endpoint list unavailable (warning)",
            "Elasticsearch cannot read an endpoint of another service, so it lists no endpoints at all. This happens, "
            "for example, after machine learning was disabled. Only ``purge`` requires the complete list.",
            "Repair or delete the endpoint that the message names.",
            arrange=lambda server: server.seed(".elser-2-elasticsearch", state="unparsable"),
            options={"duplicate_model": "warn"},
            is_warning=True,
        ),
        Entry(
            "Purge without the endpoint list",
            "Elasticsearch cannot list the endpoints, so the module cannot determine which ones to remove.",
            "Repair or delete the endpoint that the message names, or run without ``purge``.",
            arrange=lambda server: server.seed(".elser-2-elasticsearch", state="unparsable"),
            options={"endpoints": [{"inference_id": "answers"}], "purge": True},
            is_list=True,
        ),
        Entry(
            "Purge limit exceeded",
            "The run would remove more endpoints than ``purge_max`` allows. Often the list is incomplete.",
            "Add the missing endpoints to the list. If all of them should be removed, set ``purge_max`` to the number "
            "in the message.",
            arrange=eight_endpoints,
            options={"endpoints": [{"inference_id": "endpoint-0"}], "purge": True},
            is_list=True,
        ),
    ),
    "Partial failures": (
        Entry(
            "Some endpoints failed",
            "The module processed all endpoints of the list. Those that the message does not name are up to date.",
            "Fix the reason for each endpoint in the message. ``results`` contains every endpoint, with the error in "
            "``failure``.",
            arrange=lambda server: (seed(server, "answers"), seed(server, "letters")),
            options={
                "endpoints": [
                    {"inference_id": "answers", "task_settings": {"max_tokens": 2048}},
                    {"inference_id": "letters", **OTHER_MODEL},
                ]
            },
            is_list=True,
        ),
        Entry(
            "Request was retried (warning)",
            "A request failed with a temporary error, and a retry succeeded.",
            "Ignore a single warning. If it is frequent, check the cluster and the network.",
            arrange=fault("status", status=503, exists=True),
            options={"retries": 1},
            is_warning=True,
        ),
        Entry(
            "Re-create failed, settings restored",
            "The module deleted the endpoint and could not create it with the new settings. It restored the previous "
            "settings, with the declared API key, because the previous key is unknown.",
            "Fix the reason in the message, and run the playbook again.",
            arrange=fault("provider_refusal", match=rf"PUT .*/{ID}\?", exists=True),
            options={**OTHER_MODEL, "allow_recreate": True},
        ),
        Entry(
            "Re-create failed, endpoint lost",
            "The module deleted the endpoint, and Anthropic rejected both the new and the previous settings. The "
            "endpoint does not exist. The message lists all its settings, and the temporary endpoint keeps them.",
            "Fix the reason in the message, and run the playbook again. The next run restores the undeclared settings "
            "from the temporary endpoint.",
            arrange=fault("provider_refusal", match=rf"PUT .*/{ID}\?", times=2, exists=True),
            options={**OTHER_MODEL, "allow_recreate": True},
        ),
        Entry(
            "Settings carried over (warning)",
            "An earlier run was killed while it re-created the endpoint. Its temporary endpoint contained settings "
            "that the task does not declare. This run used them.",
            "Check the settings that the message names.",
            arrange=lambda server: seed(server, f"{ID}-ansible-preflight", temperature=0.5),
            is_warning=True,
        ),
        Entry(
            "Internal error",
            "The collection has a bug. The endpoint may or may not have been changed.",
            "`Report the bug <https://github.com/esops/ansible-inference/issues>`__ with the message and the options "
            "of the task, without secrets.",
            patches=((reconcile.Reconciler, "reconcile", mock.Mock(side_effect=RuntimeError("unexpected"))),),
        ),
    ),
}


def page() -> str:
    """Return the page with the messages of the runs."""
    parts = [_HEAD]
    for title, entries in SECTIONS.items():
        parts.append(f"{title}\n{'-' * len(title)}\n")
        parts.extend(entry.rst() for entry in entries)
    return "\n".join(parts)


_HEAD = """..
  Copyright: (c) 2026, esops.inference contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

  Generated by python -m tests.pages.troubles. Each message is the output of a run.

.. _ansible_collections.esops.inference.docsite.troubleshooting:

Troubleshooting
===============

Search this page for some words of your message. Each message is the output of a run against a simulated cluster, except
the one about Python 3.6.

If a message is about a request, it begins with the request. If a fix is known, the message ends with it, after *Hint*.
Playbooks can test the parts of an error in ``failure``: ``status``, ``type``, ``reason``, ``method``, and ``path``.

``changed``, ``action``, and ``endpoint`` report what a run did before it failed.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
