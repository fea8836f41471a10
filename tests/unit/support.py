# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs modules in this process, as ansible-core would run them in one of their own."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings as ansible_warnings

from tests.simulator import Simulator

KEY = "sk-ant-declared/key+1"
FORMER_KEY = "sk-ant-former-key"
MODEL = "claude-sonnet-4-5"
ID = "anthropic_completion"

#: The body of the documentation's example, and the endpoint that comes of it.
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


@dataclass(frozen=True)
class Run:
    """What a module printed: its result, and everything as it stood there."""

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
    """Runs C(main) of a module with these options and returns what it printed."""
    internal = {"_ansible_check_mode": check, "_ansible_diff": diff, "_ansible_verbosity": verbosity}
    module = importlib.import_module(f"ansible_collections.esops.inference.plugins.modules.{name}")
    printed = io.StringIO()
    with _arguments({**options, **internal}), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    return Run(json.loads(printed.getvalue()), printed.getvalue())


def endpoint(server: Simulator, *, check: bool = False, diff: bool = False, **options: Any) -> Run:
    """Runs anthropic_endpoint against a server, for the endpoint of the documentation unless told otherwise."""
    options = {"elasticsearch_url": server.url, "inference_id": ID, "retries": 0, **options}
    return run_module("anthropic_endpoint", options, check=check, diff=diff)


def endpoints(server: Simulator, *, check: bool = False, diff: bool = False, **options: Any) -> Run:
    """Runs anthropic_endpoints against a server."""
    options = {"elasticsearch_url": server.url, "retries": 0, **options}
    return run_module("anthropic_endpoints", options, check=check, diff=diff)


def seed(server: Simulator, inference_id: str = ID, **settings: Any) -> None:
    """Puts the endpoint of the documentation onto the server; C(settings) go to its task settings."""
    server.seed(
        inference_id,
        service_settings={"model_id": MODEL, "rate_limit": {"requests_per_minute": 50}},
        task_settings={"max_tokens": 1024, **settings},
        secret=FORMER_KEY,
    )


@contextlib.contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Sets variables for a while."""
    with mock.patch.dict(os.environ, variables):
        yield


@contextlib.contextmanager
def _arguments(options: dict[str, Any]) -> Iterator[None]:
    """Hands options over as ansible-core does; since 2.19 it names the serialization, too."""
    with contextlib.ExitStack() as stack:
        arguments = json.dumps({"ANSIBLE_MODULE_ARGS": options}).encode()
        stack.enter_context(mock.patch.object(basic, "_ANSIBLE_ARGS", arguments))
        if hasattr(basic, "_ANSIBLE_PROFILE"):
            stack.enter_context(mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy"))
        stack.enter_context(mock.patch.object(ansible_warnings, "_global_warnings", _none_yet()))
        yield


def _none_yet() -> Any:
    return type(ansible_warnings._global_warnings)()


def _text(warning: Any) -> str:
    """A warning is a text up to 2.18 and an event since."""
    return str(warning if isinstance(warning, str) else warning["event"]["msg"])
