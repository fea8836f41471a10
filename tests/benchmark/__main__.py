# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run all benchmarks, check the targets, and write the page of the documentation."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.artifact import ROOT
from tests.pages import readme

from . import cases, report
from .targets import targets


def main(arguments: list[str]) -> int:
    """Return the exit status: 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure roughly and do not write the page")
    quick = parser.parse_args(arguments).quick
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True)

    with tempfile.TemporaryDirectory(prefix="benchmark-") as home:
        figures = cases.measure(cases.QUICK if quick else cases.Plan(), Path(home), say)
    figures.minutes = (time.monotonic() - began) / 60
    checked = list(targets(figures))
    for finding in report.findings(figures):
        print(f"\n{report.plain(finding)}")
    for table in report.tables(figures, checked):
        print(f"\n{table.text()}")
    if not quick:
        readme.BENCHMARK.write_text(report.page(figures, checked), encoding="utf-8")
        readme.README.write_text(readme.updated(readme.README.read_text()))
        for path in (readme.BENCHMARK, readme.README):
            print(f"\nWritten to {path.relative_to(ROOT)}")
    missed = [target for target in checked if not target.met]
    rough = " These are rough figures." if quick else ""
    print(f"\n{len(checked) - len(missed)} of {len(checked)} targets met.{rough}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
