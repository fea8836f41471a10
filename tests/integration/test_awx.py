# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests of AWX jobs without AWX, with its injection of credentials, its rules for surveys, and ansible-runner.

As in AWX, a job is sent to a worker, which represents the container of the execution environment. AWX has only the data
that the worker sends back.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import trustme
import yaml

from tests.integration.harness import BYTECODE, SECRETS, find_leaks
from tests.simulator import Fault, Security, Simulator, Tls

containers = pytest.importorskip(
    "awx_plugins.interfaces._temporary_private_container_api", reason="AWX's own code needs Python 3.11"
)
from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType  # noqa: E402
from awx_plugins.interfaces._temporary_private_credential_api import Credential  # noqa: E402
from awx_plugins.interfaces._temporary_private_inject_api import inject_credential  # noqa: E402

ROOT = Path(__file__).parents[2]
AWX = ROOT / "docs/awx"
SURVEYS = {role: json.loads((AWX / f"surveys/{role}.json").read_text()) for role in ("anthropic", "inference")}
SURVEY = SURVEYS["anthropic"]

IDENT = "7"
API_KEY = f"awx:{SECRETS['secret_api_key']}"
ANSWERS: dict[str, Any] = {
    "anthropic_endpoints": "- inference_id: answers\n- inference_id: letters\n  task_settings: {max_tokens: 4096}\n",
    "anthropic_model_id": "claude-sonnet-4-5",
    "anthropic_max_tokens": "1024",
}
PLAYBOOKS = {
    "inference.yml": "- import_playbook: esops.inference.anthropic\n",
    "leaky.yml": """- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{ anthropic_api_key }}"
    - ansible.builtin.ping:
      loop: "{{ declared }}"
      loop_control: {label: "{{ item.inference_id }}"}
    - ansible.builtin.setup: # facts of this host, including its environment
    - ansible.builtin.set_fact:
        kept: "{{ lookup('ansible.builtin.file', lookup('ansible.builtin.env', 'ELASTICSEARCH_CLIENT_KEY')) }}"
        cacheable: true
""",
}
#: Provider credentials of a job for Anthropic endpoints: inputs by the file names of the credential types.
ANTHROPIC = {"anthropic": {"api_key": SECRETS["secret_anthropic_key"]}}
INVENTORY_VARIABLES = {
    "ansible_connection": "local",
    "ansible_python_interpreter": "{{ ansible_playbook_python }}",
    "anthropic_duplicate_model": "allow",
}


class UnsafeDumper(yaml.SafeDumper):
    """Dump extra variables as AWX does, so that Jinja in them is not evaluated."""


UnsafeDumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


@dataclass(frozen=True)
class Credentials:
    """Environment and command line of a job, with credentials of the types in docs/awx."""

    directory: Path
    environment: dict[str, str] = field(default_factory=dict)
    #: The environment that AWX stores with the job.
    safe_environment: dict[str, str] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)

    def inject(self, name: str, **inputs: str) -> None:
        """Inject a credential of the type with this file name."""
        written = yaml.safe_load((AWX / f"credential_types/{name}.yml").read_text())
        assert set(written["inputs"].get("required", ())) <= set(inputs)
        assert set(inputs) <= {given["id"] for given in written["inputs"]["fields"]}
        kind = ManagedCredentialType(
            namespace=name,
            name=written["name"],
            kind=written["kind"],
            inputs=written["inputs"],
            injectors=written["injectors"],
        )
        to = (self.environment, self.safe_environment, self.arguments, str(self.directory))
        inject_credential(kind, Credential(dict(inputs)), *to)


