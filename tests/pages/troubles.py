# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of the page "Troubleshooting", each of them said by a run against the simulator.

C(python -m tests.pages.troubles) writes the page anew; a test holds it against what runs say.
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
#: What runs say that is another thing on each machine.
VARIES = (
    (r"\.? \(_ssl\.c:\d+\)", ""),
    (r'got "[0-9a-f]{64}"', 'got "…"'),
    (r"at \w+\.py:\d+", "at …"),
    (re.escape(platform.node()), "es-admin"),
    (re.escape(sys.executable), "/usr/bin/python3"),
)


def none_yet(_server: Simulator) -> None:
    """The endpoint is not there."""


def fault(*arguments: Any, exists: bool = False, **options: Any) -> Callable[[Simulator], None]:
    def arrange(server: Simulator) -> None:
        if exists:
            seed(server)
        server.faults.add(Fault(*arguments, **options))

    return arrange


def in_use(server: Simulator) -> None:
    seed(server)
    server.refer(ID, pipelines=["summaries"], indexes=["articles"])


def many(server: Simulator) -> None:
    for number in range(8):
        seed(server, f"endpoint-{number}")


@contextlib.contextmanager
def certificate(name: str, ca: trustme.CA) -> Iterator[tuple[Tls, str]]:
    """A server's certificate for this name, as the simulator takes it, and the file of its CA."""
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
    """What a proxy makes of a request that takes queries away."""
    return send(session, method, url.partition("?")[0], **more)


invalidate, send = records.Fingerprints.invalidate, requests.Session.request


@dataclass(frozen=True)
class Trouble:
    """A message, and what to do about it.

    :ivar remedy: for people, in the markup of the page.
    :ivar certified: the name in the server's certificate, if it speaks TLS.
    :ivar without_key_usage: whether its CA is one as Elasticsearch's own tools create it.
    :ivar url: where the run looks for the server, given its address.
    :ivar patched: what is otherwise than on this machine.
    :ivar said: a message that Python says in place of the module, so that no run of the tests can say it.
    :ivar listed: whether a list of endpoints is declared; C(options) are those of anthropic_endpoints then.
    """

    heading: str
    remedy: str
    arrange: Callable[[Simulator], None] = seed
    options: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    certified: str = ""
    without_key_usage: bool = False
    url: Callable[[str], str] = str
    variables: dict[str, str] = field(default_factory=dict)
    patched: tuple[Any, ...] = ()
    named_ca: bool = False
    listed: bool = False
    warns: bool = False
    said: str = ""

    def message(self) -> str:
        """What the run says."""
        if self.said:
            return self.said
        with contextlib.ExitStack() as stack:
            tls, authority = None, ""
            if self.certified:
                ca = ca_without_key_usage() if self.without_key_usage else trustme.CA()
                tls, authority = stack.enter_context(certificate(self.certified, ca))
            server = stack.enter_context(Simulator(tls=tls, **self.server))
            stack.enter_context(environment(**self.variables))
            for arguments in self.patched:
                stack.enter_context(mock.patch.object(*arguments))
            self.arrange(server)
            given = {"elasticsearch_url": self.url(server.url), **self.options}
            if self.named_ca:
                given["ca_path"] = authority
            if self.listed:
                run = endpoints(server, **given)
            else:
                run = endpoint(server, **{**DOCUMENTED, "duplicate_model": "allow", **given})
        said = run.warnings[0] if self.warns else run["msg"]
        said = re.sub(rf"127\.0\.0\.1:{server.url.rpartition(':')[2]}|localhost:\d+", "es.example.com:9200", said)
        for pattern, instead in VARIES:
            said = re.sub(pattern, instead, said)
        return said


def encrypted(url: str) -> str:
    return url.replace("http:", "https:")


def under(path: str) -> Callable[[str], str]:
    return lambda url: url + path


def security(*privileges: str) -> dict[str, Any]:
    return {"security": Security(users={"ansible": ("a password", privileges)})}


