# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Python with the given arguments, as Ansible runs its interpreter, and measure the process.

The file BENCHMARK_USAGE (an environment variable) receives a line of JSON with the CPU time in seconds and the peak
memory in bytes, as measured by the operating system.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Return the exit status of the process."""
    process = os.posix_spawn(sys.executable, [sys.executable, *arguments], os.environ)
    _process, status, used = os.wait4(process, 0)
    memory = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    line = json.dumps({"cpu": used.ru_utime + used.ru_stime, "memory": memory})
    with Path(os.environ["BENCHMARK_USAGE"]).open("a") as file:
        file.write(line + "\n")
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
