# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers that run modules within the test process."""

from __future__ import annotations

import base64
import contextlib
import importlib
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import quote, quote_plus

import pytest
from ansible.module_utils import basic
from ansible.module_utils.common import warnings as ansible_warnings

from tests.simulator import Simulator

KEY = "sk-ant-declared/key+1"
FORMER_KEY = "sk-ant-former-key"
#: Secrets that no run may show.
SECRETS = (KEY, FORMER_KEY)
MODEL = "claude-sonnet-4-5"
ID = "anthropic_completion"

#: Request body of the example in Elastic's documentation, and the resulting endpoint.
DOCUMENTED: dict[str, Any] = {
    "service": "anthropic",
    "service_settings": {"api_key": KEY, "model_id": MODEL},
    "task_settings": {"max_tokens": 1024},
}
STORED: dict[str, Any] = {
    "inference_id": ID,
    "task_type": "completion",
    "service": "anthropic",
    "service_settings": {"model_id": MODEL, "rate_limit": {"requests_per_minute": 50}},
    "task_settings": {"max_tokens": 1024},
}


#: Requests for this endpoint, as in the log of a simulated server.
READ = f"GET /_inference/{ID}"
VERSION = "GET /"
OTHERS = "GET /_inference/_all"
DELETE = f"DELETE /_inference/completion/{ID}"
#: Query string that verifies that query strings reach Elasticsearch, before a dry run is sent.
PROOF_QUERY = "?filter_path=endpoints.inference_id"
REFERENCES = [f"GET /_inference/completion/{ID}{PROOF_QUERY}", f"{DELETE}?dry_run=true"]
TRIAL_READ = f"GET /_inference/{ID}-ansible-preflight"
TRIAL_REMOVAL = f"DELETE /_inference/completion/{ID}-ansible-preflight?force=true"

#: Timeout of the server for the provider, with the default timeout of the client.
LIMIT = "?timeout=120s"
WITHOUT_LIMIT_OF_CREATES = ("unknown", "8.16", "8.17", "8.18", "9.0")
WITHOUT_LIMIT_OF_UPDATES = (*WITHOUT_LIMIT_OF_CREATES, "8.19", "9.1", "9.2", "9.3", "9.4")


def create_request(inference_id: str = ID, version: str = "9.6") -> str:
    """Return the create request of an endpoint, as in the log of a server of this version."""
    limit = "" if version in WITHOUT_LIMIT_OF_CREATES else LIMIT
    return f"PUT /_inference/completion/{inference_id}{limit}"


def update_request(inference_id: str = ID, version: str = "9.6") -> str:
    """Return the update request of an endpoint, as in the log of a server of this version."""
    limit = "" if version in WITHOUT_LIMIT_OF_UPDATES else LIMIT
    return f"PUT /_inference/completion/{inference_id}/_update{limit}"


def trial_request(version: str = "9.6") -> str:
    """Return the create request of the temporary endpoint."""
    return create_request(f"{ID}-ansible-preflight", version)


@dataclass(frozen=True)
class Run:
    """The output of a module: its result and the original text."""

    result: dict[str, Any]
    output: str

    def __getitem__(self, name: str) -> Any:
        return self.result[name]

    def __contains__(self, name: str) -> bool:
        return name in self.result

    @property
    def failed(self) -> bool:
        return bool(self.result.get("failed"))

    @property
    def warnings(self) -> list[str]:
        return [_text(warning) for warning in self.result.get("warnings", [])]


def run_module(
    name: str, options: Mapping[str, Any], *, check: bool = False, diff: bool = False, verbosity: int = 4
) -> Run:
    """Run C(main) of a module, check that the output does not contain a secret, and return the output."""
    internal = {"check_mode": check, "diff": diff, "verbosity": verbosity, "module_name": f"esops.inference.{name}"}
    if "inject_invocation" in basic.PASS_VARS:
        # Newer versions of ansible-core return the options only with this setting.
        internal["inject_invocation"] = True
    arguments = {**options, **{f"_ansible_{name}": value for name, value in internal.items()}}
    module = importlib.import_module(f"ansible_collections.esops.inference.plugins.modules.{name}")
    printed = io.StringIO()
    with _arguments(arguments), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    output = printed.getvalue()
    found = find_leaks(output)
    assert not found, f"The output contains {found}."
    return Run(json.loads(output), output)