SECTIONS: dict[str, tuple[Trouble, ...]] = {
    "Before any request": (
        Trouble(
            "requests is missing",
            "The Python that runs the module lacks ``requests``. The message names it, and it need not be the one of "
            "``ansible-playbook``. Install ``requests`` there, or run the task with ``connection: local`` and "
            '``ansible_python_interpreter: "{{ ansible_playbook_python }}"``.',
            patched=((module, "REQUESTS_IMPORT_ERROR", ImportError()),),
        ),
        Trouble(
            "A Python that is too old",
            "Python 3.6 says this of every module of the collection. The host where the module runs needs Python 3.8 "
            "or later: set ``ansible_python_interpreter``, or run the task with ``connection: local``.",
            said="SyntaxError: future feature annotations is not defined",
        ),
        Trouble(
            "No address",
            "Name the cluster in the task, in ``module_defaults``, or in the environment. The variable has to be set "
            "on the machine where the module runs. The role takes ``anthropic_elasticsearch_url``.",
            options={"elasticsearch_url": []},
        ),
        Trouble(
            "An address that is none",
            "Write the scheme and, where it is not that of the scheme, the port.",
            url=lambda _url: "es.example.com:9200",
        ),
        Trouble(
            "A password in the address",
            "It would be shown wherever the address is.",
            url=lambda _url: "https://ansible:secret@es.example.com:9200",
        ),
        Trouble(
            "Two ways to say who asks",
            "Remove one of them. One in the task wins over another in the environment, but here both stand in the same "
            "place.",
            options={**LOGIN, "elasticsearch_api_key": "id:secret"},
        ),
        Trouble(
            "Half a login",
            "Often a variable of a vault that is not defined where the task runs, or an empty field of a form.",
            options={"elasticsearch_username": "ansible"},
        ),
        Trouble(
            "A line end in a key",
            "Mostly the end of the line of a file. ``{{ lookup('ansible.builtin.file', path) }}`` takes it away, "
            "``| trim`` does it elsewhere.",
            options={"elasticsearch_api_key": "id:secret\n"},
        ),
        Trouble(
            "An API key with its scheme",
            "Elasticsearch returns ``encoded`` when it creates an API key. Set that value alone.",
            options={"elasticsearch_api_key": "ApiKey VnVhQ2ZHY0JDZGJrU"},
        ),
        Trouble(
            "An ID that YAML reads as a number",
            "YAML reads ``0123`` as 83, and ``12:30:00`` as 45000. Quotation marks keep the text.",
            options={"inference_id": 83},
        ),
        Trouble(
            "A setting that only newer servers know",
            "``endpoint_info`` returns what the cluster stores. Remove the setting, or upgrade the collection.",
            options={
                "endpoints": [{"inference_id": "answers", "task_settings": {"max_tokens": 1024, "new_setting": True}}]
            },
            listed=True,
        ),
        Trouble(
            "White space in the key of Anthropic",
            "The same, for the key within the endpoint.",
            options={"service_settings": {"api_key": KEY + "\n", "model_id": MODEL}},
        ),
        Trouble(
            "A file of certificates is not there",
            "The path counts on the machine where the module runs. Copy the file there, or run the task locally.",
            options={"ca_path": "/etc/ssl/elasticsearch-ca.pem"},
        ),
        Trouble(
            "An id that is none",
            "The rule is that of the server.",
            options={"inference_id": "Support Answers"},
        ),
        Trouble(
            "Several mistakes",
            "All are told at once, and nothing was sent.",
            options={"task_settings": {"max_tokens": 0, "top_k": -1}, "timeout": 0},
        ),
        Trouble(
            "An option that is none",
            "Mostly a setting outside of its group, as here ``max_tokens``, which belongs into ``task_settings``.",
            options={"max_tokens": 1024},
        ),
        Trouble(
            "update_secrets without a key",
            "``always`` sends the key, and ``when_changed`` compares it, so there has to be one.",
            options={**NO_KEY, "update_secrets": "always"},
        ),
        Trouble(
            "No file for the fingerprints",
            "With ``fingerprint_store: file`` the file has to be named. Its directory has to be there.",
            options={**WHEN_CHANGED, "fingerprint_store": "file"},
        ),
        Trouble(
            "A name that no index has",
            "The server has more rules than these. A name that it does not take fails before anything is changed.",
            options={**WHEN_CHANGED, "fingerprint_index": "Fingerprints"},
        ),
        Trouble(
            "An id twice",
            "Count from 0. Often two lists that were joined have it in common.",
            options={"endpoints": [{"inference_id": "answers"}, {"inference_id": "answers"}]},
            listed=True,
        ),
        Trouble(
            "A purge without a list",
            "A list that came out empty by mistake does not remove everything.",
            options={"endpoints": [], "purge": True},
            listed=True,
        ),
    ),
    "The cluster cannot be reached": (
        Trouble(
            "Connection refused",
            "Nothing listens there, or a firewall refuses it. Look from the machine where the module runs, which is "
            "the managed host unless the task runs locally: ``curl https://es.example.com:9200``.",
            arrange=lambda server: server.stop(),
        ),
        Trouble(
            "The proxy refuses",
            "The environment of the module names a proxy. ``NO_PROXY`` takes addresses out.",
            variables={"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""},
        ),
        Trouble(
            "No answer in time",
            "Elasticsearch waits for Anthropic when an endpoint is created or changed. The module tells it to wait a "
            "little less than ``timeout``, if the version knows how. After a write the endpoint is read again before "
            "this message.",
            arrange=fault("slow", seconds=1, times=9),
            options={"timeout": 0.2},
        ),
        Trouble(
            "Connection lost",
            "Something closes the connection: mostly the server speaks TLS on this port, and the address has ``http``. "
            "After a write the endpoint is read again, so that this message comes only where that fails, too.",
            arrange=fault("reset_before", times=9),
        ),
        Trouble(
            "A redirect",
            "Redirects are not followed: a redirected ``PUT`` turns into a ``GET``. Give the address it points to.",
            arrange=fault("redirect"),
        ),
        Trouble(
            "A page in place of an answer",
            "A proxy, a load balancer or the page of a login answers in place of Elasticsearch.",
            arrange=fault("html_before"),
        ),
        Trouble(
            "No inference API",
            "The address is not that of Elasticsearch: a path too much, Kibana, or another product.",
            url=under("/kibana"),
        ),
        Trouble(
            "The cluster is busy",
            "It was asked again as often as ``retries`` says, and stayed busy.",
            arrange=fault("status", status=429, times=9),
            options={"retries": 1},
        ),
    ),
    "TLS": (
        Trouble(
            "The CA is not known",
            "``ca_path`` or ``ca_fingerprint``: see :ref:`ansible_collections.esops.inference.docsite.connect.tls`.",
            certified="127.0.0.1",
        ),
        Trouble(
            "A CA that Python 3.13 rejects",
            "Elasticsearch's own tools create such a CA. Trust it by its fingerprint, or create a CA with keyUsage.",
            certified="127.0.0.1",
            without_key_usage=True,
            url=encrypted,
            named_ca=True,
        ),
        Trouble(
            "The name is not in the certificate",
            "Use an address that the certificate is for, or have one made for the address.",
            certified="es1.example.com",
            arrange=none_yet,
            named_ca=True,
        ),
        Trouble(
            "Another fingerprint",
            "The certificate was renewed, or something else answers. Find out which before you change the fingerprint.",
            certified="127.0.0.1",
            options={"ca_fingerprint": "00" * 32},
        ),
        Trouble(
            "TLS where there is none",
            "The server speaks plain HTTP on this port.",
            url=encrypted,
        ),
    ),
    "Who asks, and what they may": (
        Trouble(
            "Nobody",
            "The credential is missing, wrong, or has ended.",
            server=security("manage_inference"),
        ),
        Trouble(
            "The Elasticsearch API key is not valid any more",
            "Elasticsearch says why in ``additional_unsuccessful_credentials``.",
            server=security("manage_inference"),
            arrange=fault(
                "status",
                status=401,
                message="unable to authenticate with provided credentials: API key [VuaCfGcBCdbk] has been invalidated",
            ),
            options=LOGIN,
        ),
        Trouble(
            "A privilege is missing",
            "The hint names it. All are in :ref:`ansible_collections.esops.inference.docsite.privileges`.",
            arrange=none_yet,
            options=LOGIN,
            server=security("monitor_inference"),
        ),
        Trouble(
            "The licence lacks inference",
            "``GET /_license`` shows the licence.",
            arrange=none_yet,
            server={"licensed": False},
        ),
        Trouble(
            "The version cannot be read",
            "A warning. Grant ``monitor``, or live with it: the answer of the server is compared all the same.",
            options={**LOGIN, "task_settings": {"max_tokens": 2048}},
            server=security("manage_inference"),
            warns=True,
        ),
    ),
    "Fingerprints of keys": (
        Trouble(
            "A privilege on the index is missing",
            "``update_secrets: when_changed`` keeps its fingerprints there: see "
            ":ref:`ansible_collections.esops.inference.docsite.rotate_keys`, which has a role for it.",
            options={**LOGIN, **WHEN_CHANGED},
            server=security("manage_inference", "monitor"),
        ),
        Trouble(
            "The index cannot be written to",
            "An index becomes read-only where a disk is full, or by hand. Nothing was changed.",
            arrange=fault("write_blocked", match="^PUT /ansible-inference-fingerprints/_doc/", exists=True),
            options=WHEN_CHANGED,
        ),
        Trouble(
            "What is stored is no fingerprint",
            "Something else writes into that index or file, or somebody has changed it. Choose another one. If it is "
            "yours alone, remove the record of this endpoint: its key counts as unknown then, and is sent once.",
            arrange=foreign_record,
            options=WHEN_CHANGED,
        ),
        Trouble(
            "Sent, but not remembered",
            "The key is in its place. Only the last write failed, for the reason that stands first.",
            arrange=fault("write_blocked", match="^PUT /ansible-inference-fingerprints/_doc/", at=7, exists=True),
            options=WHEN_CHANGED,
        ),
        Trouble(
            "Two runs gave an endpoint keys",
            "Nobody knows which of them came last, so the key counts as unknown. Run again with the right one. Do not "
            "let two jobs keep the same endpoints at the same time.",
            options=WHEN_CHANGED,
            patched=((records.Fingerprints, "invalidate", invalidate_in_two_runs),),
        ),
        Trouble(
            "No directory for the file",
            "It counts on the machine where the module runs. Make it first.",
            options=in_file("/var/lib/no-such-directory/fingerprints.json"),
        ),
        Trouble(
            "The file cannot be used",
            "What the operating system says stands last: here it is a directory; it may be a privilege that is missing "
            "or a disk that is full.",
            options=in_file("/etc"),
        ),
        Trouble(
            "The file is another one",
            "It is left as it is. Choose another one, or remove it if it is yours: keys count as unknown then, and are "
            "sent once.",
            options=in_file("/etc/hosts"),
        ),
        Trouble(
            "Which cluster is it?",
            "The file tells clusters apart by their UUID. Grant ``monitor``, or take the index.",
            options={**LOGIN, **in_file("/tmp/fingerprints.json")},
            server=security("manage_inference"),
        ),
        Trouble(
            "No scrypt",
            "A Python whose OpenSSL is in FIPS mode lacks it. Run the module with another Python, or have the key sent "
            "with ``always`` on the day it changes.",
            options=WHEN_CHANGED,
            patched=((hashlib, "scrypt", mock.Mock(side_effect=ValueError("disabled for FIPS"))),),
        ),
    ),
    "Elasticsearch or Anthropic refuses": (
        Trouble(
            "Anthropic does not take the key",
            "Elasticsearch asked Anthropic with it, and quotes the answer. Nothing was stored.",
            arrange=none_yet,
            server={"refused_keys": [KEY]},
        ),
        Trouble(
            "Anthropic does not know the model",
            "``model_id`` is the name of Anthropic's documentation, as ``claude-sonnet-4-5``.",
            arrange=none_yet,
            server={"refused_models": [MODEL]},
        ),
        Trouble(
            "Anthropic is overloaded",
            "Temporary faults of Anthropic are retried. This one stayed. Run again later, or increase ``retries``.",
            arrange=fault("provider_refusal", status=529, times=9, match="PUT"),
        ),
        Trouble(
            "No credit",
            "The organization of the Anthropic API key has no credit left.",
            arrange=fault(
                "provider_refusal",
                status=400,
                message="Your credit balance is too low to access the Anthropic API.",
                match="PUT",
            ),
        ),
        Trouble(
            "A setting that this version does not know",
            "Leave it out, or upgrade.",
            arrange=none_yet,
            options={"service_settings": {"api_key": KEY, "model_id": MODEL, "url": "https://gateway.example.com/v1"}},
            server={"version": "9.3"},
        ),
        Trouble(
            "A task type that this version does not know",
            "Leave it out, or upgrade.",
            arrange=none_yet,
            options={"task_type": "chat_completion"},
            server={"version": "9.3"},
        ),
        Trouble(
            "Chunking",
            "The documentation of the API has ``chunking_settings``, no server takes them for this service.",
            arrange=none_yet,
            options={"chunking_settings": {"strategy": "sentence"}},
        ),
    ),
    "What a run will not do": (
        Trouble(
            "Not enough for a new endpoint",
            "There is none of that id. If there should be one, look at the id and at the cluster.",
            arrange=none_yet,
            options=NO_KEY,
        ),
        Trouble(
            "No version changes it",
            "Declare what the endpoint has, or let it be created again with ``allow_recreate: true``: see "
            ":ref:`ansible_collections.esops.inference.docsite.how_changes_are_planned`.",
            options=OTHER_MODEL,
        ),
        Trouble(
            "This version does not change it",
            "The server answered 200 and ignored it. The same remedies, or an upgrade.",
            options={"service_settings": {"api_key": KEY, "model_id": MODEL, **RATE_LIMIT}},
            server={"version": "9.3"},
        ),
        Trouble(
            "This version changes it only with the key",
            "Declare the key as well.",
            options={"service_settings": {"model_id": MODEL, **RATE_LIMIT}},
            server={"version": "9.3"},
        ),
        Trouble(
            "Created again, but with what key?",
            "No server returns the key, so that it has to be declared.",
            options={"service_settings": {"model_id": "claude-opus-4-5"}, "allow_recreate": True},
        ),
        Trouble(
            "It is used, and would be created again",
            "While it is away, what uses it fails. ``force: true`` accepts that.",
            arrange=in_use,
            options={**OTHER_MODEL, "allow_recreate": True},
        ),
        Trouble(
            "Queries do not arrive",
            "In check mode, and before an endpoint is created again, the server is asked who uses it, by a removal "
            "with ``?dry_run=true``. What takes that away makes a removal of it. So it is tried with a read first, and "
            "nothing was removed. Mend the proxy, or use the address of a node.",
            options={**OTHER_MODEL, "allow_recreate": True},
            patched=((requests.Session, "request", without_query),),
        ),
        Trouble(
            "It is used, and is to be absent",
            "Change who uses it first. ``force: true`` does not wait for that.",
            arrange=in_use,
            options={"state": "absent"},
        ),
        Trouble(
            "An endpoint that Elasticsearch cannot read",
            "``state: absent`` with ``force: true`` deletes it. ``allow_recreate: true`` with ``force: true`` "
            "re-creates it as declared. Kibana connectors and other users of the endpoint fail meanwhile.",
            arrange=lambda server: server.seed(ID, service="anthropic", state="unparsable"),
            options={"state": "absent"},
        ),
        Trouble(
            "Only a part of the endpoint is stored",
            "A create that failed half way on Elasticsearch before 9.3 can leave secrets without settings.",
            arrange=lambda server: server.seed(ID, state="no_settings"),
        ),
        Trouble(
            "Another update is in progress",
            "Two runs changed the endpoint at the same time. ``force`` does not help. Run again.",
            arrange=fault("busy", match="DELETE", times=9, exists=True),
            options={"state": "absent"},
        ),
        Trouble(
            "An endpoint of another service",
            "It is never touched. Choose another id.",
            arrange=lambda server: server.seed(ID, service="openai", service_settings={"model_id": "gpt"}),
        ),
        Trouble(
            "The same model again",
            "With ``duplicate_model: warn``, the default, this is a warning. ``fail`` refuses it, ``allow`` is silent.",
            arrange=lambda server: seed(server, "older"),
            options={"duplicate_model": "warn"},
            warns=True,
        ),
        Trouble(
            "Not all endpoints are listed",
            "A warning. An endpoint of another service cannot be read, for example after machine learning was switched "
            "off, so Elasticsearch lists none. Everything but ``purge`` works.",
            arrange=lambda server: server.seed(".elser-2-elasticsearch", state="unparsable"),
            options={"duplicate_model": "warn"},
            warns=True,
        ),
        Trouble(
            "Purge without the whole list",
            "``purge`` would have to guess what there is. Repair or delete the endpoint that the message names.",
            arrange=lambda server: server.seed(".elser-2-elasticsearch", state="unparsable"),
            options={"endpoints": [{"inference_id": "answers"}], "purge": True},
            listed=True,
        ),
        Trouble(
            "Too much to purge",
            "Mostly a list that lacks something. If all of it shall go, say the number.",
            arrange=many,
            options={"endpoints": [{"inference_id": "endpoint-0"}], "purge": True},
            listed=True,
        ),
    ),
    "In the middle of something": (
        Trouble(
            "Some of a list failed",
            "The others are as declared. ``results`` has each endpoint, and ``failure`` what the server said.",
            arrange=lambda server: (seed(server, "answers"), seed(server, "letters")),
            options={
                "endpoints": [
                    {"inference_id": "answers", "task_settings": {"max_tokens": 2048}},
                    {"inference_id": "letters", **OTHER_MODEL},
                ]
            },
            listed=True,
        ),
        Trouble(
            "Sent again",
            "A warning: it went well in the end. Seen often, the cluster, or the way to it, is not well.",
            arrange=fault("status", status=503, exists=True),
            options={"retries": 1},
            warns=True,
        ),
        Trouble(
            "Created again, and refused",
            "The former settings are back. The key is the declared one, since nobody knows the former.",
            arrange=fault("provider_refusal", match=rf"PUT .*/{ID}\?", exists=True),
            options={**OTHER_MODEL, "allow_recreate": True},
        ),
        Trouble(
            "The endpoint is gone",
            "The worst that can happen: it was deleted, and Anthropic rejected both the new settings and the former. "
            "The message has all settings. The temporary endpoint keeps them as well, and the next run uses them. "
            "Remove the reason, then run again.",
            arrange=fault("provider_refusal", match=rf"PUT .*/{ID}\?", times=2, exists=True),
            options={**OTHER_MODEL, "allow_recreate": True},
        ),
        Trouble(
            "Carried over",
            "A warning. A run was killed while it re-created the endpoint. The settings that nobody declared were in "
            "its temporary endpoint.",
            arrange=lambda server: seed(server, f"{ID}-ansible-preflight", temperature=0.5),
            warns=True,
        ),
        Trouble(
            "A mistake of the collection",
            "Please `report it <https://github.com/esops/ansible-inference/issues>`__, with the message and what was "
            "declared. The endpoint may or may not have been changed.",
            patched=((reconcile.Reconciler, "reconcile", mock.Mock(side_effect=RuntimeError("unexpected"))),),
        ),
    ),
}


def page() -> str:
    """The page with what runs say."""
    parts = [_HEAD]
    for title, troubles in SECTIONS.items():
        parts.append(f"{title}\n{'-' * len(title)}\n")
        for trouble in troubles:
            said = textwrap.fill(trouble.message(), 88, break_long_words=False, break_on_hyphens=False)
            parts.append(f"{trouble.heading}\n{'~' * len(trouble.heading)}\n")
            parts.append(f".. code-block:: text\n\n{textwrap.indent(said, '   ')}\n")
            parts.append(textwrap.fill(trouble.remedy, 120, break_long_words=False, break_on_hyphens=False) + "\n")
    return "\n".join(parts)


_HEAD = """..
  Copyright: (c) 2026, esops.inference contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

  Written by python -m tests.pages.troubles; every message was said by a run.

.. _ansible_collections.esops.inference.docsite.troubleshooting:

Troubleshooting
===============

By message: look for some of its words. Each was said by a run against a simulated server, except that of an old
Python. A message about a request begins with the request, and its last part, *Hint*, says what helps mostly. The parts
of a refusal are in ``failure``, for playbooks to test: ``status``, ``type``, ``reason``, ``method`` and ``path``.

What a run did before it failed stands in ``changed``, ``action`` and ``endpoint``.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
