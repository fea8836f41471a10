# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plays each of targets/ against a simulator of its own, and finds no secret in what that leaves.

A target's simulator.yml, where it has one, gives the options of its Simulator. Secrets stand in it as in
a playbook ("{{ secret_password }}"). `security` holds the fields of Security. With `tls: true` the server
has a certificate, and the target the variable ca_path, the CA's file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest
import trustme
import yaml

from tests.integration.harness import HERE, SECRETS, find_leaks, play
from tests.simulator import Security, Simulator, Tls

TARGETS = sorted(path.parents[1] for path in HERE.glob("targets/*/tasks/main.yml"))


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_target(target: Path, tmp_path: Path) -> None:
    options = simulator_options(target)
    extra_vars = []
    if options.pop("tls", False):
        options["tls"] = make_certificate(tmp_path)
        extra_vars.append(f"ca_path={tmp_path / 'ca.pem'}")
    home = tmp_path / "home"
    home.mkdir()
    with Simulator(**options) as server:
        played = play(target.name, server.url, home, *extra_vars)
    leaks = find_leaks(played.printed + played.written)
    if leaks or played.status:
        tail = "\n".join(played.printed.splitlines()[-60:])
        reason = f"printed or logged {', '.join(leaks)}" if leaks else f"exit status {played.status}"
        pytest.fail(f"{tail}\n\n{target.name}: {reason}", pytrace=False)


def simulator_options(target: Path) -> dict[str, Any]:
    """Return what the target's simulator.yml says, with its secrets filled in."""
    path = target / "simulator.yml"
    if not path.exists():
        return {}
    options: dict[str, Any] = yaml.safe_load(jinja2.Template(path.read_text()).render(SECRETS))
    if "security" in options:
        options["security"] = Security(**options["security"])
    return options


def make_certificate(directory: Path) -> Tls:
    """Write a certificate for the simulator and, as ca.pem, the CA's."""
    ca = trustme.CA()
    certificate = ca.issue_cert("127.0.0.1", "localhost")
    ca.cert_pem.write_to_path(directory / "ca.pem")
    certificate.private_key_and_cert_chain_pem.write_to_path(directory / "server.pem")
    return Tls(str(directory / "server.pem"), str(directory / "server.pem"))
