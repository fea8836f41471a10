# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what has to happen to an endpoint: pure functions, no I/O, no Ansible.

The single and the bulk module, check mode and diff mode all follow the same C(Plan).
Private to the collection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Collection, Iterable, Mapping, NamedTuple, Sequence

from .._inference.endpoint import Endpoint, Server, nest
from .._services.service import Service
from .declaration import ABSENT, ON_CREATE, WHEN_CHANGED, Desired, Policy, Purge

NONE = "none"
CREATED = "created"
UPDATED = "updated"
RECREATED = "recreated"
DELETED = "deleted"

#: What a plan may have to know beforehand.
SERVER = "server"
OTHERS = "others"
SECRET = "secret"

#: So many endpoints a purge may remove even if they are all there are.
_ALWAYS_PURGED = 5

#: What the temporary endpoint of an endpoint is named: its ID with this behind.
PREFLIGHT_SUFFIX = "-ansible-preflight"

_MISSING = object()


class Knowledge(NamedTuple):
    """What has been found out beside the endpoint itself.

    :ivar server: None while nobody asked.
    :ivar others: all endpoints of the cluster; None while nobody asked.
    :ivar ignored: settings which this server was seen not to change although it answered 200.
    :ivar secret_sent: whether the secret has been sent, and taken, in this run.
    :ivar secret_is_new: whether it may be another one than was sent last; None while nobody asked.
    :ivar unreadable: why Elasticsearch cannot read the endpoint, although it is there; empty if it can.
    """

    server: Server | None = None
    others: Sequence[Endpoint] | None = None
    ignored: frozenset[str] = frozenset()
    secret_sent: bool = False
    secret_is_new: bool | None = None
    unreadable: str = ""


@dataclass(frozen=True)
class Plan:
    """What is to happen to one endpoint.

    :ivar question: what must be known first, C(SERVER), C(OTHERS) or C(SECRET); everything else is void then.
    :ivar before: the endpoint as it is, None if there is none.
    :ivar after: the endpoint as it will be, as far as one can tell, None if there will be none.
    :ivar changes: dotted paths of what the declaration wants different.
    :ivar body: of the create or the update, secret included.
    :ivar proof: of the temporary endpoint that has to be created before the endpoint is touched; empty if none has to.
    :ivar refusal: why nothing may be done.
    :ivar doubtful: whether this version of the server may reject the update as a whole. Its answer decides.
    """

    action: str
    before: Endpoint | None = None
    after: Endpoint | None = None
    changes: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    proof: Mapping[str, Any] = field(default_factory=dict, repr=False)
    question: str = ""
    refusal: str = ""
    doubtful: bool = False
    warnings: tuple[str, ...] = ()


class Differences(NamedTuple):
    """What an endpoint has to get, and to lose, to be as declared."""

    settings: Mapping[str, Any]
    removed: frozenset[str]
    task_type: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        head = ("task_type",) if self.task_type else ()
        return head + tuple(sorted([*self.settings, *self.removed]))


def differences(desired: Desired, existing: Endpoint, policy: Policy, service: Service) -> Differences:
    """Compares only what is declared; with C(unmanaged_settings=remove) also what is not."""
    wanted = dict(desired.settings)
    removed: frozenset[str] = frozenset()
    if policy.unmanaged_settings == "remove":
        wanted = {**service.server_defaults, **wanted}
        removed = frozenset(
            path
            for path in existing.settings
            if path.startswith("task_settings.") and path not in wanted and path not in service.required
        )
    unequal = {path: value for path, value in wanted.items() if existing.settings.get(path, _MISSING) != value}
    other_type = desired.task_type if desired.task_type not in (None, existing.task_type) else None
    return Differences(unequal, removed, other_type)


def plan(desired: Desired, existing: Endpoint | None, policy: Policy, service: Service, known: Knowledge) -> Plan:
    """What has to happen so that the endpoint becomes as declared."""
    if known.unreadable:
        return _repair(desired, policy, service, known)
    if existing is not None and existing.service != service.name:
        return Plan(NONE, existing, existing, refusal=_foreign(existing, service))
    if desired.state == ABSENT:
        return Plan(NONE) if existing is None else Plan(DELETED, existing)
    if existing is None:
        return _creation(desired, policy, service, known)
    asked = policy.update_secrets != WHEN_CHANGED or known.secret_is_new is not None
    if not asked and _may_rotate(desired, policy, known):
        return Plan(NONE, question=SECRET)
    return _change(desired, existing, policy, service, known)


