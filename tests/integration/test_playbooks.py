# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of the playbooks of the collection: a run makes exactly the changes that the drift report predicts."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import tarfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
import yaml

from ansible_collections.esops.inference.plugins.filter.drift import drift_table
from tests.integration.harness import SECRETS, Played, find_leaks, run_playbook
from tests.simulator import Security, Simulator

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs/docsite/rst/drift_reports.rst"
EXAMPLES = ROOT / "docs/examples"
APPLY, REPORT = "esops.inference.anthropic", "esops.inference.anthropic_report"
API_KEY = f"playbooks:{SECRETS['secret_api_key']}"
MODEL = "claude-sonnet-4-5"
COUNTS = ("clusters", "clusters_not_compared", "as_declared", "created", "updated", "recreated", "deleted", "failed")
READ_ALL = "GET /_inference/_all"

#: Code that a browser or ansible-core would execute if it were not escaped.
SCRIPT = "<script>alert(1)</script>"
TEMPLATE = "{{ lookup('ansible.builtin.env', 'HOME') }}"
HOSTILE = f"\"'><img src=x onerror=alert(1)>&amp;{SCRIPT}{TEMPLATE}"


def simulator(**options: Any) -> Simulator:
    return Simulator(security=Security(api_keys={API_KEY: ("all",)}), **options)


def seed(server: Simulator, inference_id: str, model: str = MODEL, limit: int = 50, **task_settings: Any) -> None:
    settings = {"model_id": model, "rate_limit": {"requests_per_minute": limit}}
    server.seed(inference_id, service_settings=settings, task_settings={"max_tokens": 1024, **task_settings})


def play(
    playbook: str, home: Path, hosts: Mapping[str, Mapping[str, Any]], *arguments: str, **environment: str
) -> Played:
    """Run a playbook of the collection for these hosts with their variables. The report is written to `home`."""
    home.mkdir()
    common = {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "anthropic_elasticsearch_api_key": API_KEY,
        "anthropic_retries": 0,
        "anthropic_api_key": SECRETS["secret_anthropic_key"],
        "anthropic_model_id": MODEL,
        "anthropic_max_tokens": 1024,
        "anthropic_duplicate_model": "allow",
    }
    inventory = home.with_suffix(".yml")
    inventory.write_text(yaml.safe_dump({"clusters": {"hosts": dict(hosts), "vars": common}}))
    directory = f"anthropic_report_directory={home / 'report'}"
    return run_playbook(["-i", inventory, playbook, "-e", directory, *arguments], home, **environment)


def report_in(home: Path, role: str = "anthropic") -> dict[str, Any]:
    """Load the JSON report. It must be sorted and end with a newline."""
    text = (home / f"report/{role}_report.json").read_text()
    report: dict[str, Any] = json.loads(text)
    assert text == json.dumps(report, indent=2, sort_keys=True) + "\n"
    return report


def page_in(home: Path, role: str = "anthropic") -> Element:
    return parsed((home / f"report/{role}_report.html").read_text())


def parsed(text: str) -> Element:
    """Parse the page. It must be valid HTML without scripts and external resources."""
    page: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    elements = list(page.iter())
    assert {"script", "link", "img", "iframe", "object", "base", "form"} & {
        element.tag for element in elements
    } == set()
    attributes = [(name, value) for element in elements for name, value in element.items()]
    assert [name for name, _value in attributes if name.startswith("on") or name == "src"] == []
    assert [value for _name, value in attributes if "//" in value] == []
    ids = [value for name, value in attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value for name, value in attributes if name == "href"} <= {f"#{name}" for name in ids}
    [style] = page.findall("head/style")
    assert not re.search(r"url\(|@import|//", style.text or "")
    [policy] = page.findall("head/meta[@http-equiv='Content-Security-Policy']")
    assert policy.get("content") == "default-src 'none'; style-src 'unsafe-inline'"
    return page


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def message_of(played: Played, task: str) -> dict[str, Any]:
    """Return the message of a debug task on each host."""
    block = re.search(rf"^TASK \[{task}\] \**\n(.*?)\n\n", played.printed, re.MULTILINE | re.DOTALL)
    assert block, played.printed
    found = re.findall(r"^ok: \[(\w+).*?\] => (\{.*?^\})", block[1], re.MULTILINE | re.DOTALL)
    return {host: json.loads(text)["msg"] for host, text in found}


