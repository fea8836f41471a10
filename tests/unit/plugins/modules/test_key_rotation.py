# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests for update_secrets=when_changed with both fingerprint stores."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from elasticsearch import BadRequestError, Elasticsearch

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.client import VERSION, Client
from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import ClientError, Refused
from ansible_collections.esops.inference.plugins.module_utils._fingerprints import index_store, records
from ansible_collections.esops.inference.plugins.module_utils._fingerprints.file_store import FileStore
from ansible_collections.esops.inference.plugins.module_utils._fingerprints.index_store import IndexStore
from tests.simulator import Fault, OnIndices, Security, Simulator
from tests.unit.support import (
    DELETE,
    DOCUMENTED,
    FORMER_KEY,
    ID,
    KEY,
    OTHERS,
    READ,
    Run,
    create_request,
    endpoint,
    endpoints,
    run_module,
    seed,
    update_request,
)

INDEX = "ansible-inference-fingerprints"
API_KEY = "service_settings.api_key"


class Rotation:
    """A server and a fingerprint store."""

    def __init__(self, server: Simulator, store: str, path: Path) -> None:
        self.server = server
        self.store = store
        self.path = path
        self.policy: dict[str, Any] = {"update_secrets": "when_changed", "fingerprint_store": store}
        if store == "file":
            self.policy["fingerprint_file"] = str(path)

    def declare(self, key: str = KEY, **options: Any) -> Run:
        body = {**DOCUMENTED, "service_settings": {**DOCUMENTED["service_settings"], "api_key": key}}
        return endpoint(self.server, **{**body, **self.policy, **options})

    def info(self) -> Run:
        options = {name: value for name, value in self.policy.items() if name.startswith("fingerprint_")}
        options["elasticsearch_url"] = self.server.url
        return run_module("endpoint_info", {**options, "fingerprints": True})

    @property
    def records(self) -> dict[str, dict[str, Any]]:
        if self.store == "index":
            return self.server.documents(INDEX)
        if not self.path.exists():
            return {}
        [records] = json.loads(self.path.read_text())["clusters"].values()
        return records

    def corrupt(self, record: Any) -> None:
        """Replace the record in the store."""
        if self.store == "index":
            self.server.seed_document(INDEX, ID, record)
        else:
            content = json.loads(self.path.read_text())
            for records in content["clusters"].values():
                records[ID] = record
            self.path.write_text(json.dumps(content))

    @property
    def class_of_store(self) -> type[FileStore | IndexStore]:
        return FileStore if self.store == "file" else IndexStore

    @property
    def writes(self) -> list[str]:
        """Return the requests that changed an endpoint since the last call."""
        found = [line for line in self.server.requests if "/_inference/" in line and not line.startswith("GET")]
        self.server.clear_log()
        return found


@pytest.fixture(params=["file", "index"])
def rotation(request: pytest.FixtureRequest, server: Simulator, tmp_path: Path) -> Rotation:
    return Rotation(server, request.param, tmp_path / "fingerprints.json")


@contextlib.contextmanager
def ending(rotation: Rotation, error: BaseException) -> Iterator[None]:
    """End runs after Elasticsearch accepted the key, but before the fingerprint is saved."""
    write = rotation.class_of_store.write

    def dying(store: Any, record: dict[str, Any], expected: Any = None) -> Any:
        if "hash" in record:
            raise error
        return write(store, record, expected)

    with mock.patch.object(rotation.class_of_store, "write", dying):
        yield


