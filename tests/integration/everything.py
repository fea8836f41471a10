# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run everything.yml, and verify its effects on the servers."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import trustme

from tests.integration.harness import HERE, SECRETS, find_leaks, run_playbook
from tests.simulator import Security, Simulator, Tls

PLAYBOOK = HERE / "everything.yml"


def play_everything(
    home: Path, collections: Path | str = sys.prefix, variables: Mapping[str, str] | None = None, **environment: str
) -> list[Path]:
    """Run everything.yml with the collection under `collections`, and return the file of each module that ran."""
    for name in ("ca", "other_ca"):
        authority = trustme.CA()
        authority.cert_pem.write_to_path(home / f"{name}.pem")
        if name == "ca":
            authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(home / "server.pem")
    certificate = str(home / "server.pem")
    security = Security(users={"elastic": (SECRETS["secret_password"], ("all",))})
    with Simulator(security=security, tls=Tls(certificate, certificate)) as https, Simulator() as http:
        given = {
            "https_url": https.url,
            "http_url": http.url,
            "ca_path": str(home / "ca.pem"),
            "other_ca_path": str(home / "other_ca.pem"),
            **(variables or {}),
        }
        arguments: list[str | Path] = [PLAYBOOK, "-e", " ".join(f"{name}={value}" for name, value in given.items())]
        played = run_playbook(
            arguments,
            home,
            ANSIBLE_COLLECTIONS_PATH=str(collections),
            ANSIBLE_COLLECTIONS_SCAN_SYS_PATH="false",  # do not search other paths
            **environment,
        )
        assert played.status == 0, played.printed
        assert find_leaks(played.printed + played.written) == []
        assert [name for name in https.endpoints if not name.startswith(".")] == []
        held = {name: endpoint for name, endpoint in http.endpoints.items() if not name.startswith(".")}
        assert {name: endpoint.task_settings for name, endpoint in held.items()} == {"answers": {"max_tokens": 512}}
        assert held["answers"].secret == SECRETS["secret_anthropic_key"]
        own = [exchange for exchange in http.log if "ansible-esops" in exchange.headers["user-agent"]]
        assert own
        assert all("gzip" in exchange.headers["accept-encoding"] for exchange in own)
    return [Path(file) for file in re.findall(r"Using module file (\S+/esops/inference/\S+)", played.printed)]
