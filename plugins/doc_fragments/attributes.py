# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules support, in the terms of ansible-core."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - Check mode follows the same plan as the run. It tells refusals, too, those of older servers and those of
        endpoints in use included. Whether the provider takes the key and the model only the run shows.
  diff_mode:
    description: Returns details on what has changed, or would change, when in diff mode.
    support: full
    details:
      - A key that is sent again shows as a change without either value.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
    support: partial
    details:
      - With O(update_secrets=always) the key is sent, and a change reported, on every run, since no server tells
        whether it differs. With V(when_changed) it is sent once.
  action_group:
    description: Use C(group/esops.inference.all) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - esops.inference.all
  platform:
    description: The system that is managed.
    support: full
    platforms: Elasticsearch 8.16 and newer, Elasticsearch Serverless
"""
