# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what has to happen to an endpoint that is not as declared: pure, no I/O, no Ansible.

It is loaded only where something differs. Private to the collection.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from .._elasticsearch.errors import Refused
from .._elasticsearch.text import joined
from .._inference.endpoint import Endpoint, Server, nest
from .._services.service import Service
from . import wording
from .comparison import Differences
from .declaration import ABSENT, Desired, Policy
from .plan import CREATED, DELETED, RECREATED, UPDATED, Facts, Plan
from .temporary import left_over_of, name_of


class Decision(NamedTuple):
    """One endpoint, and all that its plan depends on."""

    desired: Desired
    policy: Policy
    service: Service
    facts: Facts

    def of(self, existing: Endpoint | None, found: Differences, secrets: tuple[str, ...]) -> Plan:
        """The plan.

        :param found: how the endpoint differs from the declaration.
        :param secrets: dotted paths of the secrets that are sent although nothing else may differ.
        :raises Refused: if nothing may be done.
        """
        if self.desired.inference_id.startswith("."):
            raise Refused(wording.built_in(self.desired.inference_id, existing, found.paths))
        if self.facts.unreadable:
            return self._repair()
        if existing is None:
            return self._create()
        if existing.service != self.service.stored_name:
            raise Refused(wording.foreign(existing, self.service.name))
        if self.desired.state == ABSENT:
            return Plan(DELETED, existing)
        return self._change(existing, found, found.paths + secrets)

    def _repair(self) -> Plan:
        """An endpoint that Elasticsearch cannot read can only be deleted, and only with C(force)."""
        desired, service = self.desired, self.service
        named = wording.unreadable(desired.inference_id, self.facts.unreadable)
        is_named = f"[{service.stored_name}]" in self.facts.unreadable
        if desired.service and "Unknown service" in self.facts.unreadable and not is_named:
            raise Refused(f"{named} It belongs to another service, so it was not changed.")
        # What is stored of it is not known, its service and its task type included.
        before = Endpoint(desired.inference_id, "", service.stored_name, {})
        if desired.state == ABSENT and self.policy.force:
            return Plan(DELETED, before)
        if desired.state == ABSENT:
            raise Refused(f"{named} It was not changed. Hint: force=true deletes it.")
        if not (self.policy.force and self.policy.allow_recreate):
            raise Refused(f"{named} It was not changed. Hint: {wording.WAYS_TO_REPAIR}")
        after = self._new(desired.settings, desired.task_type or service.default_task_type)
        missing = self._missing(desired.complete, after.task_type)
        if missing:
            raise Refused(f"{named} It was not changed. Re-creating it needs {joined(missing)}.")
        decided = Plan(RECREATED, before, after, tuple(sorted(desired.complete)))
        return self._proved(self._made(decided, desired.complete))

    def _create(self) -> Plan:
        desired, service = self.desired, self.service
        task_type = desired.task_type or service.default_task_type
        missing = self._missing(desired.complete, task_type)
        # What a left-over temporary endpoint has cannot take the place of a secret.
        if any(path in service.secrets for path in missing):
            raise Refused(wording.cannot_create(desired.inference_id, missing))
        others = self.facts.others()
        carried = self._carried_over(others)
        declared = {**carried.settings, **desired.settings} if carried else dict(desired.settings)
        after = self._new(declared, desired.task_type or (carried.task_type if carried else task_type))
        complete = {**desired.secrets, **declared}
        missing = self._missing(complete, after.task_type)
        if missing:
            raise Refused(wording.cannot_create(desired.inference_id, missing))
        warnings = (*self._recovery(carried), *self._duplicates(after, others))
        return self._made(Plan(CREATED, None, after, tuple(sorted(complete)), warnings=warnings), complete)

    def _missing(self, settings: Mapping[str, Any], task_type: str) -> list[str]:
        """What a create needs beside these settings."""
        return ([] if task_type else ["task_type"]) + self.service.missing_settings(settings, task_type)

    def _carried_over(self, others: Sequence[Endpoint]) -> Endpoint | None:
        """The temporary endpoint of a run that ended between deleting the endpoint and creating it again.

        It has what that run would have created, so nothing that the declaration leaves out is lost.
        """
        if self.policy.unmanaged_settings == "remove":
            return None
        left_over = left_over_of(self.desired.inference_id, others)
        return left_over if left_over and left_over.service == self.service.stored_name else None

    def _recovery(self, carried: Endpoint | None) -> list[str]:
        """The warning that tells what was carried over, if anything was."""
        paths = sorted(set(carried.settings).difference(self.desired.settings)) if carried else []
        return [wording.recovered(carried, self.desired.inference_id, paths)] if carried and paths else []

    def _duplicates(self, after: Endpoint, others: Iterable[Endpoint]) -> list[str]:
        """The warning that other endpoints serve the same model.

        :raises Refused: if the policy does not allow that.
        """
        twins = [other.inference_id for other in others if self._is_twin(other, after)]
        if not twins or self.policy.duplicate_model == "allow":
            return []
        text = wording.duplicate(after, twins, self.service.model)
        if self.policy.duplicate_model == "fail":
            raise Refused(f"{text} duplicate_model=allow lets it be created.")
        return [text]

    def _is_twin(self, other: Endpoint, wanted: Endpoint) -> bool:
        model = self.service.model
        return (
            wanted.settings.get(model) is not None
            and other.inference_id not in (wanted.inference_id, name_of(wanted.inference_id))
            and (other.service, other.task_type) == (wanted.service, wanted.task_type)
            and other.settings.get(model) == wanted.settings.get(model)
        )

    def _change(self, existing: Endpoint, found: Differences, changes: tuple[str, ...]) -> Plan:
        # An update adds to what a merging service has, and takes nothing away.
        kept = found.removed if self.service.merges_task_settings else ()
        fixed = tuple(path for path in changes if path in kept or self.service.is_fixed(path))
        if fixed:
            return self._out_of_place(existing, found, changes, fixed)
        server = self.facts.server()
        stuck = tuple(path for path in changes if not self.service.changes_in_place(path, server))
        impossible = self._impossible(changes, stuck, server)
        if self._resets_chunking(existing, server):
            impossible = changes
        if impossible or (stuck and self.desired.secrets and self.policy.allow_recreate):
            return self._out_of_place(existing, found, changes, impossible, server)
        return self._update(existing, found, changes, stuck, server)

    def _resets_chunking(self, existing: Endpoint, server: Server) -> bool:
        """Whether any update would replace the chunking settings with others."""
        return not server.keeps_chunking and any(path.startswith("chunking_settings.") for path in existing.settings)

    def _lacks_secrets(self, changes: Iterable[str], server: Server) -> bool:
        """Whether the server rejects the whole update for want of the secrets."""
        return not self.desired.secrets and self.service.needs_secrets(changes, server)

    def _impossible(self, changes: tuple[str, ...], stuck: Sequence[str], server: Server) -> tuple[str, ...]:
        """Those of the changes that no update of this server makes."""
        if stuck and (self._lacks_secrets(changes, server) or not server.has_updates):
            # This version is known to reject the update as a whole.
            return changes
        return tuple(path for path in changes if path in self.facts.ignored)

    def _out_of_place(
        self,
        existing: Endpoint,
        found: Differences,
        changes: tuple[str, ...],
        obstacles: Sequence[str],
        server: Server | None = None,
    ) -> Plan:
        """What cannot be changed in place takes a re-creation.

        :param obstacles: the changes that cannot be made in place.
        :param server: the server that cannot; None if no version can.
        :raises Refused: if the policy does not allow it, or if the declaration lacks what it needs.
        """
        if self.policy.allow_recreate:
            return self._recreation(existing, found, changes)
        refusal = wording.cannot_change(existing, changes, obstacles, server)
        if server is not None and self._lacks_secrets(changes, server):
            refusal += wording.needs_secrets(self.service.named_credentials)
        if server is not None and self._resets_chunking(existing, server):
            refusal += wording.resets_chunking(server)
        if not self.facts.rejection:
            raise Refused(refusal)
        # Only a 400 names settings.
        raise Refused(refusal + wording.rejected(self.facts.rejection), 400)

    def _recreation(self, existing: Endpoint, found: Differences, changes: tuple[str, ...]) -> Plan:
        """Settings that the declaration leaves out are carried over from the existing endpoint."""
        wanted = found.applied_to(existing).settings
        kept = self.service.drop_computed(wanted, self.desired.settings)
        after = existing._replace(settings=kept, task_type=found.task_type or existing.task_type)
        complete = {**self.desired.secrets, **kept}
        missing = self.service.missing_settings(complete, after.task_type)
        if missing:
            raise Refused(wording.cannot_recreate(existing, changes, missing))
        left = sorted(set(wanted).difference(kept))
        warnings = (wording.filled_in(existing, left),) if left else ()
        return self._proved(self._made(Plan(RECREATED, existing, after, changes, warnings=warnings), complete))

    def _update(
        self,
        existing: Endpoint,
        found: Differences,
        changes: tuple[str, ...],
        stuck: Sequence[str],
        server: Server,
    ) -> Plan:
        """
        :param stuck: the changes that this version is expected to ignore. The server decides.
        """
        wanted = found.applied_to(existing).settings
        body = self.service.select_update(changes, wanted)
        secrets = self.desired.secrets
        is_sent = any(path.startswith("service_settings.") for path in changes)
        sent = {path: value for path, value in secrets.items() if is_sent and path not in self.facts.ignored}
        doubtful = self._lacks_secrets(changes, server)
        after = found.applied_to(existing, without=changes if doubtful else stuck)
        proof: Mapping[str, Any] = {}
        if sent and self._proves and not self.service.validates_updates(server):
            proof = self._body({**secrets, **wanted})
        warnings = self._of_optional_secrets(existing, [path for path in sent if path in changes])
        return Plan(UPDATED, existing, after, changes, nest({**sent, **body}), tuple(sent), proof, doubtful, warnings)

    def _of_optional_secrets(self, existing: Endpoint, rotated: Sequence[str]) -> tuple[str, ...]:
        """The warning that the endpoint may have no secret that could be replaced; no server tells."""
        is_optional = () in self.service.credentials
        return (wording.optional_secrets(existing, rotated),) if rotated and is_optional else ()

    def _new(self, settings: Mapping[str, Any], task_type: str) -> Endpoint:
        """A new endpoint, as the server will show it."""
        shown = {**self.service.defaults(task_type), **settings}
        return Endpoint(self.desired.inference_id, task_type, self.service.stored_name, shown)

    def _made(self, decided: Plan, complete: Mapping[str, Any]) -> Plan:
        """The plan of a create, with its body."""
        return replace(decided, body=self._body(complete), sent=tuple(self.desired.secrets))

    def _proved(self, decided: Plan) -> Plan:
        """The plan of a create that is proved on a temporary endpoint, if the policy wants that."""
        return replace(decided, proof=decided.body) if self._proves else decided

    @property
    def _proves(self) -> bool:
        """Whether settings are proved on a temporary endpoint. A model in the cluster would be allocated twice."""
        return self.policy.preflight and not self.service.is_local

    def _body(self, complete: Mapping[str, Any]) -> dict[str, Any]:
        """The body of a create."""
        return {"service": self.service.name, **nest(self.service.drop_read_only(complete))}
