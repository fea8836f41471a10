# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The situations of the page "What happens when", each really run against the simulator.

C(python -m tests.pages.situations) writes the page anew; a test holds it against what happens.
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


def _nothing(_server: Simulator) -> None:
    """The endpoint is not there."""


def _fault(*arguments: Any, exists: bool = False, **options: Any) -> Callable[[Simulator], None]:
    def arrange(server: Simulator) -> None:
        if exists:
            seed(server)
        server.faults.add(Fault(*arguments, **options))

    return arrange


def _in_use(server: Simulator) -> None:
    seed(server)
    server.refer(ID, pipelines=["summaries"], indexes=["articles"])


def _left_over(server: Simulator) -> None:
    seed(server)
    seed(server, f"{ID}-ansible-preflight")


def _given(
    *faults: Fault, key: str = FORMER_KEY, then: Callable[[Simulator], None] = _nothing
) -> Callable[[Simulator], None]:
    """An endpoint that a run with C(when_changed) has given a key."""

    def arrange(server: Simulator) -> None:
        settings = {**DOCUMENTED["service_settings"], "api_key": key}
        endpoint(server, **{**DOCUMENTED, "service_settings": settings, **WHEN_CHANGED})
        then(server)
        server.clear_log()
        for fault in faults:
            server.faults.add(fault)

    return arrange


def _killed(server: Simulator) -> None:
    with (
        mock.patch.object(Fingerprints, "save", side_effect=KeyboardInterrupt),
        contextlib.suppress(KeyboardInterrupt),
    ):
        endpoint(server, **DOCUMENTED, **WHEN_CHANGED)


def _made_anew(server: Simulator) -> None:
    server.remove(ID)
    server.seed(ID, service_settings={"model_id": OTHER_MODEL["model_id"]}, task_settings={"max_tokens": 1024})


def _killed_between_delete_and_create(server: Simulator) -> None:
    seed(server, f"{ID}-ansible-preflight", temperature=0.5)


def _state(state: str, inference_id: str = ID, service: str | None = None) -> Callable[[Simulator], None]:
    return lambda server: server.seed(inference_id, state=state, service=service)


def _foreign(server: Simulator) -> None:
    server.seed(ID, service="openai", service_settings={"model_id": "gpt"})


def _twin(server: Simulator) -> None:
    seed(server, "older")


@dataclass(frozen=True)
class Situation:
    """One row of the page.

    :ivar when: what the user meets.
    :ivar then: what the run does about it, for people; what it reports is measured.
    :ivar first_node: what the first of two nodes does; the other is well.
    :ivar outrun: what someone else does between the read and the write.
    :ivar says: what the message, or a warning, has to hold so that C(then) is true.
    """

    when: str
    then: str
    arrange: Callable[[Simulator], None] = seed
    options: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    first_node: Fault | None = None
    outrun: Callable[[Simulator], None] | None = None
    check: bool = False
    says: tuple[str, ...] = ()

    def run(self) -> tuple[Run, list[str], bool]:
        """The run, its requests, and whether an endpoint that was there still works as before or as declared."""
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(Simulator(**self.server))
            stack.enter_context(self._someone_else(server))
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
                run = endpoint(server, check=self.check, **options)
            lost = before is not None and ID not in server.endpoints and options.get("state") != "absent"
            return run, server.requests, not lost

    def _someone_else(self, server: Simulator) -> Any:
        if self.outrun is None:
            return mock.patch.object(server, "_nobody", None, create=True)
        outrun, read = self.outrun, Inference.get

        def read_then_outrun(api: Inference, inference_id: str) -> Any:
            found = read(api, inference_id)
            if len(server.requests) == 1:
                outrun(server)
            return found

        return mock.patch.object(Inference, "get", read_then_outrun)


def _login(*privileges: str, licensed: bool = True) -> dict[str, Any]:
    return {"security": Security(users={"ansible": ("a password", privileges)}), "licensed": licensed}


LOGIN = {"elasticsearch_username": "ansible", "elasticsearch_password": "a password"}

