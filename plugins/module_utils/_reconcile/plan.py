# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan for one endpoint: the change that makes it match its declaration. Pure: no I/O, no Ansible.

All modules, check mode, and diff mode follow the same C(Plan).
Private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Protocol, Sequence

from .._inference.endpoint import Endpoint, Server
from .._services.service import Service
from .comparison import Differences, compare
from .declaration import ABSENT, ALWAYS, ON_CREATE, PRESENT, Desired, Policy

NONE = "none"
CREATED = "created"
UPDATED = "updated"
RECREATED = "recreated"
DELETED = "deleted"


class Facts(Protocol):
    """Facts that a plan may need in addition to the endpoint. A plan looks up only those that its decision needs."""

    @property
    def unreadable(self) -> str:
        """Return the reason why Elasticsearch cannot read the stored endpoint; empty if it can."""

    @property
    def ignored(self) -> frozenset[str]:
        """Return the settings that this server did not change although it returned 200."""

    @property
    def rejection(self) -> str:
        """Return the error message with which this server rejected a whole update; empty if it did not."""

    @property
    def secrets_sent(self) -> bool:
        """Return whether this run sent the secrets and the server accepted them."""

    def secrets_are_new(self, existing: Endpoint) -> bool:
        """Return whether the secrets may differ from those that were sent last."""

    def server(self) -> Server:
        """Return the version of the server."""

    def all_endpoints(self) -> Sequence[Endpoint]:
        """Return the endpoints of the cluster."""


@dataclass(frozen=True)
class Plan:
    """The planned change of one endpoint.

    :ivar before: the current endpoint; None if it does not exist.
    :ivar after: the predicted endpoint; None if it will not exist.
    :ivar changes: dotted paths of the settings that differ from the declaration.
    :ivar body: request body of the create or the update, including the secrets.
    :ivar sent: dotted paths of the secrets in the request body.
    :ivar preflight_body: request body of the temporary endpoint for the preflight check; empty if no check is needed.
    :ivar may_be_rejected: whether this version of the server may reject the whole update. Its response decides.
    """

    action: str
    before: Endpoint | None = None
    after: Endpoint | None = None
    changes: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sent: tuple[str, ...] = ()
    preflight_body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    may_be_rejected: bool = False
    warnings: tuple[str, ...] = ()


def plan(desired: Desired, existing: Endpoint | None, policy: Policy, service: Service, facts: Facts) -> Plan:
    """Return the change that makes the endpoint match its declaration.

    :raises Refused: if the change is not possible or not allowed.
    """
    found = Differences()
    secrets: tuple[str, ...] = ()
    is_own = existing is not None and existing.service == service.stored_name
    if existing is not None and is_own and desired.state == PRESENT and not facts.unreadable:
        secrets = secrets_to_send(desired, existing, policy, facts)
        found = compare(desired, existing, policy, service)
        if not (found.paths or secrets):
            return Plan(NONE, existing, existing)
    elif existing is None and desired.state == ABSENT and not facts.unreadable:
        return Plan(NONE)
    # Loaded here, because runs without differences do not need it.
    from .decision import Decision  # noqa: PLC0415

    return Decision(desired, policy, service, facts).plan(existing, found, secrets)


def secrets_to_send(desired: Desired, existing: Endpoint, policy: Policy, facts: Facts) -> tuple[str, ...]:
    """Return the dotted paths of the secrets to send even if no setting differs."""
    secrets = tuple(desired.secrets)
    if policy.update_secrets == ON_CREATE or not secrets or facts.secrets_sent:
        return ()
    return secrets if policy.update_secrets == ALWAYS or facts.secrets_are_new(existing) else ()
