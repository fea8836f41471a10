# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.esops.inference.plugins.module_utils._modules.policy_options import policy_options
from ansible_collections.esops.inference.plugins.module_utils._reconcile.declaration import Policy


def test_policy_defaults_are_those_of_the_options() -> None:
    options = policy_options()
    assert Policy() == Policy(**{name: options[name]["default"] for name in Policy._fields})