SECTIONS: dict[str, tuple[Situation, ...]] = {
    "Every day": (
        Situation("the endpoint is as declared", "One read, nothing else."),
        Situation("there is no such endpoint", "It is created with what was declared and nothing else.", _nothing),
        Situation(
            "there is none, and the key is not declared",
            "Nothing is sent. The message names what a new endpoint needs.",
            _nothing,
            {"service_settings": {"model_id": MODEL}},
            says=("requires service_settings.api_key",),
        ),
        Situation(
            "task settings differ",
            "They change in place. Task settings that are not declared are sent along as they are, "
            "since the server replaces them as a whole.",
            options={"task_settings": {"max_tokens": 2048}},
        ),
        Situation(
            "the endpoint has task settings that are not declared, with ``unmanaged_settings=remove``",
            "They are taken away.",
            lambda server: seed(server, temperature=0.5),
            {"unmanaged_settings": "remove"},
        ),
        Situation(
            "the declared key is another one, with ``update_secrets=on_create``",
            "Nobody can see that: no server shows its key. Nothing happens.",
        ),
        Situation(
            "``update_secrets=always``",
            "The key is sent on every run, and a change is reported every time.",
            options={"update_secrets": "always"},
        ),
        Situation("the endpoint is to be absent", "It is deleted.", options={"state": "absent"}),
        Situation("the endpoint is to be absent, and is", "One read.", _nothing, {"state": "absent"}),
        Situation(
            "another endpoint serves the same model, with ``duplicate_model=warn``",
            "The endpoint is created, with a warning that names the other one.",
            _twin,
            {"duplicate_model": "warn"},
            says=("older already uses the model",),
        ),
        Situation(
            "another endpoint serves the same model, with ``duplicate_model=fail``",
            "Nothing is created.",
            _twin,
            {"duplicate_model": "fail"},
            says=("older already uses the model",),
        ),
        Situation(
            "the id belongs to an endpoint of another service",
            "It is never touched, whatever the policy.",
            _foreign,
            {"allow_recreate": True, "force": True},
            says=("belongs to the service openai",),
        ),
    ),
    "Keys that change": (
        Situation(
            "the declared key is the one that the endpoint was given last, with ``update_secrets=when_changed`` here "
            "and below",
            "The endpoint is read, and its record.",
            _given(key=KEY),
            WHEN_CHANGED,
        ),
        Situation(
            "there is no such endpoint",
            "It is created. Before, the index is created and shows that it can be written to; afterwards, the record "
            "is written.",
            _nothing,
            WHEN_CHANGED,
        ),
        Situation(
            "the declared key is another one",
            "It is sent once. Before, the record is emptied; afterwards, it is written.",
            _given(),
            WHEN_CHANGED,
        ),
        Situation(
            "the same, in check mode",
            "It is told. Nothing is written, and no record either.",
            _given(),
            WHEN_CHANGED,
            check=True,
        ),
        Situation(
            "the endpoint was made by somebody else",
            "Nobody knows its key. The declared one is sent once.",
            seed,
            WHEN_CHANGED,
        ),
        Situation(
            "somebody made the endpoint anew, with another model",
            "The record tells of another endpoint. The key is sent once.",
            _given(key=KEY, then=_made_anew),
            {**WHEN_CHANGED, "service_settings": OTHER_MODEL},
        ),
        Situation(
            "the run before was killed after it had sent the key",
            "The key counts as unknown, and is sent again.",
            _given(then=_killed),
            WHEN_CHANGED,
        ),
        Situation(
            "Anthropic does not take the new key",
            "The endpoint goes on with its old one.",
            _given(),
            WHEN_CHANGED,
            server={"refused_keys": [KEY]},
            says=("invalid x-api-key",),
        ),
        Situation(
            "Anthropic rejects the new key, Elasticsearch 8.17 to 9.3, with any ``update_secrets``",
            "These versions would store it. The temporary endpoint proves the key first, so the endpoint keeps its old "
            "one.",
            seed,
            {"update_secrets": "always"},
            {"version": "9.3", "refused_keys": [KEY]},
            says=("-ansible-preflight", "invalid x-api-key"),
        ),
        Situation(
            "the same, and Anthropic accepts the new key",
            "The temporary endpoint is created and deleted, then the key is sent.",
            seed,
            {"update_secrets": "always"},
            {"version": "9.3"},
        ),
        Situation(
            "only a task setting differs",
            "It changes in place, without the key.",
            _given(key=KEY),
            {**WHEN_CHANGED, "task_settings": {"max_tokens": 2048}},
        ),
        Situation(
            "the endpoint is to be absent",
            "Its record is removed, then the endpoint.",
            _given(),
            {**WHEN_CHANGED, "state": "absent"},
        ),
        Situation(
            "a privilege on the index is missing",
            "Nothing is changed. The message names the privilege.",
            seed,
            {**WHEN_CHANGED, **LOGIN},
            _login("manage_inference", "monitor"),
            says=("grant the index privilege read on ansible-inference-fingerprints",),
        ),
        Situation(
            "the index cannot be written to",
            "Nothing is changed.",
            _given(Fault("write_blocked", match=RECORD)),
            WHEN_CHANGED,
            says=("cluster_block_exception",),
        ),
        Situation(
            "the same, after the key was sent",
            "The run fails, since the next one does not know the key, and says so. That one sends it again.",
            _given(Fault("write_blocked", match=RECORD, at=6)),
            WHEN_CHANGED,
            says=("Elasticsearch accepted service_settings.api_key, but the fingerprint was not saved",),
        ),
    ),
    "What cannot change in place": (
        Situation(
            "the model differs",
            "No server can change it. The message names the setting and ``allow_recreate``.",
            options={"service_settings": OTHER_MODEL},
            says=("service_settings.model_id", "allow_recreate=true"),
        ),
        Situation(
            "the model differs, with ``allow_recreate``",
            "The module asks who uses the endpoint. A temporary endpoint proves the new settings. Then the module "
            "deletes the endpoint and creates it again. Undeclared settings are carried over.",
            options={"service_settings": OTHER_MODEL, "allow_recreate": True},
        ),
        Situation(
            "the same, and Anthropic refuses the new model",
            "Anthropic rejects the temporary endpoint. The endpoint was not changed.",
            options={"service_settings": OTHER_MODEL, "allow_recreate": True},
            server={"refused_models": ["claude-opus-4-5"]},
            says=("-ansible-preflight", "model: claude-opus-4-5"),
        ),
        Situation(
            "the same, and a pipeline uses the endpoint",
            "Nothing is deleted. The message names who uses it, and ``force``.",
            _in_use,
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
            says=("pipeline summaries, index articles", "force=true"),
        ),
        Situation(
            "the same, with ``force``",
            "It is re-created.",
            _in_use,
            {"service_settings": OTHER_MODEL, "allow_recreate": True, "force": True},
        ),
        Situation(
            "an earlier run was killed and left its temporary endpoint behind",
            "A run that changes the endpoint deletes it. So does a list run, which reads all endpoints.",
            _left_over,
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
        ),
        Situation(
            "an earlier run was killed after it had deleted the endpoint",
            "The endpoint is created again. The temporary endpoint still has what nobody declared, so this is carried "
            "over. A warning names it.",
            _killed_between_delete_and_create,
            says=("these values are carried over", "task_settings.temperature"),
        ),
        Situation(
            "the endpoint was deleted, and Anthropic is overloaded for a while (529)",
            "The create is retried with growing pauses, even with ``retries: 0``.",
            _fault("provider_refusal", match=rf"PUT .*/{ID}\?", status=529, times=3, exists=True),
            {"service_settings": OTHER_MODEL, "allow_recreate": True, "retries": 0},
            says=("retried 3 times",),
        ),
        Situation(
            "the endpoint was deleted, and creating it fails for good",
            "Its former settings are put back, with the declared key.",
            _fault("provider_refusal", match=rf"PUT .*/{ID}\?", exists=True),
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
            says=("Its previous settings were restored, with the declared service_settings.api_key",),
        ),
        Situation(
            "the same, and putting the former settings back fails, too",
            "The worst. The message says that the endpoint is gone, and with which settings it was there.",
            _fault("provider_refusal", match=rf"PUT .*/{ID}\?", times=2, exists=True),
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
            says=(
                "The endpoint no longer exists",
                "task_settings.max_tokens=1024",
                "-ansible-preflight has a copy of its settings",
            ),
        ),
        Situation(
            "an endpoint that a pipeline uses is to be absent",
            "It stays. The message names who uses it, and ``force``.",
            _in_use,
            {"state": "absent"},
            says=("summaries", "articles", "force=true"),
        ),
    ),
    "Older servers": (
        Situation(
            "the rate limit differs, Elasticsearch 9.4 and newer",
            "It changes in place.",
            options={"service_settings": RATE_LIMIT},
        ),
        Situation(
            "the rate limit differs, Elasticsearch 8.17 to 9.3",
            "The server answers 200 and ignores it. The answer is compared with what was asked, and that is found. "
            "The key had to go along, so that it counts as sent.",
            options={"service_settings": RATE_LIMIT},
            server={"version": "9.3"},
            says=("Elasticsearch 9.3.0 cannot update it in place",),
        ),
        Situation(
            "the same, with ``allow_recreate``",
            "The endpoint is created again.",
            options={"service_settings": RATE_LIMIT, "allow_recreate": True},
            server={"version": "9.3"},
        ),
        Situation(
            "the rate limit differs, Elasticsearch 8.17 to 9.3, in check mode",
            "The refusal is foretold.",
            options={"service_settings": RATE_LIMIT},
            server={"version": "9.3"},
            check=True,
            says=("Elasticsearch 9.3.0 cannot update it in place",),
        ),
        Situation(
            "anything differs, Elasticsearch 8.16",
            "This version has no update. With ``allow_recreate`` the endpoint is created again.",
            options={"task_settings": {"max_tokens": 2048}},
            server={"version": "8.16"},
            says=("Elasticsearch 8.16.0 cannot update it in place", "allow_recreate=true"),
        ),
        Situation(
            "an endpoint has ``top_k``, Elasticsearch 8.16 and 8.17",
            "These versions store it under the name ``top_p``, and cannot read the endpoint again. The message says "
            "how to delete it. Do not set ``top_k`` there.",
            lambda server: seed(server, top_k=1),
            {"task_settings": {"max_tokens": 1024, "top_k": 1}},
            {"version": "8.17"},
            says=("cannot be read", "set state=absent and force=true to delete it"),
        ),
        Situation(
            "the rate limit differs and the key is not declared, Elasticsearch 8.17 to 9.4",
            "Service settings need the key beside them. Elasticsearch 9.3 and earlier are known to reject that, so "
            "nothing is sent.",
            options={"service_settings": {"rate_limit": {"requests_per_minute": 7}}},
            server={"version": "9.3"},
            says=("updating service settings also requires service_settings.api_key",),
        ),
        Situation(
            "a new endpoint has a setting that the server does not know yet",
            "The server refuses it. The message names the setting and the version that knows it.",
            _nothing,
            {"service_settings": {**OTHER_MODEL, "url": "https://gateway.example.com/v1/messages"}},
            {"version": "9.3"},
            says=("upgrade each node to Elasticsearch 9.6 or later, or remove service_settings.url",),
        ),
        Situation(
            "the user may not ask for the version",
            "The newest version is assumed, with a warning. The answer of the server shows whether that was right.",
            options={"task_settings": {"max_tokens": 2048}, **LOGIN},
            server=_login("manage_inference"),
            says=("Assuming the latest version",),
        ),
        Situation(
            "a proxy hides ``GET /``",
            "The newest version is assumed, with a warning.",
            _fault("status", match="GET /$", status=404, html=True, exists=True),
            {"task_settings": {"max_tokens": 2048}},
            says=("Assuming the latest version",),
        ),
    ),
    "Endpoints that cannot be read": (
        Situation(
            "another endpoint cannot be read, so Elasticsearch lists none",
            "The endpoint is created. A warning says which endpoints were checked for the same model.",
            _state("unparsable", ".elser-2-elasticsearch"),
            {"duplicate_model": "warn"},
            says=("duplicate_model was checked only for the task type completion",),
        ),
        Situation(
            "the endpoint itself cannot be read, and is to be absent",
            "It is not changed. The message names ``force``.",
            _state("unparsable", service="anthropic"),
            {"state": "absent"},
            says=("cannot be read", "set force=true to delete it"),
        ),
        Situation(
            "the same, with ``force``",
            "It is deleted.",
            _state("unparsable", service="anthropic"),
            {"state": "absent", "force": True},
        ),
        Situation(
            "the endpoint itself cannot be read, and is to be present, with ``allow_recreate`` and ``force``",
            "A temporary endpoint proves the settings. Then the endpoint is deleted and created as declared.",
            _state("unparsable", service="anthropic"),
            {"allow_recreate": True, "force": True},
        ),
        Situation(
            "an endpoint of another service cannot be read",
            "It is never touched, whatever the policy.",
            _state("unparsable"),
            {"state": "absent", "force": True},
            says=("belongs to another service",),
        ),
        Situation(
            "Elasticsearch has only a part of the endpoint: a read does not find it, a create says that it exists",
            "One create is tried. The message names the state.",
            _state("no_settings"),
            says=("stores only a part of inference endpoint",),
        ),
    ),
    "Networks and busy servers": (
        Situation(
            "the cluster is busy for a moment (429, 502, 503, 504)",
            "The request is sent again, up to ``retries`` times, with growing pauses. A warning says so.",
            _fault("status", status=503, times=2),
            {"retries": 3},
            says=("retried",),
        ),
        Situation(
            "the cluster stays busy",
            "The run fails. It was a read, so nothing was written.",
            _fault("status", status=503, times=99),
            {"retries": 3},
        ),
        Situation(
            "the first of several nodes is down",
            "The next one is asked, and stays the one to be asked.",
            options={"elasticsearch_url": ["http://127.0.0.1:1", "{server}"]},
        ),
        Situation(
            "the first of several nodes has a fault (429, 502, 503, 504), or TLS with it fails",
            "The next node gets the request, and all that follow. A write goes there only if the first node did "
            "nothing (429, 503).",
            first_node=Fault("status", status=503, times=99),
            options={"task_settings": {"max_tokens": 2048}},
            says=("status 503 from",),
        ),
        Situation(
            "Anthropic has a temporary fault (429, 5xx, 529, or no response in time)",
            "Elasticsearch reports it as 400. The write is retried, up to ``retries`` times, with growing pauses.",
            _fault("provider_refusal", match="PUT", status=529, times=3),
            {"retries": 3},
            says=("status 529 from the provider",),
        ),
        Situation(
            "Anthropic stays overloaded",
            "The run fails with its words. Nothing was stored.",
            _fault("provider_refusal", match="PUT", status=529, times=99),
            {"retries": 3},
            says=("The provider is overloaded",),
        ),
        Situation(
            "another update of the endpoint is in progress (409)",
            "The write is retried in the same way. ``force`` does not help, so no message names it.",
            _fault("busy", match="_update", times=2, exists=True),
            {"task_settings": {"max_tokens": 2048}, "retries": 3},
            says=("an update in progress",),
        ),
        Situation(
            "the connection is lost after the server created the endpoint",
            "The endpoint is read again, and found as declared.",
            _fault("reset_after", match="PUT"),
        ),
        Situation(
            "a proxy answers a write with a page, or with half an answer",
            "The endpoint is read again, and decided upon again.",
            _fault("html", match="PUT"),
        ),
        Situation(
            "a proxy gives up on a write (504) while the server goes on",
            "The endpoint is read again, and found as declared.",
            _fault("status_after", match="PUT", status=504, html=True),
        ),
        Situation(
            "the server stores an endpoint and answers with an error",
            "The endpoint is read again, and found as declared.",
            _fault("status_after", match="PUT", status=500),
        ),
        Situation(
            "the answer is a redirect",
            "It is not followed. The message says where it points.",
            _fault("redirect"),
            says=("http://elsewhere.invalid/",),
        ),
        Situation(
            "the answer is a page of a proxy",
            "The run fails, and says that something in front of Elasticsearch answered.",
            _fault("html_before"),
            says=("a proxy or a login page in front of Elasticsearch",),
        ),
    ),
    "Someone else at the same time": (
        Situation(
            "someone else creates the same endpoint first",
            "It is as declared. That is success, and no change of this run.",
            _nothing,
            outrun=seed,
        ),
        Situation(
            "someone else creates the endpoint with other settings first",
            "It is read again, and changed in place.",
            _nothing,
            outrun=lambda server: seed(server, max_tokens=5),
        ),
        Situation(
            "someone else deletes the endpoint before its update",
            "It is read again, and created.",
            options={"task_settings": {"max_tokens": 2048}},
            outrun=lambda server: server.remove(ID),
        ),
        Situation(
            "someone else changes the endpoint before an update that Elasticsearch rejects",
            "It is read again and tried again. What the other changed is not reported as a change of this run.",
            _fault("status", match="_update", status=400, times=99, exists=True),
            {"task_settings": {"max_tokens": 2048}},
            outrun=lambda server: seed(server, max_tokens=50),
        ),
        Situation(
            "someone else deletes the endpoint that is to be absent",
            "It is gone. That is success, and no change of this run.",
            options={"state": "absent"},
            outrun=lambda server: server.remove(ID),
        ),
    ),
    "Refusals": (
        Situation(
            "Anthropic does not take the key",
            "Its words are quoted. Nothing was stored.",
            _nothing,
            server={"refused_keys": [KEY]},
            says=("invalid x-api-key", "set service_settings.api_key to a valid key"),
        ),
        Situation(
            "nobody is logged in (401)",
            "The message names the options for a login.",
            server=_login("manage_inference"),
            says=("elasticsearch_username", "elasticsearch_api_key"),
        ),
        Situation(
            "the privilege to write is missing (403)",
            "The message names the privilege.",
            _nothing,
            LOGIN,
            _login("monitor_inference"),
            says=("manage_inference",),
        ),
        Situation(
            "the licence does not include inference (403)",
            "The message says so.",
            _nothing,
            server={"licensed": False},
            says=("use a license that includes inference",),
        ),
        Situation(
            "an option is wrong",
            "All problems are told in one message, before any request.",
            options={"inference_id": "_all", "task_settings": {"max_tokens": 0}},
            says=("2 problems",),
        ),
    ),
}


