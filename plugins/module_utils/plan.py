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
from typing import Any, Callable, Collection, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.esops.inference.plugins.module_utils.inference import Endpoint, Server, nest

NONE = "none"
CREATED = "created"
UPDATED = "updated"
RECREATED = "recreated"
DELETED = "deleted"

PRESENT = "present"
ABSENT = "absent"

#: What a plan may have to know beforehand.
SERVER = "server"
OTHERS = "others"
SECRET = "secret"

#: When the secret of an endpoint that exists is sent
ON_CREATE = "on_create"
WHEN_CHANGED = "when_changed"
ALWAYS = "always"

#: So many endpoints a purge may remove even if they are all there are.
_ALWAYS_PURGED = 5

_MISSING = object()


class Service(NamedTuple):
    """What a plan has to know of an inference service. Settings are named by their dotted paths.

    :ivar default_task_type: of a new endpoint whose declaration names none.
    :ivar required: what a create needs.
    :ivar secret: the credential that the server never shows.
    :ivar model: what names the model.
    :ivar changeable_since: settings, or groups of them, that C(_update) changes, and the first version that does.
        What is not here can only change by deleting the endpoint and creating it again.
    :ivar secret_optional_since: the first version that changes service settings without the secret beside them.
    :ivar server_defaults: what the server fills in, and shows, where nothing is given.
    :ivar normalise: makes the settings that a server shows comparable.
    :ivar explain: what to do about a refusal of the server, given its words; empty where there is nothing to add.
    """

    name: str
    default_task_type: str
    required: tuple[str, ...]
    secret: str
    model: str
    changeable_since: Mapping[str, tuple[int, int]]
    secret_optional_since: tuple[int, int]
    server_defaults: Mapping[str, Any]
    normalise: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    explain: Callable[[str], str]

    def changes_in_place(self, path: str, server: Server) -> bool:
        since = self._since(path)
        return since is not None and server.version >= since

    def is_fixed(self, path: str) -> bool:
        """Whether no version changes the setting in place."""
        return self._since(path) is None

    def _since(self, path: str) -> tuple[int, int] | None:
        for group, version in self.changeable_since.items():
            if path == group or path.startswith(group + "."):
                return version
        return None


class Policy(NamedTuple):
    """How far a plan may go; the options of the same names."""

    update_api_key: str = ON_CREATE
    unmanaged_settings: str = "keep"
    allow_recreate: bool = False
    preflight: bool = True
    force: bool = False
    duplicate_model: str = "warn"
    wait_for_deployment: bool = False
    wait_timeout: int = 300


class Purge(NamedTuple):
    """How endpoints that are not declared are removed.

    :ivar exclude: shell patterns of ids that stay.
    :ivar limit: how many may be removed at the most; None for half of what the cluster holds, and always 5.
    """

    exclude: Sequence[str] = ()
    limit: int | None = None


@dataclass(frozen=True)
class Desired:
    """An endpoint as declared, checked already.

    :ivar task_type: None where the declaration leaves it open.
    :ivar settings: dotted paths to the declared values, nothing else, the secret left out.
    :ivar secret: the credential, or None.
    """

    inference_id: str
    state: str = PRESENT
    task_type: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)


class Knowledge(NamedTuple):
    """What has been found out beside the endpoint itself.

    :ivar server: None while nobody asked.
    :ivar others: all endpoints of the cluster; None while nobody asked.
    :ivar ignored: settings which this server was seen not to change although it answered 200.
    :ivar secret_sent: whether the secret has been sent, and taken, in this run.
    :ivar secret_is_new: whether it may be another one than was sent last; None while nobody asked.
    """

    server: Server | None = None
    others: Sequence[Endpoint] | None = None
    ignored: frozenset[str] = frozenset()
    secret_sent: bool = False
    secret_is_new: bool | None = None


