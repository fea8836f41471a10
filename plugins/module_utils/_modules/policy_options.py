# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that control which changes a run makes. Private to the collection."""

from __future__ import annotations

from typing import Any, Mapping

from .._reconcile.cluster import Cluster, Services
from .._reconcile.declaration import ALWAYS, ON_CREATE, WHEN_CHANGED, Policy
from .._reconcile.reconciler import Reconciler
from .fingerprint_options import build_fingerprints, fingerprint_options, validate_fingerprint_options
from .runner import Context


def policy_options() -> dict[str, Any]:
    """Return the argument spec of C(Policy) and of the fingerprint store."""
    return {
        "update_secrets": {
            "type": "str",
            "choices": [ON_CREATE, WHEN_CHANGED, ALWAYS],
            "default": ON_CREATE,
            "no_log": False,
        },
        **fingerprint_options(),
        "unmanaged_settings": {"type": "str", "choices": ["keep", "remove"], "default": "keep"},
        "allow_recreate": {"type": "bool", "default": False},
        "preflight": {"type": "bool", "default": True},
        "force": {"type": "bool", "default": False},
        "duplicate_model": {"type": "str", "choices": ["allow", "warn", "fail"], "default": "warn"},
        "wait_for_deployment": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 300},
    }


def validate_policy(params: Mapping[str, Any]) -> list[str]:
    """Return validation errors for these options."""
    return validate_fingerprint_options(params) if params["update_secrets"] == WHEN_CHANGED else []


def build_reconciler(context: Context, services: Services) -> Reconciler:
    """Build the reconciler with the policy of the task."""
    policy = Policy(**{option: context.params[option] for option in Policy._fields})
    cluster = Cluster(context.api, services, policy, check_mode=context.check_mode, warnings=context.warnings)
    if policy.update_secrets == WHEN_CHANGED:
        cluster.fingerprints = build_fingerprints(context, services, cluster.server)
    return Reconciler(cluster)