def _repair(desired: Desired, policy: Policy, service: Service, known: Knowledge) -> Plan:
    """An endpoint that Elasticsearch cannot read can only be deleted, and only with C(force)."""
    named = f"Inference endpoint {desired.inference_id} cannot be read: {known.unreadable}"
    if "Unknown service" in known.unreadable and f"[{service.name}]" not in known.unreadable:
        return Plan(NONE, refusal=f"{named} It belongs to another service, so it was not changed.")
    # What is stored of it is not known, its service and its task type included.
    before = Endpoint(desired.inference_id, "", service.name, {})
    if desired.state == ABSENT:
        if policy.force:
            return Plan(DELETED, before)
        return Plan(NONE, refusal=f"{named} It was not changed. Hint: force=true deletes it.")
    if not (policy.force and policy.allow_recreate):
        hint = "state=absent with force=true deletes it; allow_recreate=true with force=true re-creates it as declared."
        return Plan(NONE, refusal=f"{named} It was not changed. Hint: {hint}")
    settings = _with_secret(desired.settings, desired, service)
    missing = [path for path in service.required if path not in settings]
    if missing:
        return Plan(NONE, refusal=f"{named} It was not changed. Re-creating it needs {_and(missing)}.")
    task_type = desired.task_type or service.default_task_type
    after = Endpoint(desired.inference_id, task_type, service.name, {**service.server_defaults, **desired.settings})
    body = {"service": service.name, **nest(settings)}
    return Plan(RECREATED, before, after, tuple(sorted(settings)), body, body if policy.preflight else {})


def _creation(desired: Desired, policy: Policy, service: Service, known: Knowledge) -> Plan:
    if known.others is None:
        missing = [path for path in service.required if path not in _with_secret(desired.settings, desired, service)]
        if service.secret not in missing:
            return Plan(NONE, question=OTHERS)
    carried = _carried_over(desired, policy, service, known)
    declared = {**carried.settings, **desired.settings} if carried else dict(desired.settings)
    settings = _with_secret(declared, desired, service)
    missing = [path for path in service.required if path not in settings]
    if missing:
        refusal = f"There is no inference endpoint {desired.inference_id} yet, and creating it needs {_and(missing)}."
        return Plan(NONE, refusal=refusal)
    task_type = desired.task_type or (carried.task_type if carried else service.default_task_type)
    after = Endpoint(desired.inference_id, task_type, service.name, {**service.server_defaults, **declared})
    warnings: tuple[str, ...] = ()
    if carried and declared != desired.settings:
        warnings = (_recovered(carried, desired),)
    twins = [other.inference_id for other in known.others or () if _is_twin(other, after, service)]
    if twins and policy.duplicate_model == "fail":
        return Plan(NONE, refusal=_duplicate(after, twins, service) + " duplicate_model=allow lets it be created.")
    if twins and policy.duplicate_model == "warn":
        warnings += (_duplicate(after, twins, service),)
    body = {"service": service.name, **nest(settings)}
    return Plan(CREATED, None, after, tuple(sorted(settings)), body, warnings=warnings)


def _carried_over(desired: Desired, policy: Policy, service: Service, known: Knowledge) -> Endpoint | None:
    """The temporary endpoint of a run that ended between deleting the endpoint and creating it again.

    It has what that run would have created, so nothing that the declaration leaves out is lost.
    """
    if policy.unmanaged_settings == "remove":
        return None
    left_over = left_over_of(desired.inference_id, known.others or ())
    return left_over if left_over and left_over.service == service.name else None


def base_of(name: str) -> str:
    """The ID of the endpoint whose temporary endpoint would be named so; empty if none would."""
    return name[: -len(PREFLIGHT_SUFFIX)] if name.endswith(PREFLIGHT_SUFFIX) else ""


def left_over_of(inference_id: str, endpoints: Iterable[Endpoint]) -> Endpoint | None:
    """The temporary endpoint of an endpoint, if there is one among these."""
    name = inference_id + PREFLIGHT_SUFFIX
    return next((endpoint for endpoint in endpoints if endpoint.inference_id == name), None)


def left_overs(declared: Sequence[Desired], existing: Mapping[str, Endpoint], service: Service) -> list[Desired]:
    """The removals of temporary endpoints that runs left behind and nobody needs.

    If an endpoint does not exist, its temporary endpoint may be the only place that has its settings.
    """
    listed = {desired.inference_id for desired in declared}
    absent = {desired.inference_id for desired in declared if desired.state == ABSENT}
    return [
        Desired(name, ABSENT)
        for name in _temporary(existing, service)
        if name not in listed and (base_of(name) in existing or base_of(name) in absent)
    ]