@dataclass(frozen=True)
class Job:
    """Data that AWX has of a finished job."""

    status: str
    #: Numbers of results by host: ok, changed, failures, dark.
    stats: dict[str, dict[str, int]]
    events: list[dict[str, Any]]
    #: All data that was sent back and the environment that AWX stores, without the real environment.
    stored: str
    #: The environment, which ansible-runner writes to the file "command". AWX stores it with masked secrets (the safe
    #: environment) and removes the file.
    environment: dict[str, str]

    @property
    def printed(self) -> str:
        """Return the output that users see."""
        return "\n".join(event["stdout"] for event in self.events)


def rejected_answers(answers: Mapping[str, Any], survey: Mapping[str, Any] = SURVEY) -> list[str]:
    """Return the variables whose answers AWX rejects (awx/main/models/mixins.py, _survey_element_validation)."""
    questions = {question["variable"]: question for question in survey["spec"]}
    unknown = [name for name in answers if name not in questions]
    return unknown + [name for name, question in questions.items() if not _accepts(question, answers.get(name))]


def _accepts(question: Mapping[str, Any], answer: Any) -> bool:
    if answer is None:
        return not question["required"]
    if question["type"] == "multiplechoice":
        return answer in question["choices"].split("\n")
    assert question["type"] in ("text", "textarea")
    return isinstance(answer, str) and question["min"] <= len(answer) <= question["max"]


def extra_variables(answers: Mapping[str, Any], survey: Mapping[str, Any] = SURVEY) -> dict[str, Any]:
    """Return the extra variables for the answers, with the defaults of the survey that AWX accepts."""
    assert rejected_answers(answers, survey) == []
    defaults = {question["variable"]: question["default"] for question in survey["spec"]}
    accepted = {
        name: default for name, default in defaults.items() if name not in rejected_answers({name: default}, survey)
    }
    return accepted | answers


