# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for the drift report, which combines check-mode results of the modules for lists of endpoints.

The filters do not compare settings. Differences come from the results of the modules.
"""

from __future__ import annotations

import json
import re
import textwrap
from itertools import zip_longest
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Sequence

import yaml
from ansible.release import __version__ as ansible_core_version

#: Version of the report format. Increase it for incompatible changes.
FORMAT_VERSION = 1

#: States of an endpoint, with their names in the summary of a module.
STATES = {
    "as_declared": "unchanged",
    "created": "created",
    "updated": "updated",
    "recreated": "recreated",
    "deleted": "deleted",
    "failed": "failed",
}

#: Labels of the states in the table. Check mode does not change anything.
_LABELS = {
    "as_declared": "in sync",
    "created": "would create",
    "updated": "would update",
    "recreated": "would re-create",
    "deleted": "would delete",
    "failed": "failed",
}

_HEADINGS = ("Cluster", "Endpoint", "State", "Difference")

#: Maximum widths of the first columns. The last column uses the rest of the line.
_MAX_WIDTHS = (14, 22, 15)

_SEPARATOR = "  "

Row = Sequence[str]


def drift_report(results: Mapping[str, Mapping[str, Any]], made: str) -> dict[str, Any]:
    """Return the report of all clusters. C(docs/docsite/rst/drift_reports.rst) documents the format.

    :param results: module results by cluster name.
    :param made: time of the report, in UTC.
    """
    clusters = [_cluster(name, results[name]) for name in sorted(results)]
    counts = {state: sum(cluster["counts"][state] for cluster in clusters) for state in STATES}
    not_compared = sum(cluster["state"] != "compared" for cluster in clusters)
    return {
        "version": FORMAT_VERSION,
        "made": made,
        "made_with": {"ansible_core": ansible_core_version, "collection": _collection_version()},
        "drift": any(cluster["drift"] for cluster in clusters),
        "counts": {"clusters": len(clusters), "clusters_not_compared": not_compared, **counts},
        "clusters": clusters,
    }


def _collection_version() -> str:
    """Return the version of this collection, installed or in a checkout."""
    root = Path(__file__).parents[2]
    manifest = root / "MANIFEST.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    return str(yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"])


def _cluster(name: str, result: Mapping[str, Any]) -> dict[str, Any]:
    summary = result.get("summary")
    counts = {state: summary[name] if summary else 0 for state, name in STATES.items()}
    return {
        "name": name,
        "state": "compared" if summary else "unreachable" if result.get("unreachable") else "failed",
        "msg": None if summary else result.get("msg", "The module did not return a result."),
        "warnings": list(result.get("warnings", ())),
        "drift": not summary or sum(counts.values()) > counts["as_declared"],
        "counts": counts,
        "endpoints": sorted(_endpoints(result), key=lambda endpoint: str(endpoint["inference_id"])),
    }


def _endpoints(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the endpoints of a cluster. The diffs have the order of the changed results."""
    diffs = iter(result.get("diff", ()))
    for one in result.get("results", ()):
        diff: Mapping[str, Any] = next(diffs, {}) if one["changed"] else {}
        action = "as_declared" if one["action"] == "none" else one["action"]
        yield {
            "inference_id": one["inference_id"],
            "service": _service(one, diff),
            "state": "failed" if one.get("failed") else action,
            "msg": one.get("msg"),
            "changes": list(_changes(one, diff)),
            "endpoint": one.get("endpoint"),
        }


def _service(one: Mapping[str, Any], diff: Mapping[str, Any]) -> str | None:
    """Return the service of an endpoint, or None if the module did not return it."""
    shown = (one.get("endpoint"), diff.get("before"), diff.get("after"))
    return next((endpoint["service"] for endpoint in shown if endpoint and endpoint.get("service")), None)