def orphans(declared: Sequence[Desired], existing: Mapping[str, Endpoint], service: Service) -> list[str]:
    """Temporary endpoints whose endpoint neither exists nor is declared."""
    listed = {desired.inference_id for desired in declared}
    return [
        name
        for name in _temporary(existing, service)
        if name not in listed and base_of(name) not in existing and base_of(name) not in listed
    ]


def _temporary(existing: Mapping[str, Endpoint], service: Service) -> list[str]:
    return sorted(name for name, one in existing.items() if base_of(name) and one.service == service.name)


def _change(desired: Desired, existing: Endpoint, policy: Policy, service: Service, known: Knowledge) -> Plan:
    found = differences(desired, existing, policy, service)
    rotates = _may_rotate(desired, policy, known) and known.secret_is_new is not False
    changes = found.paths + ((service.secret,) if rotates else ())
    if not changes:
        return Plan(NONE, existing, existing)
    server = known.server
    fixed = [path for path in changes if service.is_fixed(path) or path in known.ignored]
    if server is None and not fixed:
        return Plan(NONE, question=SERVER)
    stuck = [path for path in changes if server and not service.changes_in_place(path, server)]
    lacks_secret = server is not None and _lacks_secret(changes, desired, service, server)
    if stuck and (lacks_secret or service.secret_is_stuck(server)):
        # This version is known to reject the update as a whole, so it is not sent.
        fixed = list(changes)
    if (fixed or (stuck and desired.secret is not None)) and policy.allow_recreate:
        return _recreation(desired, existing, found, changes, policy, service)
    if fixed or server is None:
        refusal = _cannot_change(existing, changes, fixed, server)
        if lacks_secret:
            refusal += f" Service settings change there only with {service.secret} beside them, which is not given."
        return Plan(NONE, existing, existing, changes, refusal=refusal)
    return _update(desired, existing, found, changes, stuck, policy, service, server)


def _may_rotate(desired: Desired, policy: Policy, known: Knowledge) -> bool:
    """Whether the secret is to be sent to an endpoint that exists, if it is another one."""
    return policy.update_secrets != ON_CREATE and desired.secret is not None and not known.secret_sent


def _update(
    desired: Desired,
    existing: Endpoint,
    found: Differences,
    changes: tuple[str, ...],
    stuck: Sequence[str],
    policy: Policy,
    service: Service,
    server: Server,
) -> Plan:
    settings = _changed(existing, found)
    body = _groups_of(changes, settings, "task_settings.", whole=True)
    service_part = _groups_of(changes, settings, "service_settings.", whole=False)
    if service_part or service.secret in changes:
        body.update(_with_secret(service_part, desired, service))
    doubtful = _lacks_secret(changes, desired, service, server)
    after = existing._replace(settings=_changed(existing, found, without=changes if doubtful else stuck))
    proof: dict[str, Any] = {}
    if service.secret in body and policy.preflight and not doubtful and not service.validates_updates(server):
        proof = {"service": service.name, **nest(_with_secret(settings, desired, service))}
    return Plan(UPDATED, existing, after, changes, nest(body), proof, doubtful=doubtful)


def _recreation(
    desired: Desired,
    existing: Endpoint,
    found: Differences,
    changes: tuple[str, ...],
    policy: Policy,
    service: Service,
) -> Plan:
    """Settings that the declaration leaves out are carried over from the existing endpoint."""
    settings = _changed(existing, found)
    complete = _with_secret(settings, desired, service)
    missing = [path for path in service.required if path not in complete]
    if missing:
        refusal = (
            f"Inference endpoint {existing.inference_id} differs in {_and(changes)}; creating it again "
            f"(allow_recreate) needs {_and(missing)}. Nothing was changed."
        )
        return Plan(NONE, existing, existing, changes, refusal=refusal)
    after = Endpoint(existing.inference_id, found.task_type or existing.task_type, service.name, settings)
    body = {"service": service.name, **nest(complete)}
    return Plan(RECREATED, existing, after, changes, body, body if policy.preflight else {})


def former_body(former: Endpoint, desired: Desired, service: Service) -> dict[str, Any]:
    """The body that creates an endpoint as it was before, with the secret at hand."""
    return {"service": service.name, **nest(_with_secret(former.settings, desired, service))}


