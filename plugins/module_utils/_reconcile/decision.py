# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decision about an endpoint that differs from its declaration. Pure: no I/O, no Ansible.

Loaded only if something differs. Private to the collection.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from .._elasticsearch.errors import Refused
from .._inference.endpoint import Endpoint, Server, nest
from .._services.service import Service
from . import wording
from .comparison import Differences
from .declaration import ABSENT, Desired, Policy
from .plan import CREATED, DELETED, RECREATED, UPDATED, Facts, Plan
from .temporary import find_left_over, temporary_id


class Decision(NamedTuple):
    """The declaration of one endpoint, and everything else that its plan depends on."""

    desired: Desired
    policy: Policy
    service: Service
    facts: Facts

    def plan(self, existing: Endpoint | None, found: Differences, secrets: tuple[str, ...]) -> Plan:
        """Return the plan.

        :param found: the differences between the endpoint and its declaration.
        :param secrets: dotted paths of the secrets to send even if no setting differs.
        :raises Refused: if the change is not possible or not allowed.
        """
        if self.desired.inference_id.startswith("."):
            raise Refused(wording.built_in(self.desired.inference_id, existing, found.paths))
        if self.facts.unreadable:
            return self._repair()
        if existing is None:
            return self._create()
        if existing.service != self.service.stored_name:
            raise Refused(wording.other_service(existing, self.service.name))
        if self.desired.state == ABSENT:
            return Plan(DELETED, existing)
        return self._update_or_recreate(existing, found, found.paths + secrets)

    def _repair(self) -> Plan:
        """Delete or re-create an endpoint that Elasticsearch cannot read. Both require C(force)."""
        desired, service = self.desired, self.service
        named = wording.unreadable(desired.inference_id, self.facts.unreadable)
        is_named = f"[{service.stored_name}]" in self.facts.unreadable
        if desired.service and "Unknown service" in self.facts.unreadable and not is_named:
            raise Refused(wording.unreadable_other_service(named))
        # The stored settings are unknown, and so are the service and the task type.
        before = Endpoint(desired.inference_id, "", service.stored_name, {})
        if desired.state == ABSENT and self.policy.force:
            return Plan(DELETED, before)
        if desired.state == ABSENT:
            raise Refused(f"{named} It was not changed. Hint: set force=true to delete it.")
        if not (self.policy.force and self.policy.allow_recreate):
            raise Refused(f"{named} It was not changed. {wording.REPAIR_HINT}")
        after = self._predict(desired.settings, desired.task_type or service.default_task_type)
        missing = self._find_missing(desired.all_settings, after.task_type)
        if missing:
            raise Refused(wording.cannot_repair(named, missing))
        plan = Plan(RECREATED, before, after, tuple(sorted(desired.all_settings)))
        return self._with_preflight(self._with_body(plan, desired.all_settings))

    def _create(self) -> Plan:
        desired, service = self.desired, self.service
        task_type = desired.task_type or service.default_task_type
        missing = self._find_missing(desired.all_settings, task_type)
        # A left-over temporary endpoint provides settings, but no secrets.
        if any(path in service.secrets for path in missing):
            raise Refused(wording.cannot_create(desired.inference_id, missing))
        others = self.facts.all_endpoints()
        left_over = self._find_left_over(others)
        declared = {**left_over.settings, **desired.settings} if left_over else dict(desired.settings)
        after = self._predict(declared, desired.task_type or (left_over.task_type if left_over else task_type))
        all_settings = {**desired.secrets, **declared}
        missing = self._find_missing(all_settings, after.task_type)
        if missing:
            raise Refused(wording.cannot_create(desired.inference_id, missing))
        warnings = (*self._warn_of_carried_over(left_over), *self._check_duplicates(after, others))
        return self._with_body(Plan(CREATED, None, after, tuple(sorted(all_settings)), warnings=warnings), all_settings)

    def _find_missing(self, settings: Mapping[str, Any], task_type: str) -> list[str]:
        """Return what a create requires in addition to these settings."""
        return ([] if task_type else ["task_type"]) + self.service.missing_settings(settings, task_type)

    def _find_left_over(self, others: Sequence[Endpoint]) -> Endpoint | None:
        """Return the temporary endpoint of a run that was interrupted between deleting and re-creating the endpoint.

        It has all settings that the interrupted run was about to create, including the undeclared ones.
        """
        if self.policy.unmanaged_settings == "remove":
            return None
        left_over = find_left_over(self.desired.inference_id, others)
        return left_over if left_over and left_over.service == self.service.stored_name else None

    def _warn_of_carried_over(self, left_over: Endpoint | None) -> list[str]:
        """Return a warning that names the carried-over settings, if there are any."""
        paths = sorted(set(left_over.settings).difference(self.desired.settings)) if left_over else []
        return [wording.carried_over(left_over, self.desired.inference_id, paths)] if left_over and paths else []

    def _check_duplicates(self, after: Endpoint, others: Iterable[Endpoint]) -> list[str]:
        """Return a warning if other endpoints use the same model.

        :raises Refused: if the policy does not allow duplicates.
        """
        duplicates = [other.inference_id for other in others if self._is_duplicate(other, after)]
        if not duplicates or self.policy.duplicate_model == "allow":
            return []
        text = wording.duplicate(after, duplicates, self.service.model)
        if self.policy.duplicate_model == "fail":
            raise Refused(f"{text} It was not created. Hint: set duplicate_model=allow to create it anyway.")
        return [text]

    def _is_duplicate(self, other: Endpoint, wanted: Endpoint) -> bool:
        model = self.service.model
        return (
            wanted.settings.get(model) is not None
            and other.inference_id not in (wanted.inference_id, temporary_id(wanted.inference_id))
            and (other.service, other.task_type) == (wanted.service, wanted.task_type)
            and other.settings.get(model) == wanted.settings.get(model)
        )

    def _update_or_recreate(self, existing: Endpoint, found: Differences, changes: tuple[str, ...]) -> Plan:
        # If the service merges task settings, no update removes one.
        kept = found.removed if self.service.merges_task_settings else ()
        fixed = tuple(path for path in changes if path in kept or self.service.is_fixed(path))
        if fixed:
            return self._recreate_or_refuse(existing, found, changes, fixed)
        server = self.facts.server()
        not_updatable = tuple(path for path in changes if not self.service.changes_in_place(path, server))
        impossible = self._find_impossible(changes, not_updatable, server)
        if self._resets_chunking(existing, server):
            impossible = changes
        if impossible or (not_updatable and self.desired.secrets and self.policy.allow_recreate):
            return self._recreate_or_refuse(existing, found, changes, impossible, server)
        return self._update(existing, found, changes, not_updatable, server)

    def _resets_chunking(self, existing: Endpoint, server: Server) -> bool:
        """Return whether any update would reset the chunking settings."""
        has_chunking = any(path.startswith("chunking_settings.") for path in existing.settings)
        return has_chunking and not server.keeps_chunking_settings

    def _lacks_secrets(self, changes: Iterable[str], server: Server) -> bool:
        """Return whether the server rejects the whole update because no secrets are declared."""
        return not self.desired.secrets and self.service.needs_secrets(changes, server)

    def _find_impossible(
        self, changes: tuple[str, ...], not_updatable: Sequence[str], server: Server
    ) -> tuple[str, ...]:
        """Return the changes that this server cannot make by an update."""
        if not_updatable and (self._lacks_secrets(changes, server) or not server.supports_updates):
            # This version rejects the whole update.
            return changes
        return tuple(path for path in changes if path in self.facts.ignored)

    def _recreate_or_refuse(
        self,
        existing: Endpoint,
        found: Differences,
        changes: tuple[str, ...],
        obstacles: Sequence[str],
        server: Server | None = None,
    ) -> Plan:
        """Re-create the endpoint, because it cannot be updated in place.

        :param obstacles: the changes that cannot be made in place.
        :param server: the server that cannot make them; None if no version can.
        :raises Refused: if the policy does not allow it, or if required settings are not declared.
        """
        if self.policy.allow_recreate:
            return self._recreate(existing, found, changes)
        reasons = [wording.cannot_update(existing, changes, obstacles, server)]
        if server is not None and self._lacks_secrets(changes, server):
            reasons.append(wording.requires_secrets(self.service.named_credentials))
        if server is not None and self._resets_chunking(existing, server):
            reasons.append(wording.resets_chunking(server))
        if self.facts.rejection:
            reasons.append(wording.rejected(self.facts.rejection))
        # Only a response with status 400 names settings.
        status = 400 if self.facts.rejection else None
        raise Refused(" ".join([*reasons, wording.RECREATE_HINT]), status)

    def _recreate(self, existing: Endpoint, found: Differences, changes: tuple[str, ...]) -> Plan:
        """Re-create the endpoint. Undeclared settings are carried over from the existing one."""
        wanted = found.applied_to(existing).settings
        kept = self.service.drop_computed(wanted, self.desired.settings)
        after = existing._replace(settings=kept, task_type=found.task_type or existing.task_type)
        all_settings = {**self.desired.secrets, **kept}
        missing = self.service.missing_settings(all_settings, after.task_type)
        if missing:
            raise Refused(wording.cannot_recreate(existing, changes, missing))
        left = sorted(set(wanted).difference(kept))
        warnings = (wording.not_carried_over(existing, left),) if left else ()
        return self._with_preflight(
            self._with_body(Plan(RECREATED, existing, after, changes, warnings=warnings), all_settings)
        )

    def _update(
        self,
        existing: Endpoint,
        found: Differences,
        changes: tuple[str, ...],
        not_updatable: Sequence[str],
        server: Server,
    ) -> Plan:
        """Update the endpoint in place.

        :param not_updatable: the changes that this version is expected to ignore. Its response decides.
        """
        wanted = found.applied_to(existing).settings
        body = self.service.select_update(changes, wanted)
        secrets = self.desired.secrets
        is_sent = any(path.startswith("service_settings.") for path in changes)
        sent = {path: value for path, value in secrets.items() if is_sent and path not in self.facts.ignored}
        may_be_rejected = self._lacks_secrets(changes, server)
        is_checked = sent and self._needs_preflight and not self.service.validates_updates(server)
        return Plan(
            UPDATED,
            existing,
            found.applied_to(existing, without=changes if may_be_rejected else not_updatable),
            changes,
            body=nest({**sent, **body}),
            sent=tuple(sent),
            preflight_body=self._create_body({**secrets, **wanted}) if is_checked else {},
            may_be_rejected=may_be_rejected,
            warnings=self._warn_of_optional_secrets(existing, [path for path in sent if path in changes]),
        )

    def _warn_of_optional_secrets(self, existing: Endpoint, rotated: Sequence[str]) -> tuple[str, ...]:
        """Return a warning if the endpoint may have no secrets. No request can show this."""
        is_optional = () in self.service.credentials
        return (wording.optional_secrets(existing, rotated),) if rotated and is_optional else ()

    def _predict(self, settings: Mapping[str, Any], task_type: str) -> Endpoint:
        """Return a new endpoint as Elasticsearch will return it."""
        shown = {**self.service.defaults(task_type), **settings}
        return Endpoint(self.desired.inference_id, task_type, self.service.stored_name, shown)

    def _with_body(self, plan: Plan, all_settings: Mapping[str, Any]) -> Plan:
        """Return the plan of a create with its request body."""
        return replace(plan, body=self._create_body(all_settings), sent=tuple(self.desired.secrets))

    def _with_preflight(self, plan: Plan) -> Plan:
        """Return the plan of a create with a preflight check, if one is needed."""
        return replace(plan, preflight_body=plan.body) if self._needs_preflight else plan

    @property
    def _needs_preflight(self) -> bool:
        """Return whether to run a preflight check. It would allocate a model in the cluster a second time."""
        return self.policy.preflight and not self.service.is_local

    def _create_body(self, all_settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request body of a create."""
        return {"service": self.service.name, **nest(self.service.drop_read_only(all_settings))}
