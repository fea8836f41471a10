# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide "Credentials and TLS" says is so."""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
from pathlib import Path

import pytest
import yaml

from ansible_collections.esops.inference.plugins.module_utils.connection import connection_options
from tests.integration.guides import GUIDES, blocks, reader
from tests.integration.harness import find_leaks
from tests.integration.test_targets import make_certificate
from tests.simulator import Security, Simulator
from tests.unit.support import ID, MODEL, endpoint, seed

LEAST = ("manage_inference", "monitor")
TASK_SETTINGS = {"task_settings": {"max_tokens": 2048}}
MODEL_SETTINGS = {"service_settings": {"api_key": "sk-ant-another-key", "model_id": "claude-opus-4-5"}}


def test_the_vault_is_made_and_used_as_shown(tmp_path: Path) -> None:
    guide = blocks("credentials", "In a vault")
    [secrets] = [yaml.safe_load(block.text) for block in guide if block.caption == "secrets.yml"]
    api_key = base64.b64decode(secrets["vault_elasticsearch_api_key"]).decode()
    certificate = make_certificate(tmp_path)
    with Simulator(tls=certificate, security=Security(api_keys={api_key: LEAST})) as server:
        stands_for = {"https://es.example.com:9200": server.url, "/etc/ssl/elasticsearch-ca.pem": f"{tmp_path}/ca.pem"}
        with reader(tmp_path, stands_for) as person:
            person.follow(guide)
        assert server.endpoints["support-letters"].secret == secrets["vault_anthropic_api_key"]
    assert find_leaks(person.seen, secrets) == []
    assert find_leaks((tmp_path / "secrets.yml").read_text(), secrets) == []


def test_the_fingerprint_that_is_printed_is_trusted(tmp_path: Path) -> None:
    with Simulator(tls=make_certificate(tmp_path)) as server:
        [block] = re.findall(r"\$ (openssl s_client .*)", (GUIDES / "credentials.rst").read_text())
        with reader(tmp_path, {"es.example.com:9200": server.url.removeprefix("https://")}) as person:
            _name, printed = person.run(block).split("=")
        port = int(server.url.rpartition(":")[2])
        shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", port)))
        assert printed.replace(":", "").lower() == hashlib.sha256(shown).hexdigest()
        run = endpoint(server, state="absent", ca_fingerprint=printed)
        assert not run.failed, run.result


def test_every_variable_of_the_environment_is_listed() -> None:
    text = (GUIDES / "credentials.rst").read_text()
    listed = re.findall(r"^(?:\.\. envvar:: | {12})(ELASTICSEARCH_\w+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(option["fallback"][1][0] for option in connection_options().values())


@pytest.mark.parametrize(
    ("privileges", "options", "check"),
    [
        (("monitor_inference",), {"service_settings": {"model_id": MODEL}}, False),
        (("monitor_inference",), {"inference_id": "new", **MODEL_SETTINGS, **TASK_SETTINGS}, True),
        (("manage_inference",), {"inference_id": "new", **MODEL_SETTINGS, **TASK_SETTINGS}, False),
        (("manage_inference",), {"state": "absent"}, False),
        (("monitor_inference", "monitor"), TASK_SETTINGS, True),
        (LEAST, TASK_SETTINGS, False),
        (("manage_inference",), {"state": "absent"}, True),
        (("manage_inference",), {**MODEL_SETTINGS, "allow_recreate": True}, True),
        (("manage_inference",), {**MODEL_SETTINGS, "allow_recreate": True}, False),
        (
            ("monitor_inference", "monitor_ml"),
            {"service_settings": {"model_id": MODEL}, "wait_for_deployment": True},
            False,
        ),
    ],
)
def test_least_privileges_are_enough_and_needed(
    privileges: tuple[str, ...], options: dict[str, object], check: bool
) -> None:
    def succeeds(given: tuple[str, ...]) -> bool:
        user = {"elasticsearch_username": "ansible", "elasticsearch_password": "a password"}
        with Simulator(security=Security(users={"ansible": ("a password", given)})) as server:
            seed(server)
            run = endpoint(server, check=check, **{"inference_id": ID, **user, **options})
        return not run.failed and not any("newest is assumed" in warning for warning in run.warnings)

    assert succeeds(privileges)
    assert not any(succeeds(tuple(one for one in privileges if one != left_out)) for left_out in privileges)
