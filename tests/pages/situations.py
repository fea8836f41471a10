# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The situations of the page "Behavior by situation", each one run against the simulator.

C(python -m tests.pages.situations) regenerates the page. A unit test compares the page with the runs.
"""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.retries import RetryBudget
from ansible_collections.esops.inference.plugins.module_utils._fingerprints.records import Fingerprints
from ansible_collections.esops.inference.plugins.module_utils._inference.api import Inference
from tests.simulator import Fault, Security, Simulator
from tests.unit.support import DOCUMENTED, FORMER_KEY, ID, KEY, MODEL, Run, endpoint, seed

PAGE = Path(__file__).parents[2] / "docs" / "docsite" / "rst" / "behavior_by_situation.rst"

OTHER_MODEL = {"api_key": KEY, "model_id": "claude-opus-4-5"}
WHEN_CHANGED = {"update_secrets": "when_changed"}
RECORD = "^PUT /ansible-inference-fingerprints/_doc/"
RATE_LIMIT = {"api_key": KEY, "model_id": MODEL, "rate_limit": {"requests_per_minute": 7}}


def _no_endpoint(_server: Simulator) -> None:
    """Leave the server without the endpoint."""


def _fault(*arguments: Any, exists: bool = False, **options: Any) -> Callable[[Simulator], None]:
    def arrange(server: Simulator) -> None:
        if exists:
            seed(server)
        server.faults.add(Fault(*arguments, **options))

    return arrange


def _in_use(server: Simulator) -> None:
    seed(server)
    server.refer(ID, pipelines=["summaries"], indexes=["articles"])


def _leftover_temporary_endpoint(server: Simulator) -> None:
    seed(server)
    seed(server, f"{ID}-ansible-preflight")


def _with_fingerprint(
    *faults: Fault, key: str = FORMER_KEY, afterwards: Callable[[Simulator], None] = _no_endpoint
) -> Callable[[Simulator], None]:
    """Return a function that creates the endpoint in a run with C(when_changed)."""

    def arrange(server: Simulator) -> None:
        settings = {**DOCUMENTED["service_settings"], "api_key": key}
        endpoint(server, **{**DOCUMENTED, "service_settings": settings, **WHEN_CHANGED})
        afterwards(server)
        server.clear_log()
        for fault in faults:
            server.faults.add(fault)

    return arrange


def _kill_before_fingerprint_is_saved(server: Simulator) -> None:
    with (
        mock.patch.object(Fingerprints, "save", side_effect=KeyboardInterrupt),
        contextlib.suppress(KeyboardInterrupt),
    ):
        endpoint(server, **DOCUMENTED, **WHEN_CHANGED)


def _recreated_by_another_client(server: Simulator) -> None:
    server.remove(ID)
    server.seed(ID, service_settings={"model_id": OTHER_MODEL["model_id"]}, task_settings={"max_tokens": 1024})


def _killed_between_delete_and_create(server: Simulator) -> None:
    seed(server, f"{ID}-ansible-preflight", temperature=0.5)


def _state(state: str, inference_id: str = ID, service: str | None = None) -> Callable[[Simulator], None]:
    return lambda server: server.seed(inference_id, state=state, service=service)


def _foreign(server: Simulator) -> None:
    server.seed(ID, service="openai", service_settings={"model_id": "gpt"})


def _duplicate(server: Simulator) -> None:
    seed(server, "older")


@dataclass(frozen=True)
class Situation:
    """A row of the page. The result and the number of requests are those of a run.

    :ivar first_node: the fault of the first of two nodes, if the run uses two.
    :ivar concurrent_change: a change by another client between the first read and the write.
    :ivar loses_endpoint: whether the run may end without the endpoint, although it should exist.
    """

    title: str
    behavior: str
    arrange: Callable[[Simulator], None] = seed
    options: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    first_node: Fault | None = None
    concurrent_change: Callable[[Simulator], None] | None = None
    check_mode: bool = False
    #: Strings that the message or a warning must contain.
    says: tuple[str, ...] = ()
    loses_endpoint: bool = False

    def run(self) -> tuple[Run, list[str], bool]:
        """Return the run, its requests, and whether the endpoint was kept if it existed and should exist."""
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(Simulator(**self.server))
            stack.enter_context(self._concurrent_change(server))
            self.arrange(server)
            before = server.endpoints.get(ID)
            options = {**DOCUMENTED, "duplicate_model": "allow", **self.options}
            if "elasticsearch_url" in options:
                options["elasticsearch_url"] = [url.format(server=server.url) for url in options["elasticsearch_url"]]
            if self.first_node:
                first = stack.enter_context(Simulator(cluster_of=server))
                first.faults.add(self.first_node)
                options["elasticsearch_url"] = [first.url, server.url]
            with mock.patch.object(RetryBudget, "consume", return_value=0.0):
                run = endpoint(server, check=self.check_mode, **options)
            lost = before is not None and ID not in server.endpoints and options.get("state") != "absent"
            return run, server.requests, not lost

    def _concurrent_change(self, server: Simulator) -> contextlib.AbstractContextManager[Any]:
        if self.concurrent_change is None:
            return contextlib.nullcontext()
        change, read = self.concurrent_change, Inference.get

        def read_before_change(api: Inference, inference_id: str) -> Any:
            found = read(api, inference_id)
            if len(server.requests) == 1:
                change(server)
            return found

        return mock.patch.object(Inference, "get", read_before_change)


def _login(*privileges: str, licensed: bool = True) -> dict[str, Any]:
    return {"security": Security(users={"ansible": ("a password", privileges)}), "licensed": licensed}


LOGIN = {"elasticsearch_username": "ansible", "elasticsearch_password": "a password"}

SECTIONS: dict[str, tuple[Situation, ...]] = {
    "Common cases": (
        Situation("The endpoint is up to date", "The module reads the endpoint and sends no other request."),
        Situation(
            "The endpoint does not exist",
            "The module creates the endpoint with the declared settings and no others.",
            _no_endpoint,
        ),
        Situation(
            "The endpoint does not exist, and the API key is not declared",
            "The module fails before it writes. The message names the settings that a new endpoint requires.",
            _no_endpoint,
            {"service_settings": {"model_id": MODEL}},
            says=("requires service_settings.api_key",),
        ),
        Situation(
            "A task setting differs",
            "The module updates the endpoint in place. It also sends the undeclared task settings, because "
            "Elasticsearch replaces all task settings at once.",
            options={"task_settings": {"max_tokens": 2048}},
        ),
        Situation(
            "The endpoint has undeclared task settings, with ``unmanaged_settings: remove``",
            "The module removes these task settings.",
            lambda server: seed(server, temperature=0.5),
            {"unmanaged_settings": "remove"},
        ),
        Situation(
            "The declared API key is new, with ``update_secrets: on_create``",
            "The module does not detect this, because Elasticsearch does not return API keys. It changes nothing.",
        ),
        Situation(
            "The endpoint is up to date, with ``update_secrets: always``",
            "Each run sends the API key and reports a change.",
            options={"update_secrets": "always"},
        ),
        Situation(
            "The endpoint exists, with ``state: absent``",
            "The module deletes the endpoint.",
            options={"state": "absent"},
        ),
        Situation(
            "The endpoint does not exist, with ``state: absent``",
            "The module tries to read the endpoint and sends no other request.",
            _no_endpoint,
            {"state": "absent"},
        ),
        Situation(
            "Another endpoint uses the same model, with ``duplicate_model: warn``",
            "The module creates the endpoint. A warning names the other endpoint.",
            _duplicate,
            {"duplicate_model": "warn"},
            says=("older already uses the model",),
        ),
        Situation(
            "Another endpoint uses the same model, with ``duplicate_model: fail``",
            "The module fails and creates nothing.",
            _duplicate,
            {"duplicate_model": "fail"},
            says=("older already uses the model",),
        ),
        Situation(
            "An endpoint of another service has the ID",
            "The module fails. It never changes such an endpoint, whatever the other options are.",
            _foreign,
            {"allow_recreate": True, "force": True},
            says=("belongs to the service openai",),
        ),
    ),
    "API key rotation": (
        Situation(
            "The declared key is the one that was last sent",
            "The module reads the endpoint and its fingerprint, and sends no other request.",
            _with_fingerprint(key=KEY),
            WHEN_CHANGED,
        ),
        Situation(
            "No endpoint with this ID exists",
            "The module creates the index, and tests that it can write to it. Then it creates the endpoint and saves "
            "the fingerprint.",
            _no_endpoint,
            WHEN_CHANGED,
        ),
        Situation(
            "The declared key is new",
            "The module invalidates the fingerprint, sends the key once, and saves the new fingerprint.",
            _with_fingerprint(),
            WHEN_CHANGED,
        ),
        Situation(
            "The declared key is new, in check mode",
            "The module reports the change. It changes neither the endpoint nor the fingerprint.",
            _with_fingerprint(),
            WHEN_CHANGED,
            check_mode=True,
        ),
        Situation(
            "Another client created the endpoint",
            "The key of the endpoint is unknown. The module sends the declared key once.",
            seed,
            WHEN_CHANGED,
        ),
        Situation(
            "Another client re-created the endpoint with another model",
            "The fingerprint is that of the former endpoint. The module sends the declared key once.",
            _with_fingerprint(key=KEY, afterwards=_recreated_by_another_client),
            {**WHEN_CHANGED, "service_settings": OTHER_MODEL},
        ),
        Situation(
            "The previous run was killed after it sent the key",
            "The key is treated as unknown. The module sends it again.",
            _with_fingerprint(afterwards=_kill_before_fingerprint_is_saved),
            WHEN_CHANGED,
        ),
        Situation(
            "Anthropic rejects the new key",
            "The module fails. The endpoint keeps its previous key.",
            _with_fingerprint(),
            WHEN_CHANGED,
            server={"refused_keys": [KEY]},
            says=("invalid x-api-key",),
        ),
        Situation(
            "Anthropic rejects the new key, Elasticsearch 8.17 to 9.3, with any ``update_secrets``",
            "These versions store keys without a test. So the module tests the key on a temporary endpoint first. It "
            "fails, and the endpoint keeps its previous key.",
            seed,
            {"update_secrets": "always"},
            {"version": "9.3", "refused_keys": [KEY]},
            says=("-ansible-preflight", "invalid x-api-key"),
        ),
        Situation(
            "Anthropic accepts the new key, Elasticsearch 8.17 to 9.3, with any ``update_secrets``",
            "The module creates and deletes the temporary endpoint, and then sends the key.",
            seed,
            {"update_secrets": "always"},
            {"version": "9.3"},
        ),
        Situation(
            "Only a task setting differs",
            "The module updates the task setting in place, without the key.",
            _with_fingerprint(key=KEY),
            {**WHEN_CHANGED, "task_settings": {"max_tokens": 2048}},
        ),
        Situation(
            "The endpoint exists, with ``state: absent``",
            "The module deletes the fingerprint, and then the endpoint.",
            _with_fingerprint(),
            {**WHEN_CHANGED, "state": "absent"},
        ),
        Situation(
            "A privilege on the fingerprint index is missing",
            "The module fails and changes nothing. The message names the privilege.",
            seed,
            {**WHEN_CHANGED, **LOGIN},
            _login("manage_inference", "monitor"),
            says=("grant the index privilege read on ansible-inference-fingerprints",),
        ),
        Situation(
            "The fingerprint index is read-only",
            "The module fails and changes nothing.",
            _with_fingerprint(Fault("write_blocked", match=RECORD)),
            WHEN_CHANGED,
            says=("cluster_block_exception",),
        ),
        Situation(
            "The fingerprint index becomes read-only after the key was sent",
            "The module fails, because it cannot save the fingerprint. The message warns that the next run sends the "
            "key again.",
            _with_fingerprint(Fault("write_blocked", match=RECORD, at=6)),
            WHEN_CHANGED,
            says=("Elasticsearch accepted service_settings.api_key, but the fingerprint was not saved",),
        ),
    ),
    "Changes that require re-creation": (
        Situation(
            "The model differs",
            "The module fails, because no version of Elasticsearch can update the model. The message names the "
            "setting and ``allow_recreate``.",
            options={"service_settings": OTHER_MODEL},
            says=("service_settings.model_id", "allow_recreate=true"),
        ),
        Situation(
            "The model differs, with ``allow_recreate: true``",
            "The module checks whether pipelines or indices use the endpoint. It tests the new settings on a "
            "temporary endpoint. Then it deletes and re-creates the endpoint. Undeclared settings are carried over.",
            options={"service_settings": OTHER_MODEL, "allow_recreate": True},
        ),
        Situation(
            "The model differs, with ``allow_recreate: true``, and Anthropic rejects the new model",
            "Anthropic rejects the temporary endpoint. The module fails, and the endpoint was not changed.",
            options={"service_settings": OTHER_MODEL, "allow_recreate": True},
            server={"refused_models": ["claude-opus-4-5"]},
            says=("-ansible-preflight", "model: claude-opus-4-5"),
        ),
        Situation(
            "The model differs, with ``allow_recreate: true``, and a pipeline uses the endpoint",
            "The module fails and deletes nothing. The message names the pipelines and indices, and ``force``.",
            _in_use,
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
            says=("pipeline summaries, index articles", "force=true"),
        ),
        Situation(
            "The model differs, with ``allow_recreate: true`` and ``force: true``, and a pipeline uses the endpoint",
            "The module re-creates the endpoint.",
            _in_use,
            {"service_settings": OTHER_MODEL, "allow_recreate": True, "force": True},
        ),
        Situation(
            "An earlier run was killed and left its temporary endpoint",
            "The next run that changes the endpoint deletes the temporary endpoint. So does each run of a list, "
            "because it reads all endpoints.",
            _leftover_temporary_endpoint,
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
        ),
        Situation(
            "An earlier run was killed after it deleted the endpoint",
            "The module creates the endpoint. It carries over the undeclared settings from the temporary endpoint. A "
            "warning names them.",
            _killed_between_delete_and_create,
            says=("these values are carried over", "task_settings.temperature"),
        ),
        Situation(
            "The endpoint was deleted, and Anthropic is temporarily overloaded (529)",
            "The module retries the request to create the endpoint with increasing pauses, even with ``retries: 0``.",
            _fault("provider_refusal", match=rf"PUT .*/{ID}\?", status=529, times=3, exists=True),
            {"service_settings": OTHER_MODEL, "allow_recreate": True, "retries": 0},
            says=("retried 3 times",),
        ),
        Situation(
            "The endpoint was deleted, and Anthropic rejects the new settings",
            "The module restores the previous settings, with the declared API key, and fails.",
            _fault("provider_refusal", match=rf"PUT .*/{ID}\?", exists=True),
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
            says=("Its previous settings were restored, with the declared service_settings.api_key",),
        ),
        Situation(
            "The endpoint was deleted, and Anthropic rejects the new and the previous settings",
            "The module fails. The endpoint is lost. The message lists its previous settings.",
            _fault("provider_refusal", match=rf"PUT .*/{ID}\?", times=2, exists=True),
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
            says=(
                "The endpoint no longer exists",
                "task_settings.max_tokens=1024",
                "-ansible-preflight has a copy of its settings",
            ),
            loses_endpoint=True,
        ),
        Situation(
            "A pipeline uses the endpoint, with ``state: absent``",
            "The module fails and deletes nothing. The message names the pipelines and indices, and ``force``.",
            _in_use,
            {"state": "absent"},
            says=("summaries", "articles", "force=true"),
        ),
    ),
    "Older versions": (
        Situation(
            "The rate limit differs, Elasticsearch 9.4 or later",
            "The module updates the endpoint in place.",
            options={"service_settings": RATE_LIMIT},
        ),
        Situation(
            "The rate limit differs, Elasticsearch 8.17 to 9.3",
            "Elasticsearch returns 200 and ignores the change. The module compares the response with the request, and"
            " fails. The key was part of the request, so it is treated as sent.",
            options={"service_settings": RATE_LIMIT},
            server={"version": "9.3"},
            says=("Elasticsearch 9.3.0 cannot update it in place",),
        ),
        Situation(
            "The rate limit differs, Elasticsearch 8.17 to 9.3, with ``allow_recreate: true``",
            "The module re-creates the endpoint.",
            options={"service_settings": RATE_LIMIT, "allow_recreate": True},
            server={"version": "9.3"},
        ),
        Situation(
            "The rate limit differs, Elasticsearch 8.17 to 9.3, in check mode",
            "Check mode predicts the failure.",
            options={"service_settings": RATE_LIMIT},
            server={"version": "9.3"},
            check_mode=True,
            says=("Elasticsearch 9.3.0 cannot update it in place",),
        ),
        Situation(
            "A setting differs, Elasticsearch 8.16",
            "The module fails, because this version cannot update endpoints. With ``allow_recreate: true`` it "
            "re-creates the endpoint.",
            options={"task_settings": {"max_tokens": 2048}},
            server={"version": "8.16"},
            says=("Elasticsearch 8.16.0 cannot update it in place", "allow_recreate=true"),
        ),
        Situation(
            "The endpoint has ``top_k``, Elasticsearch 8.16 and 8.17",
            "These versions store ``top_k`` as ``top_p`` and cannot read the endpoint afterwards. The module fails. "
            "The message describes how to delete the endpoint. Do not set ``top_k`` on these versions.",
            lambda server: seed(server, top_k=1),
            {"task_settings": {"max_tokens": 1024, "top_k": 1}},
            {"version": "8.17"},
            says=("cannot be read", "set state=absent and force=true to delete it"),
        ),
        Situation(
            "The rate limit differs and the API key is not declared, Elasticsearch 8.17 to 9.4",
            "These versions update service settings only together with the key. Elasticsearch 9.3 and earlier reject "
            "the update, so the module fails without sending it.",
            options={"service_settings": {"rate_limit": {"requests_per_minute": 7}}},
            server={"version": "9.3"},
            says=("updating service settings also requires service_settings.api_key",),
        ),
        Situation(
            "A new endpoint has a setting that the version does not support",
            "Elasticsearch rejects the endpoint. The message names the setting and the version that supports it.",
            _no_endpoint,
            {"service_settings": {**OTHER_MODEL, "url": "https://gateway.example.com/v1/messages"}},
            {"version": "9.3"},
            says=("upgrade each node to Elasticsearch 9.6 or later, or remove service_settings.url",),
        ),
        Situation(
            "The privilege to read the version is missing",
            "The module assumes the latest version, with a warning. The response of Elasticsearch shows whether the "
            "update worked.",
            options={"task_settings": {"max_tokens": 2048}, **LOGIN},
            server=_login("manage_inference"),
            says=("Assuming the latest version",),
        ),
        Situation(
            "A proxy blocks ``GET /``",
            "The module assumes the latest version, with a warning.",
            _fault("status", match="GET /$", status=404, html=True, exists=True),
            {"task_settings": {"max_tokens": 2048}},
            says=("Assuming the latest version",),
        ),
    ),
    "Unreadable endpoints": (
        Situation(
            "Elasticsearch cannot read another endpoint, so it lists no endpoints",
            "The module creates the endpoint. A warning names the endpoints that were checked for the same model.",
            _state("unparsable", ".elser-2-elasticsearch"),
            {"duplicate_model": "warn"},
            says=("duplicate_model was checked only for the task type completion",),
        ),
        Situation(
            "Elasticsearch cannot read the endpoint, with ``state: absent``",
            "The module fails and changes nothing. The message names ``force``.",
            _state("unparsable", service="anthropic"),
            {"state": "absent"},
            says=("cannot be read", "set force=true to delete it"),
        ),
        Situation(
            "Elasticsearch cannot read the endpoint, with ``state: absent`` and ``force: true``",
            "The module deletes the endpoint.",
            _state("unparsable", service="anthropic"),
            {"state": "absent", "force": True},
        ),
        Situation(
            "Elasticsearch cannot read the endpoint, with ``allow_recreate: true`` and ``force: true``",
            "The module tests the declared settings on a temporary endpoint. Then it deletes and re-creates the "
            "endpoint.",
            _state("unparsable", service="anthropic"),
            {"allow_recreate": True, "force": True},
        ),
        Situation(
            "Elasticsearch cannot read the endpoint, which belongs to another service",
            "The module fails. It never changes such an endpoint, whatever the other options are.",
            _state("unparsable"),
            {"state": "absent", "force": True},
            says=("belongs to another service",),
        ),
        Situation(
            "Elasticsearch stores only a part of the endpoint: a read does not find it, but it cannot be created",
            "The module tries to create the endpoint once, and fails. The message describes this state.",
            _state("no_settings"),
            says=("stores only a part of inference endpoint",),
        ),
    ),
    "Network and load": (
        Situation(
            "The cluster is temporarily overloaded or unavailable (429, 502, 503, 504)",
            "The module retries the request up to ``retries`` times, with increasing pauses. A warning reports the "
            "retries.",
            _fault("status", status=503, times=2),
            {"retries": 3},
            says=("retried",),
        ),
        Situation(
            "The cluster stays overloaded or unavailable",
            "The module fails. The failed request was a read, so nothing was changed.",
            _fault("status", status=503, times=99),
            {"retries": 3},
        ),
        Situation(
            "The first of several nodes is down",
            "The module sends this request and all later ones to the next node.",
            options={"elasticsearch_url": ["http://127.0.0.1:1", "{server}"]},
        ),
        Situation(
            "The first of several nodes returns an error (429, 502, 503, 504), or TLS with it fails",
            "The module sends this request and all later ones to the next node. It does so for a write only if the "
            "first node did not execute it (429, 503).",
            first_node=Fault("status", status=503, times=99),
            options={"task_settings": {"max_tokens": 2048}},
            says=("status 503 from",),
        ),
        Situation(
            "Anthropic has a temporary error (429, 5xx, 529, or a timeout)",
            "Elasticsearch reports it as 400. The module retries the write up to ``retries`` times, with increasing "
            "pauses.",
            _fault("provider_refusal", match="PUT", status=529, times=3),
            {"retries": 3},
            says=("status 529 from the provider",),
        ),
        Situation(
            "Anthropic stays overloaded",
            "The module fails and quotes the response. Nothing was stored.",
            _fault("provider_refusal", match="PUT", status=529, times=99),
            {"retries": 3},
            says=("The provider is overloaded",),
        ),
        Situation(
            "Another update of the endpoint is in progress (409)",
            "The module retries the write up to ``retries`` times. ``force`` has no effect on this, so the message "
            "does not suggest it.",
            _fault("busy", match="_update", times=2, exists=True),
            {"task_settings": {"max_tokens": 2048}, "retries": 3},
            says=("an update in progress",),
        ),
        Situation(
            "The connection is lost after Elasticsearch created the endpoint",
            "The module reads the endpoint again and finds it up to date.",
            _fault("reset_after", match="PUT"),
        ),
        Situation(
            "A proxy answers a write with an HTML page or a truncated response",
            "The module reads the endpoint again and plans the change again.",
            _fault("html", match="PUT"),
        ),
        Situation(
            "A proxy times out during a write (504), and Elasticsearch completes it",
            "The module reads the endpoint again and finds it up to date.",
            _fault("status_after", match="PUT", status=504, html=True),
        ),
        Situation(
            "Elasticsearch stores the endpoint and returns an error",
            "The module reads the endpoint again and finds it up to date.",
            _fault("status_after", match="PUT", status=500),
        ),
        Situation(
            "The response is a redirect",
            "The module fails and does not follow the redirect. The message contains the target.",
            _fault("redirect"),
            says=("http://elsewhere.invalid/",),
        ),
        Situation(
            "The response is an HTML page of a proxy",
            "The module fails. The message reports that a proxy or login page may have responded.",
            _fault("html_before"),
            says=("a proxy or a login page in front of Elasticsearch",),
        ),
    ),
    "Concurrent changes": (
        Situation(
            "Another client creates the same endpoint first",
            "The module finds the endpoint up to date. It succeeds and reports no change.",
            _no_endpoint,
            concurrent_change=seed,
        ),
        Situation(
            "Another client creates the endpoint with other settings first",
            "The module reads the endpoint again and updates it in place.",
            _no_endpoint,
            concurrent_change=lambda server: seed(server, max_tokens=5),
        ),
        Situation(
            "Another client deletes the endpoint before its update",
            "The module reads again and creates the endpoint.",
            options={"task_settings": {"max_tokens": 2048}},
            concurrent_change=lambda server: server.remove(ID),
        ),
        Situation(
            "Another client changes the endpoint before an update that Elasticsearch rejects",
            "The module reads the endpoint again and retries the update. It does not report the changes of the other "
            "client as its own.",
            _fault("status", match="_update", status=400, times=99, exists=True),
            {"task_settings": {"max_tokens": 2048}},
            concurrent_change=lambda server: seed(server, max_tokens=50),
        ),
        Situation(
            "Another client deletes the endpoint first, with ``state: absent``",
            "The module succeeds and reports no change.",
            options={"state": "absent"},
            concurrent_change=lambda server: server.remove(ID),
        ),
    ),
    "Errors": (
        Situation(
            "Anthropic rejects the API key",
            "The module fails and quotes the response of Anthropic. Nothing was stored.",
            _no_endpoint,
            server={"refused_keys": [KEY]},
            says=("invalid x-api-key", "set service_settings.api_key to a valid key"),
        ),
        Situation(
            "The credentials are missing or invalid (401)",
            "The module fails. The message names the options for credentials.",
            server=_login("manage_inference"),
            says=("elasticsearch_username", "elasticsearch_api_key"),
        ),
        Situation(
            "The privilege to create endpoints is missing (403)",
            "The module fails. The message names the privilege.",
            _no_endpoint,
            LOGIN,
            _login("monitor_inference"),
            says=("manage_inference",),
        ),
        Situation(
            "The license does not include inference (403)",
            "The module fails. The message names the required license.",
            _no_endpoint,
            server={"licensed": False},
            says=("use a license that includes inference",),
        ),
        Situation(
            "Several options are invalid",
            "The module fails before any request. The message lists all errors.",
            options={"inference_id": "_all", "task_settings": {"max_tokens": 0}},
            says=("2 problems",),
        ),
    ),
}


#: Conditions of all situations of a section.
INTRODUCTIONS = {
    "API key rotation": "These runs use ``update_secrets: when_changed``, unless the situation names another value."
}


def page() -> str:
    """Return the page with the results of the runs."""
    parts = [_HEAD]
    for title, situations in SECTIONS.items():
        parts.append(f"{title}\n{'-' * len(title)}\n")
        if title in INTRODUCTIONS:
            parts.append(f"{INTRODUCTIONS[title]}\n")
        parts.append(_TABLE)
        parts.extend(_row(situation) for situation in situations)
        parts.append("")
    return "\n".join(parts)


def _row(situation: Situation) -> str:
    run, requests, _kept = situation.run()
    cells = [situation.title, situation.behavior, _result(run), str(len(requests))]
    lines = [textwrap.indent(cell, "       ").lstrip() for cell in cells]
    return f"   * - {lines[0]}\n" + "\n".join(f"     - {line}" for line in lines[1:])


def _result(run: Run) -> str:
    action = "" if run.result.get("action", "none") == "none" else f" ({run['action']})"
    changed = f"changed{action}" if run.result.get("changed") else "unchanged"
    return f"**Failed**, {changed}" if run.failed else changed.capitalize()


_HEAD = """..
  Copyright: (c) 2026, esops.inference contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

  Generated by python -m tests.pages.situations. Each row is the result of a run.

.. _ansible_collections.esops.inference.docsite.behavior_by_situation:

Behavior by situation
=====================

Each row of these tables is the result of a run of ``anthropic_endpoint`` against a simulated cluster. Unless a row
names other options, the runs declare a model, an Anthropic API key, and ``max_tokens``, and use
``duplicate_model: allow``.

*Result* is what the run reports: ``changed`` with the ``action``, and whether it failed. A run that fails can have
changed something before. *Requests* is the number of requests to the cluster.
"""

_TABLE = """.. list-table::
   :header-rows: 1
   :widths: 30 45 15 10

   * - Situation
     - Behavior
     - Result
     - Requests"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