class TestRules:
    def test_declared_key_is_sent_once(self, rotation: Rotation) -> None:
        assert rotation.declare()["action"] == "created"
        assert rotation.records[ID]["hash"]
        rotation.server.clear_log()
        assert rotation.declare()["changed"] is False
        lookup = "GET /" if rotation.store == "file" else f"POST /{INDEX}/_mget"
        assert rotation.server.requests == [f"GET /_inference/{ID}", lookup]

    def test_new_key_needs_one_update(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        assert rotation.writes == [create_request()]
        run = rotation.declare(KEY)
        assert (run["changed"], run["action"], run["changes"]) == (True, "updated", [API_KEY])
        assert rotation.writes == [update_request()]
        assert rotation.server.endpoints[ID].secret == KEY
        assert rotation.declare(KEY)["changed"] is False
        assert rotation.writes == []

    def test_key_of_an_existing_endpoint_is_unknown(self, rotation: Rotation) -> None:
        seed(rotation.server)
        assert rotation.declare()["changes"] == [API_KEY]
        assert rotation.writes == [update_request()]
        assert rotation.declare()["changed"] is False

    def test_key_of_an_endpoint_re_created_with_another_model_is_unknown(self, rotation: Rotation) -> None:
        rotation.declare()
        rotation.server.remove(ID)
        rotation.server.seed(
            ID, service_settings={"model_id": "other"}, task_settings={"max_tokens": 1024}, secret=FORMER_KEY
        )
        rotation.writes  # noqa: B018 - looked at so far
        run = rotation.declare(service_settings={"api_key": KEY, "model_id": "other"})
        assert run["changes"] == [API_KEY]
        assert rotation.writes == [update_request()]
        assert rotation.server.endpoints[ID].secret == KEY

    def test_recreation_sends_the_key_and_saves_the_fingerprint(self, rotation: Rotation) -> None:
        rotation.declare()
        other = {"service_settings": {"api_key": KEY, "model_id": "other"}}
        assert rotation.declare(**other, allow_recreate=True)["action"] == "recreated"
        rotation.writes  # noqa: B018
        assert rotation.declare(**other)["changed"] is False
        assert rotation.writes == []

    def test_other_settings_are_updated_without_the_key(self, rotation: Rotation) -> None:
        rotation.declare()
        before = rotation.records
        assert rotation.declare(task_settings={"max_tokens": 5})["changes"] == ["task_settings.max_tokens"]
        assert "api_key" not in json.dumps(rotation.server.log[-1].body)
        assert rotation.records == before

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_rejected_key_leaves_the_fingerprint_unknown(self, rotation: Rotation, tmp_path: Path) -> None:
        with Simulator(refused_keys=[KEY]) as server:
            picky = Rotation(server, rotation.store, tmp_path / "picky.json")
            picky.declare(FORMER_KEY)
            failed = picky.declare(KEY)
            assert failed.failed
            assert failed["changed"] is False
            assert server.endpoints[ID].secret == FORMER_KEY
            assert "hash" not in picky.records[ID]
            assert picky.declare(FORMER_KEY)["changes"] == [API_KEY]
            assert picky.declare(FORMER_KEY)["changed"] is False

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_key_cannot_be_updated_in_place_on_8_16(self, rotation: Rotation, tmp_path: Path) -> None:
        with Simulator(version="8.16") as server:
            old = Rotation(server, rotation.store, tmp_path / "old.json")
            old.declare(FORMER_KEY)
            refused = old.declare(KEY)
            assert refused.failed
            assert f"{API_KEY}" in refused["msg"]
            assert "allow_recreate" in refused["msg"]
            assert old.declare(KEY, allow_recreate=True)["action"] == "recreated"
            assert server.endpoints[ID].secret == KEY
            assert old.declare(KEY)["changed"] is False


class TestInterrupted:
    def test_fingerprint_that_cannot_be_saved_is_reported(self, rotation: Rotation) -> None:
        seed(rotation.server)
        with ending(rotation, Refused("The disk is full.")):
            run = rotation.declare()
        assert run.failed
        assert (run["changed"], run["action"], run["changes"]) == (True, "updated", [API_KEY])
        assert run["msg"] == (
            f"The disk is full. Elasticsearch accepted {API_KEY}, but the fingerprint was not saved. "
            "The next run sends the credentials again."
        )
        assert rotation.server.endpoints[ID].secret == KEY

    def test_run_after_a_killed_run_sends_the_key_again(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        with ending(rotation, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            rotation.declare(KEY)
        assert rotation.server.endpoints[ID].secret == KEY
        assert rotation.declare(KEY)["changes"] == [API_KEY]
        assert rotation.declare(KEY)["changed"] is False

    def test_previous_key_is_not_mistaken_for_the_current_one(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        with ending(rotation, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            rotation.declare(KEY)
        assert rotation.declare(FORMER_KEY)["changes"] == [API_KEY]
        assert rotation.server.endpoints[ID].secret == FORMER_KEY
        assert rotation.declare(FORMER_KEY)["changed"] is False

    @pytest.mark.parametrize("policy", ["when_changed", "always"])
    @pytest.mark.parametrize("kind", ["reset_after", "html"])
    def test_create_without_a_response_is_found_to_be_done(self, rotation: Rotation, kind: str, policy: str) -> None:
        """The endpoint is in sync, and its key is resent."""
        rotation.server.faults.add(Fault(kind, match="PUT /_inference/"))
        run = rotation.declare(update_secrets=policy, diff=True)
        assert rotation.writes == [create_request(), update_request()]
        assert (run.failed, run["changed"], run["action"]) == (False, True, "created")
        assert run["changes"] == [API_KEY, "service_settings.model_id", "task_settings.max_tokens"]
        assert run["diff"]["before"] == {}
        assert "api_key" not in run["diff"]["after"]["service_settings"]
        run = rotation.declare(update_secrets=policy)
        assert run["action"] == ("none" if policy == "when_changed" else "updated")


class TestConcurrency:
    """Tests for concurrent runs with different keys: the record matches the key of the endpoint, or is unknown."""

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 409")
    @pytest.mark.parametrize("last", [KEY, FORMER_KEY])
    def test_concurrent_keys_are_both_unknown(self, rotation: Rotation, last: str) -> None:
        seed(rotation.server)
        write = rotation.class_of_store.write
        first = []

        def outrun(store: Any, record: dict[str, Any], expected: Any = None) -> Any:
            if "hash" in record and not first:
                first.append(record)
                assert rotation.declare(FORMER_KEY)["changed"]
            return write(store, record, expected)

        with mock.patch.object(rotation.class_of_store, "write", outrun):
            run = rotation.declare(KEY)
        assert run.failed
        assert run["changed"]
        assert run["msg"] == (
            f"Another run set the credentials of inference endpoint {ID} at the same time. Elasticsearch accepted "
            f"{API_KEY}, but the fingerprint was not saved. The next run sends the credentials again."
        )
        assert "hash" not in rotation.records[ID]
        assert rotation.declare(last)["changes"] == [API_KEY]
        assert rotation.server.endpoints[ID].secret == last
        assert rotation.declare(last)["changed"] is False

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 409")
    def test_run_that_starts_earlier_and_ends_later_is_detected(self, rotation: Rotation) -> None:
        """The record of the other run is not mistaken for the record of this run."""
        seed(rotation.server)
        invalidate = records.Fingerprints.invalidate
        others = []

        def invalidate_twice(prints: Any, secret: str, inference_id: str) -> None:
            invalidate(prints, secret, inference_id)
            if not others:
                others.append(secret)
                assert rotation.declare(FORMER_KEY)["changed"]

        with mock.patch.object(records.Fingerprints, "invalidate", invalidate_twice):
            assert rotation.declare(KEY).failed
        assert rotation.declare(FORMER_KEY)["changes"] == [API_KEY]
        assert rotation.declare(FORMER_KEY)["changed"] is False


class TestCheckMode:
    def test_check_mode_predicts_the_rotation_without_values(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        before = rotation.records
        rotation.writes  # noqa: B018
        run = rotation.declare(KEY, check=True, diff=True)
        assert run["changes"] == [API_KEY]
        assert run["diff"]["before"]["service_settings"]["api_key"] == "(hidden)"
        assert run["diff"]["after"]["service_settings"]["api_key"] == "(hidden, sent)"
        assert rotation.writes == []
        assert rotation.records == before

    def test_check_mode_creates_no_fingerprint_store(self, rotation: Rotation) -> None:
        assert rotation.declare(check=True)["action"] == "created"
        assert rotation.records == {}
        assert not rotation.path.exists()


class TestLists:
    def test_endpoints_in_sync_need_two_requests(self, rotation: Rotation) -> None:
        declared = {
            "endpoints": [{"inference_id": f"e{number:03}"} for number in range(100)],
            "defaults": DOCUMENTED,
            **rotation.policy,
        }
        assert endpoints(rotation.server, **declared)["summary"]["created"] == 100
        rotation.server.clear_log()
        assert endpoints(rotation.server, **declared)["summary"]["unchanged"] == 100
        lookup = "GET /" if rotation.store == "file" else f"POST /{INDEX}/_mget"
        assert rotation.server.requests == ["GET /_inference/_all", lookup]

    def test_parallel_writes_lose_no_fingerprint(self, rotation: Rotation) -> None:
        listed = [{"inference_id": f"e{number:02}"} for number in range(40)]
        declared = {"endpoints": listed, "defaults": DOCUMENTED, "duplicate_model": "allow", "parallel": 8}
        assert endpoints(rotation.server, **declared, **rotation.policy)["summary"]["created"] == 40
        assert sorted(rotation.records) == [one["inference_id"] for one in listed]
        assert all("hash" in record for record in rotation.records.values())

    def test_thousands_of_fingerprints_are_read_at_once(self, rotation: Rotation) -> None:
        listed = [{"inference_id": f"e{number:04}"} for number in range(3000)]
        for one in listed:
            seed(rotation.server, one["inference_id"])
        declared = {"endpoints": listed, "defaults": DOCUMENTED}
        planned = endpoints(rotation.server, **declared, **rotation.policy, check=True)
        assert planned["summary"]["updated"] == 3000
        assert len([line for line in rotation.server.requests if "_mget" in line or line == "GET /"]) == 2 - (
            rotation.store == "file"
        )

    def test_deleted_endpoints_lose_their_fingerprints(self, rotation: Rotation) -> None:
        both = {"endpoints": [{"inference_id": "a"}, {"inference_id": "b"}], "defaults": DOCUMENTED}
        endpoints(rotation.server, **both, **rotation.policy)
        assert sorted(rotation.records) == ["a", "b"]
        one = {"endpoints": [{"inference_id": "a"}], "defaults": DOCUMENTED, "purge": True}
        assert endpoints(rotation.server, **one, **rotation.policy)["summary"]["deleted"] == 1
        assert list(rotation.records) == ["a"]
        endpoint(rotation.server, inference_id="a", state="absent", **rotation.policy)
        assert not rotation.records


class TestRecords:
    def test_foreign_record_is_not_changed(self, rotation: Rotation) -> None:
        rotation.declare()
        rotation.corrupt({"inference_id": ID, "hash": 5})
        rotation.writes  # noqa: B018
        failed = rotation.declare(FORMER_KEY)
        assert failed.failed
        assert "was not written by this collection" in failed["msg"]
        assert rotation.writes == []
        assert rotation.records[ID] == {"inference_id": ID, "hash": 5}


class TestFile:
    @pytest.fixture
    def rotation(self, server: Simulator, tmp_path: Path) -> Rotation:
        return Rotation(server, "file", tmp_path / "fingerprints.json")

    def test_full_disk_is_reported_before_any_change(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        rotation.writes  # noqa: B018
        with mock.patch("os.fsync", side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))):
            failed = rotation.declare(KEY)
        assert f"{rotation.path} cannot be used: No space left on device." in failed["msg"]
        assert rotation.writes == []
        assert rotation.declare(FORMER_KEY)["changed"] is False


def test_when_changed_requires_a_key(server: Simulator) -> None:
    failed = endpoint(server, update_secrets="when_changed")
    assert failed["msg"] == "service_settings.api_key is required if update_secrets=when_changed."
    assert server.requests == []


class TestInfo:
    def test_info_returns_when_the_key_was_sent(self, rotation: Rotation) -> None:
        rotation.declare()
        seed(rotation.server, "unknown")
        run = rotation.info()
        sent = rotation.records[ID]["sent_at"]
        assert run["fingerprints"] == {ID: {"sent_at": sent, "version": VERSION}}
        assert datetime.now(timezone.utc) - datetime.fromisoformat(sent) < timedelta(minutes=5)

    def test_info_omits_unknown_keys(self, rotation: Rotation) -> None:
        rotation.declare()
        rotation.server.remove(ID)
        rotation.server.seed(ID, service_settings={"model_id": "other"}, secret=FORMER_KEY)
        assert rotation.info()["fingerprints"] == {}
        with ending(rotation, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            rotation.declare(service_settings={"api_key": KEY, "model_id": "other"})
        assert rotation.info()["fingerprints"] == {}

    def test_info_about_fingerprints_needs_one_more_request(self, rotation: Rotation) -> None:
        rotation.declare()
        rotation.server.clear_log()
        rotation.info()
        lookup = "GET /" if rotation.store == "file" else f"POST /{INDEX}/_mget"
        assert rotation.server.requests == ["GET /_inference/_all", lookup]


class Killed(BaseException):
    """Simulate that the process was killed."""


def run_until(rotation: Rotation, request: int, answered: bool, **options: Any) -> bool:
    """Run until a request, which reaches the server only if C(answered). Return whether the run got so far."""
    send, count = Client.request, itertools.count()

    def dying(client: Client, *arguments: Any, **named: Any) -> Any:
        if next(count) != request:
            return send(client, *arguments, **named)
        with contextlib.suppress(ClientError):
            if answered:
                send(client, *arguments, **named)
        raise Killed

    with mock.patch.object(Client, "request", dying), contextlib.suppress(Killed):
        rotation.declare(**options)
        return False
    return True


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("existed", [True, False])
def test_run_after_a_kill_at_any_request_converges(rotation: Rotation, existed: bool, answered: bool) -> None:
    for request in itertools.count():
        if existed:
            rotation.declare(FORMER_KEY)
        killed = run_until(rotation, request, answered, key=KEY)
        for key in (KEY, FORMER_KEY):
            assert not rotation.declare(key).failed
            assert rotation.server.endpoints[ID].secret == key
            assert rotation.declare(key)["changed"] is False
        if not killed:
            break
        rotation.declare(state="absent")
    assert request >= 3


class TestIndex:
    @pytest.fixture
    def rotation(self, server: Simulator, tmp_path: Path) -> Rotation:
        return Rotation(server, "index", tmp_path)

    def test_index_store_sends_these_requests(self, rotation: Rotation) -> None:
        rotation.declare(duplicate_model="allow")
        record = f"PUT /{INDEX}/_doc/{ID}"
        lookup = f"POST /{INDEX}/_mget"
        version = "GET /"
        done = f"{record}?if_seq_no={{}}&if_primary_term=1"
        assert rotation.server.requests == [
            READ,
            OTHERS,
            lookup,
            version,
            f"PUT /{INDEX}",
            record,
            create_request(),
            done.format(0),
        ]
        rotation.server.clear_log()
        rotation.declare(FORMER_KEY)
        assert rotation.server.requests == [
            READ,
            lookup,
            version,
            OTHERS,
            record,
            update_request(),
            done.format(2),
        ]
        rotation.server.clear_log()
        rotation.declare(state="absent")
        assert rotation.server.requests == [READ, OTHERS, lookup, f"DELETE /{INDEX}/_doc/{ID}", DELETE]

    def test_missing_fingerprint_is_not_deleted(self, rotation: Rotation) -> None:
        rotation.declare(update_secrets="on_create")
        rotation.server.clear_log()
        rotation.declare(state="absent")
        assert rotation.server.requests == [READ, OTHERS, f"POST /{INDEX}/_mget", DELETE]

    def test_index_on_serverless_has_no_rejected_settings(self, tmp_path: Path) -> None:
        with Simulator(version="serverless") as server:
            Rotation(server, "index", tmp_path).declare()
            [create] = [exchange for exchange in server.log if (exchange.method, exchange.path) == ("PUT", f"/{INDEX}")]
        assert (create.status, list(create.body)) == (200, ["mappings"])

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 409")
    def test_record_whose_response_was_lost_is_recognized(self, rotation: Rotation) -> None:
        rotation.server.faults.add(Fault("reset_after", match="if_seq_no"))
        assert rotation.declare(retries=1)["action"] == "created"
        assert sum("if_seq_no" in line for line in rotation.server.requests) == 2
        assert rotation.declare()["changed"] is False

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 400")
    @pytest.mark.parametrize("version", ["9.3", "9.6", "serverless"])
    def test_index_is_created_with_a_strict_mapping(self, version: str, tmp_path: Path) -> None:
        with Simulator(version=version) as server, Elasticsearch(server.url) as client:
            rotation = Rotation(server, "index", tmp_path)
            rotation.declare()
            mapping = client.indices.get_mapping(index=INDEX)[INDEX]["mappings"]
            assert mapping["dynamic"] == "strict"
            with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
                client.index(index=INDEX, id="x", document={"other": 1})
            assert rotation.declare()["changed"] is False

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 400")
    def test_index_created_in_the_meantime_is_used(self, rotation: Rotation) -> None:
        read = IndexStore.read

        def read_while_someone_creates(store: IndexStore, ids: Any) -> Any:
            found = read(store, ids)
            with Elasticsearch(rotation.server.url) as client:
                client.indices.create(index=INDEX, mappings=index_store.MAPPINGS)
            return found

        with mock.patch.object(IndexStore, "read", read_while_someone_creates):
            assert rotation.declare()["action"] == "created"
        assert rotation.declare()["changed"] is False

    @pytest.mark.rejected("POST /ansible-inference-fingerprints.*: 403", "PUT /ansible-inference-fingerprints.*: 403")
    @pytest.mark.parametrize(
        ("granted", "missing"),
        [
            ((), "read"),
            (("read",), "create_index"),
            (("read", "create_index"), "index"),
            (("read", "create_index", "index"), None),
        ],
    )
    def test_missing_index_privilege_is_reported_before_any_change(
        self, granted: tuple[str, ...], missing: str | None, tmp_path: Path
    ) -> None:
        privileges = ["manage_inference", "monitor", *([OnIndices((INDEX,), granted)] if granted else [])]
        with Simulator(security=Security(api_keys={"id:key": privileges})) as server:
            rotation = Rotation(server, "index", tmp_path)
            run = rotation.declare(elasticsearch_api_key="id:key")
            if missing is None:
                assert run["action"] == "created"
                return
            assert run.failed
            assert f"Hint: grant the index privilege {missing} on {INDEX}. update_secrets" in run["msg"]
            assert run["failure"]["status"] == 403
            assert rotation.writes == []
            assert server.endpoints.keys().isdisjoint({ID})

    @pytest.mark.rejected("DELETE /ansible-inference-fingerprints.*: 403")
    def test_missing_index_privilege_for_deletes_is_reported(self, tmp_path: Path) -> None:
        allowed = OnIndices((INDEX,), ("read", "create_index", "index"))
        with Simulator(security=Security(api_keys={"id:key": ["manage_inference", "monitor", allowed]})) as server:
            rotation = Rotation(server, "index", tmp_path)
            rotation.declare(elasticsearch_api_key="id:key")
            failed = rotation.declare(elasticsearch_api_key="id:key", state="absent")
            assert "grant the index privilege delete" in failed["msg"]
            assert ID in server.endpoints

    def test_read_only_index_is_reported_before_any_change(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        rotation.server.faults.add(Fault("write_blocked", match=f"^PUT /{INDEX}/_doc/"))
        rotation.writes  # noqa: B018
        failed = rotation.declare(KEY)
        assert failed.failed
        assert "cluster_block_exception" in failed["msg"]
        assert "privilege" not in failed["msg"]
        assert rotation.writes == []
        assert rotation.server.endpoints[ID].secret == FORMER_KEY

    @pytest.mark.rejected("POST /ansible-inference-fingerprints.*: 403")
    def test_unreadable_fingerprints_prevent_every_change(self, tmp_path: Path) -> None:
        with Simulator(security=Security(api_keys={"id:key": ["manage_inference", "monitor"]})) as server:
            rotation = Rotation(server, "index", tmp_path)
            declared = {"endpoints": [{"inference_id": "a"}, {"inference_id": "b"}], "defaults": DOCUMENTED}
            failed = endpoints(server, **declared, **rotation.policy, elasticsearch_api_key="id:key")
            assert "grant the index privilege read" in failed["msg"]
            assert server.requests == ["GET /_inference/_all", f"POST /{INDEX}/_mget"]

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 400")
    def test_foreign_index_content_is_not_shown(self, rotation: Rotation) -> None:
        with Elasticsearch(rotation.server.url) as client:
            client.indices.create(index=INDEX, mappings={"properties": {"hash": {"type": "integer"}}})
        failed = rotation.declare()
        assert failed.failed
        assert "failed to parse field [hash]" in failed["msg"]
        assert "Preview of field's value: '(hidden)'" in failed["msg"]
        assert not re.search("[0-9a-f]{32}", failed.output)