def _changes(one: Mapping[str, Any], diff: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield both values of each setting that differs. For an endpoint to delete, yield all settings."""
    before, after = _flatten(diff.get("before") or {}), _flatten(diff.get("after") or {})
    for setting in before if one["action"] == "deleted" else one.get("changes") or ():
        if setting not in ("inference_id", "service"):
            yield {"setting": setting, "before": before.get(setting), "after": after.get(setting)}


def _flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat.update(_flatten(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name: value})
    return flat


def drift_table(report: Mapping[str, Any], width: int = 79) -> list[str]:
    """Return the lines of a table with all differences, and a sentence with the counts.

    If the endpoints belong to several services, the table also shows the service of each endpoint.

    :param width: maximum length of a line. The default callback plugin adds 11 characters.
    """
    services = {endpoint.get("service") for cluster in report["clusters"] for endpoint in cluster["endpoints"]}
    mixed = len(services - {None}) > 1
    rows = [row for cluster in report["clusters"] for row in _rows(cluster, mixed)]
    columns = list(zip(_HEADINGS, *rows))
    widths = [min(most, max(map(len, cells))) for most, cells in zip(_MAX_WIDTHS, columns)]
    widths.append(width - sum(widths) - len(_SEPARATOR) * len(widths))
    lines = [*_wrap_row(_HEADINGS, widths), _SEPARATOR.join("-" * column for column in widths)]
    for row in rows:
        lines += _wrap_row(row, widths)
    return [*lines, "", *textwrap.wrap(_summarize(report["counts"]), width)]


def _rows(cluster: Mapping[str, Any], mixed: bool) -> Iterator[Row]:
    """Yield the rows of a cluster. Endpoints that are in sync are only counted, to emphasize differences."""
    name, in_sync = cluster["name"], cluster["counts"]["as_declared"]
    if cluster["msg"] is not None:
        yield name, "", cluster["state"], cluster["msg"]
    elif in_sync or not cluster["endpoints"]:
        yield name, _pluralize(in_sync, "endpoint"), _LABELS["as_declared"], ""
    for endpoint in cluster["endpoints"]:
        if endpoint["state"] != "as_declared":
            of_service = f" ({endpoint['service']})" if mixed and endpoint.get("service") else ""
            yield (
                name,
                endpoint["inference_id"] + of_service,
                _LABELS[endpoint["state"]],
                _describe_difference(endpoint),
            )


def _describe_difference(endpoint: Mapping[str, Any]) -> str:
    if endpoint["state"] == "created":
        return "does not exist"
    if endpoint["state"] == "deleted":
        return "exists"
    changes = [
        f"{one['setting']}: {_format_value(one['before'])} -> {_format_value(one['after'])}"
        for one in endpoint["changes"]
    ]
    return "\n".join(changes if endpoint["msg"] is None else [endpoint["msg"], *changes])


def _format_value(value: Any) -> str:
    return "(none)" if value is None else str(value)


def _pluralize(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _summarize(counts: Mapping[str, int]) -> str:
    missing = f" ({counts['clusters_not_compared']} not compared)" if counts["clusters_not_compared"] else ""
    endpoints = _pluralize(sum(counts[state] for state in STATES), "endpoint")
    states = ", ".join(f"{_LABELS[state]}: {counts[state]}" for state in STATES if counts[state])
    return f"{_pluralize(counts['clusters'], 'cluster')}{missing}, {endpoints}. {states.capitalize()}".strip()


class _Wrapper(textwrap.TextWrapper):
    """Text wrapper that breaks long words, such as paths, URLs, and IDs, only after dots, slashes, and hyphens."""

    def _split(self, text: str) -> list[str]:
        parts: list[str] = []
        for word in re.split(r"(\s+)", text):
            parts += re.split(r"(?<=[./-])", word) if len(word) > self.width else [word]
        return [part for part in parts if part]


def _wrap_row(row: Row, widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of one row. Each line of a cell is wrapped to the width of its column."""
    wrapped = [
        [part for line in cell.splitlines() for part in _Wrapper(width).wrap(line)] for cell, width in zip(row, widths)
    ]
    for parts in zip_longest(*wrapped, fillvalue=""):
        yield _SEPARATOR.join(f"{part:{width}}" for part, width in zip(parts, widths)).rstrip()


class FilterModule:
    """Entry point for ansible-core."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"drift_report": drift_report, "drift_table": drift_table}