@dataclass(frozen=True)
class Plan:
    """What is to happen to one endpoint.

    :ivar question: what must be known first, C(SERVER), C(OTHERS) or C(SECRET); everything else is void then.
    :ivar before: the endpoint as it is, None if there is none.
    :ivar after: the endpoint as it will be, as far as one can tell, None if there will be none.
    :ivar changes: dotted paths of what the declaration wants different.
    :ivar body: of the create or the update, secret included.
    :ivar refusal: why nothing may be done.
    :ivar doubtful: whether this version of the server is expected to refuse the update as a whole. The server decides.
    """

    action: str
    before: Endpoint | None = None
    after: Endpoint | None = None
    changes: tuple[str, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
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
    if existing is not None and existing.service != service.name:
        return Plan(NONE, existing, existing, refusal=_foreign(existing, service))
    if desired.state == ABSENT:
        return Plan(NONE) if existing is None else Plan(DELETED, existing)
    if existing is None:
        return _creation(desired, policy, service, known)
    asked = policy.update_api_key != WHEN_CHANGED or known.secret_is_new is not None
    if not asked and _may_rotate(desired, policy, known):
        return Plan(NONE, question=SECRET)
    return _change(desired, existing, policy, service, known)


def _creation(desired: Desired, policy: Policy, service: Service, known: Knowledge) -> Plan:
    settings = _with_secret(desired.settings, desired, service)
    missing = [path for path in service.required if path not in settings]
    if missing:
        refusal = f"There is no inference endpoint {desired.inference_id} yet, and creating it needs {_and(missing)}."
        return Plan(NONE, refusal=refusal)
    task_type = desired.task_type or service.default_task_type
    shown = {**service.server_defaults, **desired.settings}
    after = Endpoint(desired.inference_id, task_type, service.name, shown)
    warnings: tuple[str, ...] = ()
    if policy.duplicate_model != "allow":
        if known.others is None:
            return Plan(NONE, question=OTHERS)
        twins = [other.inference_id for other in known.others if _is_twin(other, after, service)]
        if twins and policy.duplicate_model == "fail":
            return Plan(NONE, refusal=_duplicate(after, twins, service) + " duplicate_model=allow lets it be created.")
        if twins:
            warnings = (_duplicate(after, twins, service),)
    body = {"service": service.name, **nest(settings)}
    return Plan(CREATED, None, after, tuple(sorted(settings)), body, warnings=warnings)


def _change(desired: Desired, existing: Endpoint, policy: Policy, service: Service, known: Knowledge) -> Plan:
    found = differences(desired, existing, policy, service)
    rotates = _may_rotate(desired, policy, known) and known.secret_is_new is not False
    changes = found.paths + ((service.secret,) if rotates else ())
    if not changes:
        return Plan(NONE, existing, existing)
    fixed = [path for path in changes if service.is_fixed(path) or path in known.ignored]
    if fixed:
        if policy.allow_recreate:
            return _recreation(desired, existing, found, changes, service)
        refusal = _cannot_change(existing, changes, fixed, known.server)
        if known.server and _lacks_secret(changes, desired, service, known.server):
            refusal += f" Service settings change there only with {service.secret} beside them, which is not given."
        return Plan(NONE, existing, existing, changes, refusal=refusal)
    if known.server is None:
        return Plan(NONE, question=SERVER)
    stuck = [path for path in changes if not service.changes_in_place(path, known.server)]
    if stuck and policy.allow_recreate and desired.secret is not None:
        return _recreation(desired, existing, found, changes, service)
    return _update(desired, existing, found, changes, stuck, service, known.server)


def _may_rotate(desired: Desired, policy: Policy, known: Knowledge) -> bool:
    """Whether the secret is to be sent to an endpoint that exists, if it is another one."""
    return policy.update_api_key != ON_CREATE and desired.secret is not None and not known.secret_sent


def _update(
    desired: Desired,
    existing: Endpoint,
    found: Differences,
    changes: tuple[str, ...],
    stuck: Sequence[str],
    service: Service,
    server: Server,
) -> Plan:
    settings = _changed(existing, found)
    body = _groups_of(changes, settings, "task_settings.", whole=True)
    service_part = _groups_of(changes, settings, "service_settings.", whole=False)
    if service_part or service.secret in changes:
        body.update(_with_secret(service_part, desired, service))
    doubtful = not service.changes_in_place(service.secret, server) or _lacks_secret(changes, desired, service, server)
    after = existing._replace(settings=_changed(existing, found, without=changes if doubtful else stuck))
    return Plan(UPDATED, existing, after, changes, nest(body), doubtful=doubtful)


def _recreation(
    desired: Desired, existing: Endpoint, found: Differences, changes: tuple[str, ...], service: Service
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
    return Plan(RECREATED, existing, after, changes, {"service": service.name, **nest(complete)})


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
        if inference_id not in listed and not any(fnmatchcase(inference_id, pattern) for pattern in purge.exclude)
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
        other.inference_id != wanted.inference_id
        and (other.service, other.task_type) == (wanted.service, wanted.task_type)
        and other.settings.get(service.model) == wanted.settings.get(service.model)
    )


def _foreign(existing: Endpoint, service: Service) -> str:
    return (
        f"Inference endpoint {existing.inference_id} belongs to the service {existing.service}, "
        f"not to {service.name}. It is left as it is: choose another inference_id."
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
