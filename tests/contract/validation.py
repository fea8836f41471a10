# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster setting that makes a cluster create endpoints without a call to the provider.

It is `InferencePlugin.SKIP_VALIDATE_AND_START` in the server's source: a dynamic setting of the cluster.
"""

from __future__ import annotations

from typing import Any, Protocol

from .connection import Answer
from .expectations import NotTestable

SETTING = "xpack.inference.skip_validate_and_start"
SETTINGS_PATH = "/_cluster/settings"


class Send(Protocol):
    """A function that sends a request."""

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        """Send the request. Raises NotTestable."""


class ValidationSetting:
    """The initial and the current value of the setting. It is changed only if a row requires another value."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._level = "persistent"
        self._former: Any = None
        self._skips: bool | None = None
        self._unchangeable = ""
        self._changed = False

    def unavailable(self, *, skip: bool) -> str:
        """Change the setting. Return the reason if that is not possible, or an empty string."""
        self._read()
        if self._skips != skip and not self._unchangeable:
            self._unchangeable = self._put(skip)
        return self._unchangeable if self._skips != skip else ""

    def restore(self) -> str:
        """Restore the initial value of the setting. Return a message if that failed."""
        if not self._changed:
            return ""
        problem = self._put(self._former)
        return f"{SETTING} is still {self._skips}: {problem}" if problem else ""

    def _read(self) -> None:
        if self._skips is not None:
            return
        self._skips = False  # the default
        try:
            answer = self._send("GET", f"{SETTINGS_PATH}?flat_settings=true")
        except NotTestable as reason:
            self._unchangeable = f"cannot read the setting {SETTING} ({reason})"
            return
        if answer.status != 200:
            self._unchangeable = f"the cluster does not return its settings ({answer.status})"
            return
        for level in ("persistent", "transient"):  # a transient one takes precedence
            former = (answer.body.get(level) or {}).get(SETTING)
            if former is not None:
                self._level, self._former = level, former
                self._skips = str(former) == "true"

    def _put(self, value: Any) -> str:
        self._changed = True  # before the request: its response may never arrive
        try:
            answer = self._send("PUT", SETTINGS_PATH, {self._level: {SETTING: value}})
        except NotTestable as reason:
            return f"cannot change the setting {SETTING} ({reason})"
        if answer.status != 200:
            return f"the cluster rejects the setting {SETTING} ({answer.status})"
        self._skips = str(value).lower() == "true"
        return ""
