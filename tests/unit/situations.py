# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The situations of the page "What happens when", each really run against the simulator.

C(python -m tests.unit.situations) writes the page anew; a test holds it against what happens.
"""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from ansible_collections.esops.inference.plugins.module_utils import client
from ansible_collections.esops.inference.plugins.module_utils.fingerprints import Fingerprints
from ansible_collections.esops.inference.plugins.module_utils.inference import Inference
from tests.simulator import Fault, Security, Simulator
from tests.unit.support import DOCUMENTED, FORMER_KEY, ID, KEY, MODEL, Run, endpoint, seed

PAGE = Path(__file__).parents[2] / "docs" / "docsite" / "rst" / "what_happens_when.rst"

OTHER_MODEL = {"api_key": KEY, "model_id": "claude-opus-4-5"}
WHEN_CHANGED = {"update_api_key": "when_changed"}
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
        mock.patch.object(Fingerprints, "sent", side_effect=KeyboardInterrupt),
        contextlib.suppress(KeyboardInterrupt),
    ):
        endpoint(server, **DOCUMENTED, **WHEN_CHANGED)


def _made_anew(server: Simulator) -> None:
    server.remove(ID)
    server.seed(ID, service_settings={"model_id": OTHER_MODEL["model_id"]}, task_settings={"max_tokens": 1024})


def _foreign(server: Simulator) -> None:
    server.seed(ID, service="openai", service_settings={"model_id": "gpt"})


def _twin(server: Simulator) -> None:
    seed(server, "older")


@dataclass(frozen=True)
class Situation:
    """One row of the page.

    :ivar when: what the user meets.
    :ivar then: what the run does about it, for people; what it reports is measured.
    :ivar outrun: what someone else does between the read and the write.
    :ivar says: what the message, or a warning, has to hold so that C(then) is true.
    """

    when: str
    then: str
    arrange: Callable[[Simulator], None] = seed
    options: dict[str, Any] = field(default_factory=dict)
    server: dict[str, Any] = field(default_factory=dict)
    outrun: Callable[[Simulator], None] | None = None
    check: bool = False
    says: tuple[str, ...] = ()

    def run(self) -> tuple[Run, list[str], bool]:
        """The run, its requests, and whether an endpoint that was there still works as before or as declared."""
        with Simulator(**self.server) as server, self._someone_else(server):
            self.arrange(server)
            before = server.endpoints.get(ID)
            options = {**DOCUMENTED, "duplicate_model": "allow", **self.options}
            if "elasticsearch_url" in options:
                options["elasticsearch_url"] = [url.format(server=server.url) for url in options["elasticsearch_url"]]
            with mock.patch.object(client.Retry, "sleep", return_value=None):
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
            says=("needs service_settings.api_key",),
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
            "the declared key is another one, with ``update_api_key=on_create``",
            "Nobody can see that: no server shows its key. Nothing happens.",
        ),
        Situation(
            "``update_api_key=always``",
            "The key is sent on every run, and a change is reported every time.",
            options={"update_api_key": "always"},
        ),
        Situation("the endpoint is to be absent", "It is deleted.", options={"state": "absent"}),
        Situation("the endpoint is to be absent, and is", "One read.", _nothing, {"state": "absent"}),
        Situation(
            "another endpoint serves the same model, with ``duplicate_model=warn``",
            "The endpoint is created, with a warning that names the other one.",
            _twin,
            {"duplicate_model": "warn"},
            says=("older already serves the model",),
        ),
        Situation(
            "another endpoint serves the same model, with ``duplicate_model=fail``",
            "Nothing is created.",
            _twin,
            {"duplicate_model": "fail"},
            says=("older already serves the model",),
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
            "the declared key is the one that the endpoint was given last, with ``update_api_key=when_changed`` here "
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
            says=("needs the index privilege read on ansible-inference-fingerprints",),
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
            says=("The server has taken the API key, but its fingerprint is not stored",),
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
            "Who uses the endpoint is asked, a throw-away endpoint proves the new settings, "
            "then the endpoint is deleted and created again. Undeclared settings are carried over.",
            options={"service_settings": OTHER_MODEL, "allow_recreate": True},
        ),
        Situation(
            "the same, and Anthropic refuses the new model",
            "The throw-away endpoint meets the refusal. The endpoint is left as it was.",
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
            "It is created again all the same.",
            _in_use,
            {"service_settings": OTHER_MODEL, "allow_recreate": True, "force": True},
        ),
        Situation(
            "an earlier run was killed and left its throw-away endpoint behind",
            "It is removed.",
            _left_over,
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
        ),
        Situation(
            "the endpoint was deleted, and creating it fails for good",
            "Its former settings are put back, with the declared key.",
            _fault("provider_refusal", match=f"PUT .*/{ID}$", exists=True),
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
            says=("Its former settings are in place again, with the API key that was declared",),
        ),
        Situation(
            "the same, and putting the former settings back fails, too",
            "The worst. The message says that the endpoint is gone, and with which settings it was there.",
            _fault("provider_refusal", match=f"PUT .*/{ID}$", times=2, exists=True),
            {"service_settings": OTHER_MODEL, "allow_recreate": True},
            says=("THE ENDPOINT IS GONE", "task_settings.max_tokens=1024"),
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
            says=("Elasticsearch 9.3.0 does not change it in place",),
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
            says=("Elasticsearch 9.3.0 does not change it in place",),
        ),
        Situation(
            "anything differs, Elasticsearch 8.16",
            "This version has no update. With ``allow_recreate`` the endpoint is created again.",
            options={"task_settings": {"max_tokens": 2048}},
            server={"version": "8.16"},
            says=("Elasticsearch 8.16.0 does not change it in place", "allow_recreate=true"),
        ),
        Situation(
            "``top_k`` is declared, Elasticsearch 8.16 and 8.17",
            "They show it under the name ``top_p``. It is recognised.",
            lambda server: seed(server, top_k=1),
            {"task_settings": {"max_tokens": 1024, "top_k": 1}},
            {"version": "8.17"},
        ),
        Situation(
            "a new endpoint has a setting that the server does not know yet",
            "The server refuses it. The message names the setting and the version that knows it.",
            _nothing,
            {"service_settings": {**OTHER_MODEL, "url": "https://gateway.example.com/v1/messages"}},
            {"version": "9.3"},
            says=("service_settings.url requires Elasticsearch 9.6 or later",),
        ),
        Situation(
            "the user may not ask for the version",
            "The newest version is assumed, with a warning. The answer of the server shows whether that was right.",
            options={"task_settings": {"max_tokens": 2048}, **LOGIN},
            server=_login("manage_inference"),
            says=("the newest is assumed",),
        ),
    ),
    "Networks and busy servers": (
        Situation(
            "the cluster is busy for a moment (429, 502, 503, 504)",
            "The request is sent again, up to ``retries`` times, with growing pauses. A warning says so.",
            _fault("status", status=503, times=2),
            {"retries": 3},
            says=("sent again",),
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
            says=("invalid x-api-key", "Set a valid one as service_settings.api_key"),
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
            says=("license of the cluster",),
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

  Written by python -m tests.unit.situations; every row was run.

.. _ansible_collections.esops.inference.docsite.what_happens_when:

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