def find_leaks(output: str, secrets: Iterable[str] = SECRETS) -> list[str]:
    """Return the forms of secrets that occur in an output in JSON."""
    shown = [form for secret in secrets for form in forms(secret)]
    return [form for form in shown if form in output or json.dumps(form)[1:-1] in output]


def forms(secret: str) -> list[str]:
    """Return all forms that a secret can have in a text."""
    raw = secret.encode()
    encoded = [base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()]
    in_json = [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    in_urls = [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    return [secret, *in_json, *in_urls, *(form.rstrip("=") for form in encoded)]


def capture_log(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Capture the system log from now on."""
    logged: list[str] = []
    monkeypatch.setattr(
        basic.AnsibleModule, "log", lambda _module, msg, log_args=None: logged.append(f"{msg} {log_args}")
    )
    return logged


def offline(**options: Any) -> Run:
    """Run anthropic_endpoint without a server, for errors that are found before any request."""
    return run_module("anthropic_endpoint", {"inference_id": ID, **options})


def message(**options: Any) -> str:
    """Return the error message of such a run, which contains nothing else."""
    failed = offline(**options)
    assert failed.result.keys() == {"failed", "msg"}
    return str(failed["msg"])


def endpoint(server: Simulator, *, check: bool = False, diff: bool = False, **options: Any) -> Run:
    """Run anthropic_endpoint against a server, by default for the endpoint of the documentation."""
    options = {"elasticsearch_url": server.url, "inference_id": ID, "retries": 0, **options}
    return run_module("anthropic_endpoint", options, check=check, diff=diff)


def endpoints(server: Simulator, *, check: bool = False, diff: bool = False, **options: Any) -> Run:
    """Run anthropic_endpoints against a server."""
    options = {"elasticsearch_url": server.url, "retries": 0, **options}
    return run_module("anthropic_endpoints", options, check=check, diff=diff)


def info(server: Simulator, *, check: bool = False, **options: Any) -> Run:
    """Run endpoint_info against a server."""
    options = {"elasticsearch_url": server.url, "retries": 0, **options}
    return run_module("endpoint_info", options, check=check)


def seed(server: Simulator, inference_id: str = ID, **settings: Any) -> None:
    """Create the endpoint of the documentation on the server, with additional task settings."""
    server.seed(
        inference_id,
        service_settings={"model_id": MODEL, "rate_limit": {"requests_per_minute": 50}},
        task_settings={"max_tokens": 1024, **settings},
        secret=FORMER_KEY,
    )


@contextlib.contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Set environment variables temporarily."""
    with mock.patch.dict(os.environ, variables):
        yield


@contextlib.contextmanager
def _arguments(options: dict[str, Any]) -> Iterator[None]:
    """Pass options like ansible-core, which also sets the serialization since 2.19."""
    with contextlib.ExitStack() as stack:
        arguments = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
        stack.enter_context(mock.patch.object(basic, "_ANSIBLE_ARGS", arguments))
        if hasattr(basic, "_ANSIBLE_PROFILE"):
            stack.enter_context(mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy"))
        stack.enter_context(mock.patch.object(ansible_warnings, "_global_warnings", _empty_warnings()))
        yield


def _empty_warnings() -> Any:
    return type(ansible_warnings._global_warnings)()


def _text(warning: Any) -> str:
    """Return the text of a warning, which is a string up to ansible-core 2.18 and an event since."""
    return str(warning if isinstance(warning, str) else warning["event"]["msg"])
