# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report: a table of rows and verdicts, and the expected and observed responses of each contradiction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .verdicts import Result, Row, Verdict

MARKS = {Verdict.CONFIRMED: "+", Verdict.CONTRADICTED: "!", Verdict.NOT_TESTABLE: "?"}
NOT_HELD = "·"
LEGEND = "  ".join([*(f"{mark} {verdict.value}" for verdict, mark in MARKS.items()), f"{NOT_HELD} other versions only"])


def text_report(results: Sequence[Result]) -> list[str]:
    """Return the report as lines for a terminal, with one column per version."""
    versions = list(dict.fromkeys(str(result.version) for result in results))
    table = _verdicts(results) if len(versions) == 1 else _marks(results, versions)
    return [*table, "", *_contradictions(results), *_counts(results)]


def markdown_report(title: str, results: Sequence[Result]) -> str:
    """Return the report as a Markdown page."""
    lines = [f"# {title}", "", *_counts(results), "", "| row | version | verdict | section | statement |"]
    lines.append("|---|---|---|---|---|")
    for result in results:
        row = result.row
        verdict = f"**{result.verdict.value}**" if result.contradiction else result.verdict.value
        detail = f"{verdict}: {result.reason}" if result.reason else verdict
        cells = (row.id, str(result.version), detail, row.section, _statement(row))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    contradictions = _contradictions(results)
    if contradictions:
        lines += ["", "## Contradicted", "", "```text", *contradictions, "```"]
    return "\n".join([*lines, ""])


def _verdicts(results: Sequence[Result]) -> list[str]:
    width = max(len(result.row.id) for result in results)
    wide = max(len(verdict.value) for verdict in Verdict)
    lines = []
    for section, found in _by_section(results):
        lines += ["", section]
        for result in found:
            what = result.reason or _statement(result.row)
            lines.append(f"  {result.row.id:{width}}  {result.verdict.value:{wide}}  {what}")
    return lines


def _marks(results: Sequence[Result], versions: Sequence[str]) -> list[str]:
    width = max(len(result.row.id) for result in results)
    marks = {(result.row.id, str(result.version)): MARKS[result.verdict] for result in results}
    lines = [LEGEND, f"  {'':{width}}  {'  '.join(versions)}"]
    for section, found in _by_section(results):
        lines += ["", section]
        for row_id in dict.fromkeys(result.row.id for result in found):
            cells = [f"{marks.get((row_id, version), NOT_HELD):^{len(version)}}" for version in versions]
            lines.append(f"  {row_id:{width}}  {'  '.join(cells)}".rstrip())
    return lines


def _by_section(results: Sequence[Result]) -> Iterable[tuple[str, list[Result]]]:
    for section in dict.fromkeys(result.row.section for result in results):
        yield section, [result for result in results if result.row.section == section]


def _statement(row: Row) -> str:
    return f"{row.statement} (derived)" if row.derived else row.statement


def _contradictions(results: Sequence[Result]) -> list[str]:
    lines: list[str] = []
    for result in results:
        if result.contradiction:
            lines += [*contradiction_lines(result), ""]
    return lines


def contradiction_lines(result: Result) -> list[str]:
    """Return one contradiction: the row, the request, and both responses."""
    row, contradiction = result.row, result.contradiction
    assert contradiction, "only contradictions have two responses"
    return [
        f"{row.id} on {result.version}: {_statement(row)}",
        f"  section:   {row.section} in elasticsearch.md, for {row.holds}",
        f"  source:    {row.source}",
        f"  request:   {contradiction.request}",
        f"  expected:  {contradiction.expected}",
        f"  observed:  {contradiction.observed}",
    ]


def _counts(results: Sequence[Result]) -> list[str]:
    counts = Counter(result.verdict for result in results)
    rows, versions = len({result.row.id for result in results}), len({str(result.version) for result in results})
    derived = len({result.row.id for result in results if result.row.derived})
    verdicts = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict)
    return [f"{rows} rows ({derived} derived) on {versions} version{'s' * (versions > 1)}: {verdicts}."]