def page() -> str:
    """The page as the situations really end."""
    parts = [_HEAD]
    for title, situations in SECTIONS.items():
        parts.append(f"{title}\n{'-' * len(title)}\n")
        parts.append(_TABLE)
        parts.extend(_row(situation) for situation in situations)
        parts.append("")
    return "\n".join(parts)


def _row(situation: Situation) -> str:
    run, requests, _kept = situation.run()
    cells = [situation.when, situation.then, _result(run), _requests(requests)]
    lines = [textwrap.indent(cell, "       ").lstrip() for cell in cells]
    return f"   * - {lines[0]}\n" + "\n".join(f"     - {line}" for line in lines[1:])


def _result(run: Run) -> str:
    action = "" if run.result.get("action", "none") == "none" else f" ({run['action']})"
    changed = f"changed{action}" if run.result.get("changed") else "unchanged"
    return f"**failed**, {changed}" if run.failed else changed


def _requests(requests: list[str]) -> str:
    return str(len(requests)) if requests else "none"


_HEAD = """..
  Copyright: (c) 2026, esops.inference contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

  Written by python -m tests.pages.situations; every row was run.

.. _ansible_collections.esops.inference.docsite.behavior_by_situation:

What happens when ...
=====================

Each row of these tables was run against a simulated server. *Result* is what the run reports: ``changed`` with the
``action``, and whether it failed. A run that fails may have changed something before; it then says so.
*Requests* is how many requests it took.
"""

_TABLE = """.. list-table::
   :header-rows: 1
   :widths: 30 45 15 10

   * - When
     - Then
     - Result
     - Requests"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