class Awx:
    """Launches jobs, each with its own directory and an isolated worker."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._directory = directory
        self._monkeypatch = monkeypatch
        self._launched = 0

    def launch(
        self,
        playbook: str,
        *,
        hosts: Mapping[str, Any],
        elasticsearch: Mapping[str, str],
        providers: Mapping[str, Mapping[str, str]] | None = None,
        answers: Mapping[str, Any] | None = None,
        survey: Mapping[str, Any] = SURVEY,
        inventory_variables: Mapping[str, Any] | None = None,
        verbosity: int = 0,
    ) -> Job:
        """Run a playbook of the project, which contains the playbooks of the collection and PLAYBOOKS."""
        self._launched += 1
        home = self._directory / str(self._launched)
        for name in ("sent/env", "sent/inventory", "sent/project", "worker", "got"):
            (home / name).mkdir(parents=True)
        self._monkeypatch.setattr(containers, "CONTAINER_ROOT", str(home / "worker"))
        credentials = Credentials(home / "sent")
        credentials.inject("elasticsearch", **elasticsearch)
        for name, inputs in (providers or ANTHROPIC).items():
            credentials.inject(name, **inputs)
        _write_inventory(home / "sent/inventory/hosts", hosts, {**INVENTORY_VARIABLES, **(inventory_variables or {})})
        shutil.copytree(ROOT / "playbooks", home / "sent/project/playbooks")
        for name, text in PLAYBOOKS.items():
            (home / "sent/project" / name).write_text(text)
        variables = extra_variables(answers, survey) if answers else {}
        (home / "sent/env/extravars").write_text(yaml.dump(variables, Dumper=UnsafeDumper))
        (home / "sent/env/cmdline").write_text(" ".join(credentials.arguments))
        _run(home, playbook, credentials, verbosity)
        return _job(home / f"got/artifacts/{IDENT}", credentials)


def _write_inventory(path: Path, hosts: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
    """Write the inventory as a script that prints it, as AWX does."""
    inventory = {"all": {"hosts": list(hosts), "vars": dict(variables)}, "_meta": {"hostvars": dict(hosts)}}
    path.write_text(f"#!{sys.executable}\nprint({json.dumps(inventory)!r})\n")
    path.chmod(0o700)


def _run(home: Path, playbook: str, credentials: Credentials, verbosity: int) -> None:
    """Send the job to a worker, and process the data that it sends back."""
    sent, back = home / "sent.stream", home / "back.stream"
    with sent.open("wb") as stream:
        ansible_runner.run(
            streamer="transmit",
            _output=stream,
            private_data_dir=str(home / "sent"),
            ident=IDENT,
            playbook=playbook,
            verbosity=verbosity,
            envvars=credentials.environment,
            suppress_env_files=True,
            settings={"fact_cache_type": "jsonfile"},
        )
    with sent.open("rb") as stream, back.open("wb") as output:
        subprocess.run(
            [Path(sys.executable).with_name("ansible-runner"), "worker", "--private-data-dir", home / "worker"],
            env={
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "HOME": str(home),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_COLLECTIONS_PATH": sys.prefix,
                "PYTHONPATH": BYTECODE,
                "ANSIBLE_INJECT_INVOCATION": "1",  # Otherwise, ansible-core 2.21 does not show the options of a task.
            },
            stdin=stream,
            stdout=output,
            timeout=300,
            check=False,  # The worker exits with the status of the job.
        )
    with back.open("rb") as stream:
        ansible_runner.run(
            streamer="process", _input=stream, private_data_dir=str(home / "got"), ident=IDENT, quiet=True
        )


def _job(artifacts: Path, credentials: Credentials) -> Job:
    command = json.loads((artifacts / "command").read_text())
    environment = command.pop("env")
    safe_environment = {**environment, **credentials.safe_environment}
    files = [path for path in artifacts.rglob("*") if path.is_file() and path.name != "command"]
    texts = [path.read_text(errors="replace") for path in files]
    events = [json.loads(path.read_text()) for path in artifacts.glob("job_events/*.json")]
    events.sort(key=lambda event: event["counter"])
    return Job(
        status=(artifacts / "status").read_text(),
        stats=_by_host(events[-1]["event_data"]),
        events=events,
        stored="\n".join([*texts, json.dumps(command), json.dumps(safe_environment)]),
        environment=environment,
    )


def _by_host(stats: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    names = ("ok", "changed", "failures", "dark")
    return {host: {name: stats[name].get(host, 0) for name in names} for host in stats["processed"]}


@pytest.fixture
def awx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Awx:
    return Awx(tmp_path, monkeypatch)


@dataclass(frozen=True)
class Certificates:
    """Certificates of a CA: files for the server, and strings for a credential."""

    server: Tls
    credential: dict[str, str]

    @property
    def secrets(self) -> dict[str, str]:
        """Return the secrets that must not be shown: those of all tests, and the client key."""
        return {**SECRETS, "client_key": self.credential["client_key"].splitlines()[1]}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    directory = tmp_path_factory.mktemp("certificates")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(directory / "ca.pem")
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(directory / "server.pem")
    client = ca.issue_cert("awx.example.com")
    return Certificates(
        server=Tls(*[str(directory / "server.pem")] * 2, client_ca=str(directory / "ca.pem")),
        credential={
            "ca_certificate": ca.cert_pem.bytes().decode(),
            "client_cert": client.cert_chain_pems[0].bytes().decode(),
            "client_key": client.private_key_pem.bytes().decode(),
        },
    )


@pytest.fixture
def server(certificates: Certificates) -> Iterator[Simulator]:
    """Start a cluster that requires a client certificate and an API key."""
    with Simulator(tls=certificates.server, security=Security(api_keys={API_KEY: ("all",)})) as simulator:
        yield simulator


def stored_endpoints(server: Simulator) -> dict[str, Any]:
    return {name: one.task_settings for name, one in server.endpoints.items() if one.service == "anthropic"}


def test_job_applies_once_and_leaves_no_secret(awx: Awx, server: Simulator, certificates: Certificates) -> None:
    launch = {
        "hosts": {"production": {"anthropic_elasticsearch_url": server.url}},
        "elasticsearch": {"api_key": API_KEY, **certificates.credential},
        "answers": ANSWERS,
        "verbosity": 4,
    }
    first = awx.launch("inference.yml", **launch)
    assert first.status == "successful", first.printed
    assert stored_endpoints(server) == {"answers": {"max_tokens": 1024}, "letters": {"max_tokens": 4096}}
    assert server.endpoints["answers"].secret == SECRETS["secret_anthropic_key"]
    server.clear_log()
    second = awx.launch("inference.yml", **launch)
    assert second.status == "successful", second.printed
    assert server.requests == ["GET /_inference/_all"]
    assert [job.stats["production"]["changed"] for job in (first, second)] == [1, 0]
    for job in (first, second):
        assert len(job.events) > 5
        assert find_leaks(job.stored, certificates.secrets) == []
        # The Anthropic API key and the client key are never in the environment.
        assert find_leaks(json.dumps(job.environment), certificates.secrets) == ["secret_api_key"]


def test_failed_job_leaves_no_secret(awx: Awx, server: Simulator, certificates: Certificates) -> None:
    server.faults.add(Fault("echo", match="^PUT ", times=9))
    job = awx.launch(
        "playbooks/anthropic.yml",
        hosts={"production": {"anthropic_elasticsearch_url": server.url}},
        elasticsearch={"api_key": API_KEY, **certificates.credential},
        answers=ANSWERS,
        verbosity=4,
    )
    assert job.status == "failed"
    assert stored_endpoints(server) == {}
    assert job.stats["production"]["failures"] == 1
    assert "claude-sonnet-4-5" in job.printed  # The server echoes the request, and the API key is hidden.
    assert find_leaks(job.stored, certificates.secrets) == []


def test_find_leaks_detects_secrets_in_a_job(awx: Awx, certificates: Certificates) -> None:
    elasticsearch = {"username": "elastic", "password": SECRETS["secret_password"], **certificates.credential}
    declared = [{"inference_id": "answers", "api_key": SECRETS["secret_anthropic_key_rotated"]}]
    job = awx.launch("leaky.yml", hosts={"production": {"declared": declared}}, elasticsearch=elasticsearch)
    assert job.status == "successful", job.printed
    assert find_leaks(job.printed, {"item": SECRETS["secret_anthropic_key_rotated"]}) == []
    expected = ["secret_anthropic_key", "secret_anthropic_key_rotated", "secret_password", "client_key"]
    assert find_leaks(job.stored, certificates.secrets) == expected


def test_empty_answers_do_not_set_options(awx: Awx, server: Simulator, certificates: Certificates) -> None:
    server.seed("answers", task_settings={"max_tokens": 5}, service_settings={"model_id": "claude-sonnet-4-5"})
    empty = {
        question["variable"]: ""
        for question in SURVEY["spec"]
        if question["type"] == "text" and not question["required"]
    }
    job = awx.launch(
        "playbooks/anthropic.yml",
        hosts={"production": {"anthropic_elasticsearch_url": server.url}},
        elasticsearch={"api_key": API_KEY, **certificates.credential},
        answers={**empty, "anthropic_endpoints": '[{"inference_id": "answers"}]'},
    )
    assert job.status == "successful", job.printed
    assert job.stats["production"]["changed"] == 0
    assert stored_endpoints(server) == {"answers": {"max_tokens": 5}}


@pytest.mark.parametrize(
    ("wrong", "answer"),
    [
        ("anthropic_endpoints", ""),
        ("anthropic_endpoints", [{"inference_id": "answers"}]),
        ("anthropic_max_tokens", 1024),
        ("anthropic_purge", "perhaps"),
        ("anthropic_update_secrets", ""),
        ("anthropic_force", "true"),
    ],
)
def test_survey_rejects_invalid_answer(wrong: str, answer: Any) -> None:
    assert rejected_answers(ANSWERS) == []
    assert rejected_answers({**ANSWERS, wrong: answer}) == [wrong]


def test_drift_report_changes_nothing(awx: Awx, server: Simulator, certificates: Certificates) -> None:
    server.seed("answers", task_settings={"max_tokens": 5}, service_settings={"model_id": "claude-sonnet-4-5"})
    job = awx.launch(
        "playbooks/anthropic_report.yml",
        hosts={"production": {"anthropic_elasticsearch_url": server.url}},
        elasticsearch={"api_key": API_KEY, **certificates.credential},
        inventory_variables={
            "anthropic_endpoints": [{"inference_id": "answers"}, {"inference_id": "letters"}],
            "anthropic_model_id": "claude-sonnet-4-5",
            "anthropic_max_tokens": 1024,
            "anthropic_report_fail_on_drift": True,
        },
        verbosity=4,
    )
    assert job.status == "failed"
    assert {request.split()[0] for request in server.requests} == {"GET"}
    assert "answers" in job.printed
    assert "letters" in job.printed
    assert find_leaks(job.stored, certificates.secrets) == []


def mixed_launch(server: Simulator, certificates: Certificates) -> dict[str, Any]:
    """Return the arguments of a job for several services, whose inventory refers to variables of credentials."""
    cohere = {"api_key": SECRETS["secret_anthropic_key_rotated"]}
    rerank = {"model_id": "rerank-v3.5", "rate_limit": {"requests_per_minute": 1000}}
    server.seed("ranking", service="cohere", task_type="rerank", service_settings=rerank)
    defaults = {
        "anthropic": {
            "service_settings": {"api_key": "{{ anthropic_api_key }}", "model_id": "claude-sonnet-4-5"},
            "task_settings": {"max_tokens": 1024},
        },
        "cohere": {"task_type": "rerank", "service_settings": {"api_key": "{{ cohere_api_key }}", **rerank}},
    }
    return {
        "hosts": {"production": {"inference_elasticsearch_url": server.url}},
        "elasticsearch": {"api_key": API_KEY, **certificates.credential},
        "providers": {**ANTHROPIC, "cohere": cohere},
        "inventory_variables": {"inference_defaults": defaults, "inference_retries": 0},
        "verbosity": 4,
    }


def test_job_for_several_services_uses_the_credential_of_each_provider(
    awx: Awx, server: Simulator, certificates: Certificates
) -> None:
    endpoints = "- {inference_id: answers, service: anthropic}\n- {inference_id: ranking, service: cohere}\n"
    launch = mixed_launch(server, certificates)
    job = awx.launch(
        "playbooks/inference.yml", answers={"inference_endpoints": endpoints}, survey=SURVEYS["inference"], **launch
    )
    assert job.status == "successful", job.printed
    assert "1 created, 1 unchanged" in job.printed
    assert server.endpoints["answers"].secret == SECRETS["secret_anthropic_key"]
    assert find_leaks(job.stored, certificates.secrets) == []
    assert find_leaks(json.dumps(job.environment), certificates.secrets) == ["secret_api_key"]


def test_drift_report_for_several_services_requires_each_credential(
    awx: Awx, server: Simulator, certificates: Certificates
) -> None:
    launch = mixed_launch(server, certificates)
    launch["inventory_variables"]["inference_endpoints"] = [
        {"inference_id": "answers", "service": "anthropic"},
        {"inference_id": "ranking", "service": "cohere"},
    ]
    job = awx.launch("playbooks/inference_report.yml", **launch)
    assert job.status == "successful", job.printed
    assert "answers (anthropic)" in job.printed
    assert {request.split()[0] for request in server.requests} == {"GET"}
    assert find_leaks(job.stored, certificates.secrets) == []
    without = awx.launch("playbooks/inference_report.yml", **{**launch, "providers": ANTHROPIC})
    assert "cohere_api_key" in without.printed
    assert "0 endpoints" in without.printed