def recap(played: Played) -> dict[str, dict[str, int]]:
    lines = re.findall(r"^(\w+)\s+: (ok=.*)$", played.printed, re.MULTILINE)
    return {host: {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", counts)} for host, counts in lines}


def stored_endpoints(server: Simulator) -> dict[str, Any]:
    return {name: endpoint.body() for name, endpoint in server.endpoints.items() if not name.startswith(".")}


def writes(server: Simulator) -> list[str]:
    """Return the requests that change something. A dry run of a delete request changes nothing."""
    return [request for request in server.requests if not re.match(r"GET |DELETE .*[?&]dry_run=true$", request)]


def shown_counts(page: Element) -> list[int]:
    return [int(text_of(count)) for count in page.findall(".//dl/div/dd")]


def cluster(report: Mapping[str, Any], name: str) -> dict[str, Any]:
    [found] = [one for one in report["clusters"] if one["name"] == name]
    return dict(found)


def states(report: Mapping[str, Any], name: str) -> dict[str, str]:
    return {endpoint["inference_id"]: endpoint["state"] for endpoint in cluster(report, name)["endpoints"]}


@dataclass(frozen=True)
class Drifted:
    """Results of a report of two clusters with drift and one that is down, a run, and a second report."""

    report: dict[str, Any]
    page: Element
    reported: Played
    report_writes: list[str]
    applied: Played
    held: dict[str, dict[str, Any]]
    second_report: dict[str, Any]
    second: Played


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drifted]:
    home = tmp_path_factory.mktemp("drifted")
    with simulator() as search, simulator(version="9.3.2") as support, simulator() as archive:
        archive.stop()
        seed(search, "same")
        seed(search, "updated", max_tokens=256, temperature=0.7)
        seed(search, "recreated", model="claude-opus-4-1")
        seed(search, "unwanted")
        seed(search, "left-over", model=HOSTILE)
        seed(search, "in-use")
        search.refer("in-use")
        search.seed("foreign", service="openai", service_settings={"model_id": HOSTILE})
        seed(support, "same")
        seed(support, "limited", limit=9)
        hosts = {
            "search": {
                "anthropic_elasticsearch_url": search.url,
                "anthropic_allow_recreate": True,
                "anthropic_purge": True,
                "anthropic_requests_per_minute": 50,
                "anthropic_endpoints": [
                    *({"inference_id": name} for name in ("same", "updated", "recreated", "created", "foreign")),
                    {"inference_id": "unwanted", "state": "absent"},
                ],
            },
            "support": {
                "anthropic_elasticsearch_url": support.url,
                "anthropic_requests_per_minute": 50,
                "anthropic_endpoints": [{"inference_id": "same"}, {"inference_id": "limited"}],
            },
            "archive": {"anthropic_elasticsearch_url": archive.url, "anthropic_endpoints": [{"inference_id": "same"}]},
        }
        fail = ("-e", "anthropic_report_fail_on_drift=true")
        reported = play(REPORT, home / "report", hosts, *fail)
        report_writes = writes(search) + writes(support)
        applied = play(APPLY, home / "apply", hosts)
        second = play(REPORT, home / "second", hosts, "--check")
        yield Drifted(
            report_in(home / "report"),
            page_in(home / "report"),
            reported,
            report_writes,
            applied,
            {"search": stored_endpoints(search), "support": stored_endpoints(support)},
            report_in(home / "second"),
            second,
        )


def test_report_contains_each_kind_of_drift(drifted: Drifted) -> None:
    assert states(drifted.report, "search") == {
        "created": "created",
        "foreign": "failed",
        "in-use": "failed",
        "left-over": "deleted",
        "recreated": "recreated",
        "same": "as_declared",
        "unwanted": "deleted",
        "updated": "updated",
    }
    assert states(drifted.report, "support") == {"limited": "failed", "same": "as_declared"}
    assert drifted.report["counts"] == dict(zip(COUNTS, (3, 1, 2, 1, 1, 1, 2, 3), strict=True))
    assert drifted.report["drift"] is True


def test_report_contains_both_values_of_a_setting(drifted: Drifted) -> None:
    changes = {one["inference_id"]: one["changes"] for one in cluster(drifted.report, "search")["endpoints"]}
    assert changes["updated"] == [{"setting": "task_settings.max_tokens", "before": 256, "after": 1024}]
    assert changes["recreated"] == [
        {"setting": "service_settings.model_id", "before": "claude-opus-4-1", "after": MODEL}
    ]
    assert {"setting": "service_settings.model_id", "before": HOSTILE, "after": None} in changes["left-over"]


def test_report_changes_nothing_without_check_mode(drifted: Drifted) -> None:
    assert drifted.report_writes == []
    assert "--check" not in drifted.reported.printed


def test_cluster_that_is_down_does_not_hide_other_clusters(drifted: Drifted) -> None:
    archive = cluster(drifted.report, "archive")
    assert (archive["state"], archive["endpoints"]) == ("failed", [])
    assert archive["msg"].startswith("GET /_inference/_all: http://127.0.0.1:")
    assert "Hint: check elasticsearch_url" in archive["msg"]


def test_run_makes_the_changes_of_the_report(drifted: Drifted) -> None:
    messages = message_of(drifted.applied, "Show the summary")
    predicted = {name: cluster(drifted.report, name)["counts"] for name in ("search", "support")}
    for name, counts in predicted.items():
        found = dict(reversed(part.split()) for part in messages[name].split(", "))
        expected = {"unchanged" if state == "as_declared" else state: count for state, count in counts.items() if count}
        assert {action: int(count) for action, count in found.items()} == expected
    assert messages["archive"] == cluster(drifted.report, "archive")["msg"]
    for name in predicted:
        for endpoint in cluster(drifted.report, name)["endpoints"]:
            assert drifted.held[name].get(endpoint["inference_id"]) == endpoint["endpoint"]


def test_report_after_the_run_contains_only_failures(drifted: Drifted) -> None:
    assert drifted.second_report["counts"] == dict(zip(COUNTS, (3, 1, 6, 0, 0, 0, 0, 3), strict=True))


def test_drift_fails_the_report_only_on_request(drifted: Drifted) -> None:
    assert (drifted.reported.status, drifted.applied.status, drifted.second.status) == (2, 2, 0)
    assert {host: counts["failed"] for host, counts in recap(drifted.reported).items()} == {
        "archive": 1,
        "search": 1,
        "support": 1,
    }
    assert drifted.reported.printed.count('"msg": "Endpoints have drifted or could not be compared.') == 3


def test_table_fits_a_terminal_of_90_characters(drifted: Drifted) -> None:
    [lines] = message_of(drifted.reported, "Show the drift").values()
    assert lines == drift_table(drifted.report)
    block = drifted.reported.printed.split("TASK [Show the drift]")[1].split("TASK [")[0]
    assert max(len(line) for line in block.splitlines() if line.startswith(" ")) <= 90


def test_report_shows_the_paths_of_its_files(drifted: Drifted) -> None:
    [paths] = message_of(drifted.reported, "Show the report files").values()
    assert [Path(path).name for path in paths] == ["anthropic_report.html", "anthropic_report.json"]
    assert all(Path(path).exists() for path in paths)


def test_page_contains_the_report(drifted: Drifted) -> None:
    page, report = drifted.page, drifted.report
    assert shown_counts(page) == [report["counts"][state] for state in COUNTS[2:]]
    assert text_of(page.find(".//p[@class='verdict']")) == (
        "8 of 10 endpoints are not in sync. 1 of 3 clusters could not be compared."
    )
    sections = page.findall(".//section")
    assert [text_of(section.find(".//h2")) for section in sections] == ["archive", "search", "support"]
    assert cluster(report, "archive")["msg"] in text_of(sections[0])
    for section, name in zip(sections, ("archive", "search", "support"), strict=True):
        shown = [text_of(row) for row in section.findall(".//tbody//th/code")]
        assert sorted(shown) == [endpoint["inference_id"] for endpoint in cluster(report, name)["endpoints"]]
        folded = [text_of(row) for row in section.findall("details//tbody//th/code")]
        assert folded == [name for name, state in states(report, name).items() if state == "as_declared"]
        for table in section.findall(".//table"):
            assert text_of(table.find("caption"))
            assert all(heading.get("scope") for heading in table.findall(".//th"))
    versions = report["made_with"]
    assert f"esops.inference {versions['collection']} with ansible-core {versions['ansible_core']}" in text_of(
        page.find(".//footer")
    )


def test_values_of_a_cluster_are_neither_markup_nor_templates(drifted: Drifted) -> None:
    """`parsed` rejects unexpected elements, and ansible-core did not evaluate the lookup."""
    assert HOSTILE in [text_of(cell) for cell in drifted.page.findall(".//td[@class='before']")]


def test_no_secret_is_shown_or_written(drifted: Drifted) -> None:
    for played in (drifted.reported, drifted.applied, drifted.second):
        assert find_leaks(played.printed + played.written) == []
        assert "Traceback" not in played.printed


def test_page_escapes_every_value(drifted: Drifted, tmp_path: Path) -> None:
    def hostile(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {name: hostile(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [hostile(part) for part in value]
        return f"\"'><b>{value}</b>&amp;" if isinstance(value, str) and name != "state" else value

    report = hostile({**drifted.report, "made": "now"})
    report["clusters"][0]["warnings"] = [hostile("warning")]
    (tmp_path / "report.json").write_text(json.dumps({"drift_report": report, "drift_report_title": hostile("title")}))
    template = {"src": str(ROOT / "playbooks/templates/report.html.j2"), "dest": str(tmp_path / "page.html")}
    tasks = [{"ansible.builtin.template": {**template, "mode": "0644"}}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    home = tmp_path / "home"
    home.mkdir()
    played = run_playbook([tmp_path / "play.yml", "-e", f"@{tmp_path / 'report.json'}"], home)
    assert played.status == 0, played.printed
    page = parsed((tmp_path / "page.html").read_text())
    assert page.findall(".//b") == []
    shown = text_of(page)
    for word in ("archive", "updated", MODEL, "warning", "task_settings", "completion", "anthropic", "title"):
        assert f"\"'><b>{word}" in shown


@pytest.fixture
def _umask_with_group_access() -> Iterator[None]:
    former = os.umask(0o027)
    yield
    os.umask(former)


@pytest.mark.usefixtures("_umask_with_group_access")
def test_playbooks_run_on_localhost_without_an_inventory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply, report, and report again with the variables that an AWX workflow passes on, in the current directory."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.chdir(home)
    variables = tmp_path / "variables.json"
    declared = {
        "anthropic_endpoints": [{"inference_id": "answers"}],
        "anthropic_api_key": SECRETS["secret_anthropic_key"],
        "anthropic_model_id": MODEL,
        "anthropic_max_tokens": 1024,
        "anthropic_hosts": "",
        "anthropic_report_directory": "",
        "anthropic_report_fail_on_drift": "",
    }
    variables.write_text(json.dumps(declared))
    with simulator() as server:
        environment = {
            "ELASTICSEARCH_URL": server.url,
            "ELASTICSEARCH_API_KEY": API_KEY,
            "ANSIBLE_SHOW_CUSTOM_STATS": "1",
        }
        applied = run_playbook([APPLY, "-e", f"@{variables}"], home, **environment)
        server.clear_log()
        reported = run_playbook([REPORT, "-e", f"@{variables}"], home, **environment)
        passed_on = re.search(r"RUN: (\{.*\})", reported.printed)
        assert passed_on, reported.printed
        strict = json.dumps({**json.loads(passed_on[1]), "anthropic_report_fail_on_drift": True})
        server.remove("answers")
        again = run_playbook([REPORT, "-e", f"@{variables}", "-e", strict], home, **environment)
    assert message_of(applied, "Show the summary") == {"localhost": "1 created"}
    assert (applied.status, reported.status, again.status) == (0, 0, 2)
    assert server.requests == [READ_ALL, READ_ALL]
    counts = dict(zip(COUNTS, (1, 0, 1, 0, 0, 0, 0, 0), strict=True))
    assert json.loads(passed_on[1]) == {"anthropic_report_drift": False, "anthropic_report_counts": counts}
    assert message_of(reported, "Show the report files") == {
        "localhost": [str(home / "anthropic_report.html"), str(home / "anthropic_report.json")]
    }
    assert json.loads((home / "anthropic_report.json").read_text())["counts"]["created"] == 1
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "anthropic_report.html").stat().st_mode) == 0o640
    for played in (applied, reported, again):
        assert find_leaks(played.printed + played.written) == []


def test_report_without_drift_shows_that_all_endpoints_are_in_sync(tmp_path: Path) -> None:
    with simulator() as search, simulator() as empty:
        seed(search, "answers")
        hosts = {
            "search": {
                "anthropic_elasticsearch_url": search.url,
                "anthropic_endpoints": [{"inference_id": "answers"}],
            },
            "empty": {"anthropic_elasticsearch_url": empty.url, "anthropic_endpoints": []},
        }
        played = play(
            REPORT,
            tmp_path / "home",
            hosts,
            *("-e", "anthropic_report_fail_on_drift=true"),
            ANSIBLE_STRATEGY="free",  # This strategy does not support run_once.
        )
    assert played.status == 0, played.printed
    assert len(message_of(played, "Show the report files")) == 1
    assert report_in(tmp_path / "home")["drift"] is False
    page = page_in(tmp_path / "home")
    assert text_of(page.find(".//p[@class='verdict']")) == "All endpoints are in sync."
    assert shown_counts(page) == [1, 0, 0, 0, 0, 0]
    assert {counts["changed"] for counts in recap(played).values()} == {0}


def test_report_requires_only_privileges_to_read(tmp_path: Path) -> None:
    """Only the dry runs for endpoints that would be deleted require more privileges."""
    reader = Security(api_keys={API_KEY: ("monitor", "monitor_inference")})
    with Simulator(security=reader) as search:
        seed(search, "updated", max_tokens=256)
        seed(search, "unwanted")
        endpoints = [
            {"inference_id": "updated"},
            {"inference_id": "new"},
            {"inference_id": "unwanted", "state": "absent"},
        ]
        host = {"anthropic_elasticsearch_url": search.url, "anthropic_endpoints": endpoints}
        played = play(REPORT, tmp_path / "home", {"search": host})
    assert played.status == 0, played.printed
    report = report_in(tmp_path / "home")
    assert states(report, "search") == {"new": "created", "unwanted": "failed", "updated": "updated"}
    assert "manage_inference" in cluster(report, "search")["endpoints"][1]["msg"]


def test_report_contains_hosts_that_could_not_be_compared(tmp_path: Path) -> None:
    """The hosts are one that Ansible cannot use, one with invalid variables, and one without errors.

    The result does not depend on any_errors_fatal in the configuration of the user.
    """
    with simulator() as search:
        seed(search, "answers")
        common = {"anthropic_elasticsearch_url": search.url, "anthropic_endpoints": [{"inference_id": "answers"}]}
        hosts = {
            "search": common,
            "gone": {**common, "ansible_remote_tmp": "/dev/null/tmp"},
            "mistaken": {**common, "anthropic_update_secrets": "never"},
        }
        # With pipelining, a host does not need a directory for files.
        environment = {"ANSIBLE_ANY_ERRORS_FATAL": "true", "ANSIBLE_PIPELINING": "0"}
        played = play(REPORT, tmp_path / "home", hosts, "-e", "anthropic_hosts=clusters", **environment)
        assert search.requests == [READ_ALL]
    assert played.status == 0, played.printed
    report = report_in(tmp_path / "home")
    assert {one["name"]: one["state"] for one in report["clusters"]} == {
        "search": "compared",
        "gone": "unreachable",
        "mistaken": "failed",
    }
    assert "anthropic_update_secrets" in cluster(report, "mistaken")["msg"]
    assert cluster(report, "gone")["msg"]
    assert text_of(page_in(tmp_path / "home").find(".//p[@class='verdict']")) == (
        "The endpoint that could be compared is in sync. 2 of 3 clusters could not be compared."
    )


def test_limit_and_check_mode_change_nothing_else(tmp_path: Path) -> None:
    with simulator() as search, simulator() as support:
        hosts = {
            name: {"anthropic_elasticsearch_url": server.url, "anthropic_endpoints": [{"inference_id": "answers"}]}
            for name, server in (("search", search), ("support", support))
        }
        checked = play(APPLY, tmp_path / "checked", hosts, "--check", "--limit", "search")
        reported = play(REPORT, tmp_path / "reported", hosts, "--limit", "search")
        assert (writes(search), support.requests) == ([], [])
    assert (checked.status, reported.status) == (0, 0)
    summary = "Check mode, nothing was changed. A run would result in: 1 created"
    assert message_of(checked, "Show the summary") == {"search": summary}
    assert [one["name"] for one in report_in(tmp_path / "reported")["clusters"]] == ["search"]


def test_playbooks_are_part_of_the_collection_artifact(tmp_path: Path) -> None:
    tool = Path(sys.executable).with_name("ansible-galaxy")
    subprocess.run([tool, "collection", "build", "--output-path", tmp_path, ROOT], check=True, capture_output=True)
    [artifact] = tmp_path.glob("*.tar.gz")
    with tarfile.open(artifact) as archive:
        names = archive.getnames()
    wanted = [str(path.relative_to(ROOT)) for path in ROOT.glob("playbooks/**/*") if path.is_file()]
    assert len(wanted) == 8
    assert set(wanted) <= set(names)


@dataclass(frozen=True)
class Guided:
    """Results of the example of the guide, with the inventory of the guide on many clusters. The archive is down."""

    report: dict[str, Any]
    played: Played
    later: Any


@pytest.fixture(scope="module")
def guided(tmp_path_factory: pytest.TempPathFactory) -> Guided:
    home = tmp_path_factory.mktemp("guided") / "home"
    home.mkdir()
    playbook = home.parent / "report.yml"
    later = {"ansible.builtin.debug": {"msg": "{{ anthropic_report.counts }}"}, "name": "Later"}
    playbook.write_text(
        guided_playbook()
        + yaml.safe_dump([{"name": "Later", "hosts": "search", "gather_facts": False, "tasks": [later]}])
    )
    with simulator() as search, simulator() as support, simulator() as archive:
        archive.stop()
        seed(search, "answers")
        seed(search, "questions", max_tokens=512)
        seed(support, "answers")
        seed(support, "questions", limit=200, max_tokens=256)
        servers = {"search": search, "support": support, "archive": archive}
        hosts = {name: {"anthropic_elasticsearch_url": server.url} for name, server in servers.items()}
        secrets = {
            "vault_elasticsearch_api_key": API_KEY,
            "vault_anthropic_api_key": SECRETS["secret_anthropic_key"],
            "anthropic_retries": 0,
        }
        inventory = home.parent / "inventory.yml"
        inventory.write_text(yaml.safe_dump({"elasticsearch_clusters": {"hosts": hosts, "vars": secrets}}))
        played = run_playbook(
            [
                *("-i", EXAMPLES / "many_clusters/inventory.yml", "-i", inventory, playbook),
                *("-e", f"anthropic_report_directory={home / 'report'}"),
            ],
            home,
        )
    assert played.status == 0, played.printed
    assert find_leaks(played.printed + played.written) == []
    report = report_in(home)
    down = cluster(report, "archive")
    text = json.dumps(report).replace(f"{archive.url} ", "https://es.archive.example.com:9200 ")
    assert down["msg"] not in text
    return Guided(json.loads(text), played, message_of(played, "Later")["search"])


def test_guide_shows_real_output_in_yaml(guided: Guided, tmp_path: Path) -> None:
    """Show the table again: its lines depend on the length of the address, which differs in the guide."""
    [block, *_others] = yaml.safe_load((ROOT / "playbooks/tasks/report.yml").read_text())
    names = [task["name"] for task in block["block"] if "ansible.builtin.debug" in task]
    paths = [f"/srv/inference/anthropic_report.{suffix}" for suffix in ("html", "json")]
    tasks = [
        {"name": name, "ansible.builtin.debug": {"msg": lines}, "delegate_to": "localhost"}
        for name, lines in zip(names, (drift_table(guided.report), paths), strict=True)
    ]
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "archive", "gather_facts": False, "tasks": tasks}]))
    home = tmp_path / "home"
    home.mkdir()
    played = run_playbook(["-i", "archive,", playbook], home, ANSIBLE_CALLBACK_RESULT_FORMAT="yaml")
    printed = [line.strip() for line in played.printed.splitlines() if not line.startswith("task path: ")]
    table, files, _schedule = re.findall(r"code-block:: text\n\n((?:   .*\n|\n)+)", GUIDE.read_text())
    for shown in (table, files):
        assert "\n".join(line.strip() for line in shown.strip().splitlines()) in "\n".join(printed)