def purged(
    declared: Sequence[Desired], existing: Collection[Endpoint], service: Service, purge: Purge
) -> tuple[list[Desired], str]:
    """The removals of a purge, and why they may not be; never another service's endpoint, nor a built-in one."""
    listed = {desired.inference_id for desired in declared}
    ids = sorted(endpoint.inference_id for endpoint in existing if endpoint.service == service.name)
    held = [inference_id for inference_id in ids if not inference_id.startswith(".")]
    doomed = [
        inference_id
        for inference_id in held
        if inference_id not in listed
        and base_of(inference_id) not in listed
        and not any(fnmatchcase(inference_id, pattern) for pattern in purge.exclude)
    ]
    limit = max(_ALWAYS_PURGED, len(held) // 2) if purge.limit is None else purge.limit
    refusal = ""
    if len(doomed) > limit:
        refusal = (
            f"The purge would remove {len(doomed)} of the {len(held)} endpoints of the service {service.name} that the "
            f"cluster holds, more than {limit}. Nothing was changed. They are {_and(doomed)}. "
            f"Hint: list those that shall stay, name them in purge_exclude, or set purge_max={len(doomed)}."
        )
    return [Desired(inference_id, ABSENT) for inference_id in doomed], refusal


def _changed(existing: Endpoint, found: Differences, without: Iterable[str] = ()) -> dict[str, Any]:
    kept = frozenset(without)
    settings = {path: value for path, value in existing.settings.items() if path not in found.removed - kept}
    settings.update({path: value for path, value in found.settings.items() if path not in kept})
    return settings


def _groups_of(changes: Iterable[str], settings: Mapping[str, Any], group: str, whole: bool) -> dict[str, Any]:
    """The part of an update's body for one group: empty if nothing in it changes.

    :param whole: the server replaces the group, so that what does not change has to be sent along.
    """
    changed = {path for path in changes if path.startswith(group)}
    if not changed:
        return {}
    return {path: value for path, value in settings.items() if path.startswith(group) and (whole or path in changed)}


def _with_secret(settings: Mapping[str, Any], desired: Desired, service: Service) -> dict[str, Any]:
    """The secret comes first within its group, as in the documentation's examples."""
    if desired.secret is None:
        return dict(settings)
    return {service.secret: desired.secret, **settings}


def _lacks_secret(changes: Iterable[str], desired: Desired, service: Service, server: Server) -> bool:
    """Whether the server refuses the whole update for want of the secret."""
    wanted = server.version < service.secret_optional_since and desired.secret is None
    return wanted and any(path.startswith("service_settings.") for path in changes)


def _is_twin(other: Endpoint, wanted: Endpoint, service: Service) -> bool:
    return (
        other.inference_id not in (wanted.inference_id, wanted.inference_id + PREFLIGHT_SUFFIX)
        and (other.service, other.task_type) == (wanted.service, wanted.task_type)
        and other.settings.get(service.model) == wanted.settings.get(service.model)
    )


def _foreign(existing: Endpoint, service: Service) -> str:
    return (
        f"Inference endpoint {existing.inference_id} belongs to the service {existing.service}, "
        f"not to {service.name}. It is left as it is: choose another inference_id."
    )


def _recovered(left_over: Endpoint, desired: Desired) -> str:
    paths = sorted(path for path in left_over.settings if path not in desired.settings)
    return (
        f"An earlier run ended while it re-created inference endpoint {desired.inference_id}. "
        f"Its temporary endpoint {left_over.inference_id} still has {_and(paths)}, so this was carried over."
    )


def _duplicate(wanted: Endpoint, twins: list[str], service: Service) -> str:
    return (
        f"{_and(twins)} already serve{'s' if len(twins) == 1 else ''} the model {wanted.settings.get(service.model)} "
        f"for the task {wanted.task_type}; {wanted.inference_id} would be one more endpoint for the same model."
    )


def _cannot_change(existing: Endpoint, changes: Sequence[str], stuck: Sequence[str], server: Server | None) -> str:
    nobody = f"{server.name} does not change" if server else "no version of Elasticsearch changes"
    what = "it" if tuple(stuck) == tuple(changes) and len(stuck) == 1 else _and(stuck)
    return (
        f"Inference endpoint {existing.inference_id} differs in {_and(changes)}, but {nobody} {what} in place. "
        "Hint: allow_recreate=true has the endpoint deleted and created again; or declare what it has."
    )


def _and(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
