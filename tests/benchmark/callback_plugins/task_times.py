# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback plugin that writes the duration of each task, from its start to its result, as a line of JSON."""

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
short_description: Write the duration of each task
description:
  - Writes a line of JSON for each task to the file that the environment variable E(BENCHMARK_TASK_TIMES) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """A callback for plays with one host, in which tasks do not overlap."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002
        """Store the name and the start time of the task."""
        self._name = task.get_name()
        self._began = time.perf_counter()

    def v2_runner_on_ok(self, result: Any) -> None:  # noqa: ARG002
        """Write the duration of the task, including all iterations of its loop."""
        seconds = time.perf_counter() - self._began
        with Path(os.environ["BENCHMARK_TASK_TIMES"]).open("a") as file:
            file.write(json.dumps({"task": self._name, "seconds": seconds}) + "\n")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Write the duration of a task whose iterations were all skipped."""
        self.v2_runner_on_ok(result)
