# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of what the modules support, such as check mode."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - Check mode also predicts failures, for example a setting that an older version cannot update, or an endpoint
        that is in use.
      - Check mode cannot predict whether the provider accepts the API key and the model.
  diff_mode:
    description: Returns details on what has changed, or would change, when in diff mode.
    support: full
    details:
      - An API key that is sent appears as a change without its values.
  idempotent:
    description:
      - When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
      - This assumes that the system controlled or queried by the module has not changed in a relevant way.
    support: partial
    details:
      - With O(update_secrets=always), every run sends the API key and reports a change. With V(when_changed), a new API
        key is sent once.
  action_group:
    description: Use C(group/esops.inference.all) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - esops.inference.all
  platform:
    description: The system that is managed.
    support: full
    platforms: Elasticsearch 8.16 or later, Elasticsearch Serverless
"""