def test_guide_documents_every_field(guided: Guided) -> None:
    def fields(value: Any, name: str = "") -> Iterator[str]:
        if isinstance(value, dict) and not name.endswith((".endpoint", "counts")):
            for part, inner in value.items():
                yield from fields(inner, f"{name}.{part}" if name else part)
        elif isinstance(value, list) and not name.endswith(".warnings"):
            for inner in value:
                yield from fields(inner, f"{name}[]")
        else:
            yield name

    assert guided_names("JSON format") == sorted(set(fields(guided.report)))


def test_guide_documents_all_artifacts_of_the_job() -> None:
    shared = (ROOT / "playbooks/tasks/report.yml").read_text()
    stats = re.findall(r'"{{ drift_report_role }}_(\w+)": "', shared)
    assert guided_names("Schedule reports in AWX") == sorted(f"anthropic_{name}" for name in stats)
    assert "``inference_`` in place of ``anthropic_``" in " ".join(GUIDE.read_text().split())


def guided_playbook() -> str:
    """Return the playbook that users add to a project."""
    [block] = re.findall(r"code-block:: yaml\n\n((?:   .*\n|\n)+)", GUIDE.read_text())
    return textwrap.dedent(block)


def guided_names(section: str) -> list[str]:
    """Return the names in the first columns of the tables of a section."""
    [text] = re.findall(rf"^{section}\n-+\n(.*?)(?:\n---|\Z)", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    return sorted(re.findall(r"^   \* - ``(\S+)``$", text, re.MULTILINE))


def test_report_is_available_in_later_plays(guided: Guided) -> None:
    assert guided.later == guided.report["counts"]


@dataclass(frozen=True)
class Mixed:
    """Results of a report of a cluster with endpoints of several services, one of which fails."""

    report: dict[str, Any]
    page: Element
    reported: Played
    requests: list[str]
    passed_on: dict[str, Any]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Mixed:
    home = tmp_path_factory.mktemp("mixed") / "home"
    home.mkdir()
    rerank = {"model_id": "rerank-v3.5", "rate_limit": {"requests_per_minute": 1000}}
    declared = {
        "inference_elasticsearch_api_key": API_KEY,
        "inference_defaults": {
            "anthropic": {"service_settings": {"api_key": SECRETS["secret_anthropic_key"], "model_id": MODEL}},
            "cohere": {"service_settings": {"api_key": SECRETS["secret_anthropic_key_rotated"]}},
        },
        "inference_endpoints": [
            {"inference_id": "answers", "service": "anthropic", "task_settings": {"max_tokens": 1024}},
            {
                "inference_id": "ranking",
                "service": "cohere",
                "task_type": "rerank",
                "service_settings": rerank,
                "task_settings": {"top_n": 3},
            },
            {"inference_id": "same", "service": "cohere", "task_type": "rerank", "service_settings": rerank},
            {"inference_id": "refused", "service": "openai", "task_type": "completion"},
        ],
        "inference_purge": True,
        "inference_purge_services": "jinaai",
        "inference_report_directory": str(home / "report"),
        "inference_report_fail_on_drift": True,
    }
    variables = home.with_suffix(".json")
    variables.write_text(json.dumps(declared))
    with simulator() as server:
        for name, settings in (("ranking", {"top_n": 10}), ("same", {})):
            server.seed(name, service="cohere", task_type="rerank", service_settings=rerank, task_settings=settings)
        server.seed("unlisted", service="jinaai", task_type="rerank", service_settings={"model_id": "jina-reranker-v2"})
        server.seed("kept", service="mistral", service_settings={"model_id": "mistral-small-latest"})
        environment = {"ELASTICSEARCH_URL": server.url, "ANSIBLE_SHOW_CUSTOM_STATS": "1"}
        reported = run_playbook(["esops.inference.inference_report", "-e", f"@{variables}"], home, **environment)
        requests = list(server.requests)
    passed_on = re.search(r"RUN: (\{.*\})", reported.printed)
    assert passed_on, reported.printed
    return Mixed(report_in(home, "inference"), page_in(home, "inference"), reported, requests, json.loads(passed_on[1]))


def test_report_of_several_services_has_the_service_of_each_endpoint(mixed: Mixed) -> None:
    [search] = mixed.report["clusters"]
    assert {one["inference_id"]: (one["state"], one["service"]) for one in search["endpoints"]} == {
        "answers": ("created", "anthropic"),
        "ranking": ("updated", "cohere"),
        "refused": ("failed", None),
        "same": ("as_declared", "cohere"),
        "unlisted": ("deleted", "jinaai"),
    }


def test_page_shows_the_service_of_each_endpoint(mixed: Mixed) -> None:
    assert text_of(mixed.page.find(".//h1")) == "Drift report: inference endpoints"
    rows = mixed.page.findall(".//section/table/tbody/tr/th")
    assert [text_of(row) for row in rows] == [
        "answers, service: anthropic",
        "ranking, service: cohere",
        "refused",
        "unlisted, service: jinaai",
    ]
    [folded] = mixed.page.findall(".//details//tbody/tr")
    assert [text_of(cell) for cell in folded] == ["same", "cohere", "rerank", "rerank-v3.5"]


def test_table_of_several_services_shows_the_services(mixed: Mixed) -> None:
    [lines] = message_of(mixed.reported, "Show the drift").values()
    assert lines == drift_table(mixed.report)
    assert "ranking (cohere)" in "\n".join(lines)


def test_report_of_several_services_has_its_own_names_and_shows_no_secret(mixed: Mixed) -> None:
    assert mixed.reported.status == 2
    assert mixed.passed_on == {"inference_report_drift": True, "inference_report_counts": mixed.report["counts"]}
    [paths] = message_of(mixed.reported, "Show the report files").values()
    assert [Path(path).name for path in paths] == ["inference_report.html", "inference_report.json"]
    assert {request.split()[0] for request in mixed.requests if "dry_run=true" not in request} == {"GET"}
    assert find_leaks(mixed.reported.printed + mixed.reported.written) == []
