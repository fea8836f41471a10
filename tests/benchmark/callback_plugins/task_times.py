# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes how long each task took, from the moment ansible-core begins it to its result: a line of JSON each."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: task_times
type: aggregate
short_description: Writes how long each task took
description:
  - Writes a line of JSON for each task to the file that the environment variable E(BENCHMARK_TASK_TIMES) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """For plays with one host, where tasks do not overlap."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        """The task begins."""
        self._name = task.get_name()
        self._began = time.perf_counter()

    def v2_runner_on_ok(self, result: Any) -> None:  # noqa: ARG002
        """The result of the task, of all turns of its loop, is there."""
        seconds = time.perf_counter() - self._began
        with Path(os.environ["BENCHMARK_TASK_TIMES"]).open("a") as file:
            file.write(json.dumps({"task": self._name, "seconds": seconds}) + "\n")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """All turns of its loop were skipped."""
        self.v2_runner_on_ok(result)
