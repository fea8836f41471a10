# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run each target in targets/ against its own simulator, and search the output for secrets.

The optional simulator.yml of a target contains the options of its Simulator. Secrets are written as in a playbook
("{{ secret_password }}"). `security` contains the fields of Security. With `tls: true`, the server has a certificate,
and the target has the variable ca_path with the path of the CA.
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
def test_target_succeeds_without_leaking_secrets(target: Path, tmp_path: Path) -> None:
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
    """Return the options in the target's simulator.yml, with secrets filled in."""
    path = target / "simulator.yml"
    if not path.exists():
        return {}
    options: dict[str, Any] = yaml.safe_load(jinja2.Template(path.read_text()).render(SECRETS))
    if "security" in options:
        options["security"] = Security(**options["security"])
    return options


def make_certificate(directory: Path) -> Tls:
    """Write a server certificate for the simulator, and its CA as ca.pem."""
    ca = trustme.CA()
    certificate = ca.issue_cert("127.0.0.1", "localhost")
    ca.cert_pem.write_to_path(directory / "ca.pem")
    certificate.private_key_and_cert_chain_pem.write_to_path(directory / "server.pem")
    return Tls(str(directory / "server.pem"), str(directory / "server.pem"))
