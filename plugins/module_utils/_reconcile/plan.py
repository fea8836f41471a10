# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what has to happen to an endpoint: pure, no I/O, no Ansible.

The single and the bulk module, check mode and diff mode all follow the same C(Plan).
Private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Protocol, Sequence

from .._inference.endpoint import Endpoint, Server
from .._services.service import Service
from .comparison import Differences, differences
from .declaration import ABSENT, ALWAYS, ON_CREATE, PRESENT, Desired, Policy

NONE = "none"
CREATED = "created"
UPDATED = "updated"
RECREATED = "recreated"
DELETED = "deleted"


class Facts(Protocol):
    """What a plan may have to know beside the endpoint itself. A plan asks only if its decision depends on it."""

    @property
    def unreadable(self) -> str:
        """Why Elasticsearch cannot read the endpoint, although it is there; empty if it can."""

    @property
    def ignored(self) -> frozenset[str]:
        """Settings which this server was seen not to change although it answered 200."""

    @property
    def rejection(self) -> str:
        """Why this server rejected an update as a whole, in its own words; empty if it did not."""

    @property
    def secrets_sent(self) -> bool:
        """Whether the secrets have been sent, and taken, in this run."""

    def secrets_are_new(self, existing: Endpoint) -> bool:
        """Whether the secrets may be others than were sent last."""

    def server(self) -> Server:
        """What the server says of itself."""

    def others(self) -> Sequence[Endpoint]:
        """The endpoints of the cluster."""


@dataclass(frozen=True)
class Plan:
    """What is to happen to one endpoint.

    :ivar before: the endpoint as it is, None if there is none.
    :ivar after: the endpoint as it will be, as far as one can tell, None if there will be none.
    :ivar changes: dotted paths of what the declaration wants different.
    :ivar body: of the create or the update, secrets included.
    :ivar sent: dotted paths of the secrets in it.
    :ivar proof: of the temporary endpoint that has to be created before the endpoint is touched; empty if none has to.
    :ivar doubtful: whether this version of the server may reject the update as a whole. Its answer decides.
    """

    action: str
    before: Endpoint | None = None
    after: Endpoint | None = None
    changes: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sent: tuple[str, ...] = ()
    proof: Mapping[str, Any] = field(default_factory=dict, repr=False)
    doubtful: bool = False
    warnings: tuple[str, ...] = ()


def plan(desired: Desired, existing: Endpoint | None, policy: Policy, service: Service, facts: Facts) -> Plan:
    """What has to happen so that the endpoint becomes as declared.

    :raises Refused: if nothing may be done.
    """
    found = Differences()
    secrets: tuple[str, ...] = ()
    is_own = existing is not None and existing.service == service.stored_name
    if existing is not None and is_own and desired.state == PRESENT and not facts.unreadable:
        secrets = secrets_to_send(desired, existing, policy, facts)
        found = differences(desired, existing, policy, service)
        if not (found.paths or secrets):
            return Plan(NONE, existing, existing)
    elif existing is None and desired.state == ABSENT and not facts.unreadable:
        return Plan(NONE)
    # A run in which nothing differs need not wait for this import.
    from .decision import Decision  # noqa: PLC0415

    return Decision(desired, policy, service, facts).of(existing, found, secrets)


def secrets_to_send(desired: Desired, existing: Endpoint, policy: Policy, facts: Facts) -> tuple[str, ...]:
    """The secrets that are sent although nothing else may differ."""
    secrets = tuple(desired.secrets)
    if policy.update_secrets == ON_CREATE or not secrets or facts.secrets_sent:
        return ()
    return secrets if policy.update_secrets == ALWAYS or facts.secrets_are_new(existing) else ()
