# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""update_secrets=when_changed, with both stores."""

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
    """A server, and one of the stores."""

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
        """Puts something else in the place of the record."""
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
        """The requests that changed an endpoint since the last look."""
        found = [line for line in self.server.requests if "/_inference/" in line and not line.startswith("GET")]
        self.server.clear_log()
        return found


@pytest.fixture(params=["file", "index"])
def rotation(request: pytest.FixtureRequest, server: Simulator, tmp_path: Path) -> Rotation:
    return Rotation(server, request.param, tmp_path / "fingerprints.json")


@contextlib.contextmanager
def ending(rotation: Rotation, error: BaseException) -> Iterator[None]:
    """Runs end so after the server took the key, before that is written down."""
    write = rotation.class_of_store.write

    def dying(store: Any, record: dict[str, Any], instead_of: Any = None) -> Any:
        if "hash" in record:
            raise error
        return write(store, record, instead_of)

    with mock.patch.object(rotation.class_of_store, "write", dying):
        yield


class TestRules:
    def test_a_key_is_sent_once(self, rotation: Rotation) -> None:
        assert rotation.declare()["action"] == "created"
        assert rotation.records[ID]["hash"]
        rotation.server.clear_log()
        assert rotation.declare()["changed"] is False
        lookup = "GET /" if rotation.store == "file" else f"POST /{INDEX}/_mget"
        assert rotation.server.requests == [f"GET /_inference/{ID}", lookup]

    def test_another_key_is_one_update(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        assert rotation.writes == [create_request()]
        run = rotation.declare(KEY)
        assert (run["changed"], run["action"], run["changes"]) == (True, "updated", [API_KEY])
        assert rotation.writes == [update_request()]
        assert rotation.server.endpoints[ID].secret == KEY
        assert rotation.declare(KEY)["changed"] is False
        assert rotation.writes == []

    def test_the_key_of_an_endpoint_that_was_there_is_unknown(self, rotation: Rotation) -> None:
        seed(rotation.server)
        assert rotation.declare()["changes"] == [API_KEY]
        assert rotation.writes == [update_request()]
        assert rotation.declare()["changed"] is False

    def test_so_is_that_of_one_made_anew_with_another_model(self, rotation: Rotation) -> None:
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

    def test_a_recreate_sends_it_and_is_remembered(self, rotation: Rotation) -> None:
        rotation.declare()
        other = {"service_settings": {"api_key": KEY, "model_id": "other"}}
        assert rotation.declare(**other, allow_recreate=True)["action"] == "recreated"
        rotation.writes  # noqa: B018
        assert rotation.declare(**other)["changed"] is False
        assert rotation.writes == []

    def test_other_settings_change_without_it(self, rotation: Rotation) -> None:
        rotation.declare()
        before = rotation.records
        assert rotation.declare(task_settings={"max_tokens": 5})["changes"] == ["task_settings.max_tokens"]
        assert "api_key" not in json.dumps(rotation.server.log[-1].body)
        assert rotation.records == before

    @pytest.mark.rejected("PUT /_inference/.*: 400")
    def test_a_key_that_is_refused_leaves_it_unknown(self, rotation: Rotation, tmp_path: Path) -> None:
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
    def test_on_8_16_it_cannot_change_in_place(self, rotation: Rotation, tmp_path: Path) -> None:
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
    def test_a_record_that_cannot_be_written_in_the_end_is_told(self, rotation: Rotation) -> None:
        seed(rotation.server)
        with ending(rotation, Refused("The disk is full.")):
            run = rotation.declare()
        assert run.failed
        assert (run["changed"], run["action"], run["changes"]) == (True, "updated", [API_KEY])
        assert run["msg"] == (
            "The disk is full. The server has taken the API key, but its fingerprint is not stored: "
            "the next run sends it again."
        )
        assert rotation.server.endpoints[ID].secret == KEY

    def test_the_run_after_one_that_was_killed_sends_it_again(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        with ending(rotation, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            rotation.declare(KEY)
        assert rotation.server.endpoints[ID].secret == KEY
        assert rotation.declare(KEY)["changes"] == [API_KEY]
        assert rotation.declare(KEY)["changed"] is False

    def test_the_former_key_is_not_taken_for_the_one_that_is_there(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        with ending(rotation, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            rotation.declare(KEY)
        assert rotation.declare(FORMER_KEY)["changes"] == [API_KEY]
        assert rotation.server.endpoints[ID].secret == FORMER_KEY
        assert rotation.declare(FORMER_KEY)["changed"] is False

    @pytest.mark.parametrize("policy", ["when_changed", "always"])
    @pytest.mark.parametrize("kind", ["reset_after", "html"])
    def test_an_endpoint_whose_creation_was_not_answered_was_created(
        self, rotation: Rotation, kind: str, policy: str
    ) -> None:
        """It is found as declared, and its key is sent again."""
        rotation.server.faults.add(Fault(kind, match="PUT /_inference/"))
        run = rotation.declare(update_secrets=policy, diff=True)
        assert rotation.writes == [create_request(), update_request()]
        assert (run.failed, run["changed"], run["action"]) == (False, True, "created")
        assert run["changes"] == [API_KEY, "service_settings.model_id", "task_settings.max_tokens"]
        assert run["diff"]["before"] == {}
        assert "api_key" not in run["diff"]["after"]["service_settings"]
        run = rotation.declare(update_secrets=policy)
        assert run["action"] == ("none" if policy == "when_changed" else "updated")


class TestAtTheSameTime:
    """Two runs with different keys: what the server has in the end is what the record says, or it says nothing."""

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 409")
    @pytest.mark.parametrize("last", [KEY, FORMER_KEY])
    def test_neither_is_believed(self, rotation: Rotation, last: str) -> None:
        seed(rotation.server)
        write = rotation.class_of_store.write
        first = []

        def outrun(store: Any, record: dict[str, Any], instead_of: Any = None) -> Any:
            if "hash" in record and not first:
                first.append(record)
                assert rotation.declare(FORMER_KEY)["changed"]
            return write(store, record, instead_of)

        with mock.patch.object(rotation.class_of_store, "write", outrun):
            run = rotation.declare(KEY)
        assert run.failed
        assert run["changed"]
        assert run["msg"] == (
            f"Another run gave inference endpoint {ID} an API key at the same time. The server has taken the API key, "
            "but its fingerprint is not stored: the next run sends it again."
        )
        assert "hash" not in rotation.records[ID]
        assert rotation.declare(last)["changes"] == [API_KEY]
        assert rotation.server.endpoints[ID].secret == last
        assert rotation.declare(last)["changed"] is False

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 409")
    def test_one_that_was_begun_earlier_and_ends_later(self, rotation: Rotation) -> None:
        """The other run's record is not taken for that of this one."""
        seed(rotation.server)
        begin = records.Fingerprints.begin
        others = []

        def begin_and_outrun(prints: Any, secret: str, inference_id: str) -> None:
            begin(prints, secret, inference_id)
            if not others:
                others.append(secret)
                assert rotation.declare(FORMER_KEY)["changed"]

        with mock.patch.object(records.Fingerprints, "begin", begin_and_outrun):
            assert rotation.declare(KEY).failed
        assert rotation.declare(FORMER_KEY)["changes"] == [API_KEY]
        assert rotation.declare(FORMER_KEY)["changed"] is False


class TestForetold:
    def test_check_mode_tells_the_change_and_neither_value(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        before = rotation.records
        rotation.writes  # noqa: B018
        run = rotation.declare(KEY, check=True, diff=True)
        assert run["changes"] == [API_KEY]
        assert run["diff"]["before"]["service_settings"]["api_key"] == "(hidden)"
        assert run["diff"]["after"]["service_settings"]["api_key"] == "(hidden, sent)"
        assert rotation.writes == []
        assert rotation.records == before

    def test_check_mode_creates_nothing(self, rotation: Rotation) -> None:
        assert rotation.declare(check=True)["action"] == "created"
        assert rotation.records == {}
        assert not rotation.path.exists()


class TestMany:
    def test_idle_ones_take_two_requests(self, rotation: Rotation) -> None:
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

    def test_threads_lose_no_record(self, rotation: Rotation) -> None:
        listed = [{"inference_id": f"e{number:02}"} for number in range(40)]
        declared = {"endpoints": listed, "defaults": DOCUMENTED, "duplicate_model": "allow", "parallel": 8}
        assert endpoints(rotation.server, **declared, **rotation.policy)["summary"]["created"] == 40
        assert sorted(rotation.records) == [one["inference_id"] for one in listed]
        assert all("hash" in record for record in rotation.records.values())

    def test_thousands_are_looked_up_at_once(self, rotation: Rotation) -> None:
        listed = [{"inference_id": f"e{number:04}"} for number in range(3000)]
        for one in listed:
            seed(rotation.server, one["inference_id"])
        declared = {"endpoints": listed, "defaults": DOCUMENTED}
        planned = endpoints(rotation.server, **declared, **rotation.policy, check=True)
        assert planned["summary"]["updated"] == 3000
        assert len([line for line in rotation.server.requests if "_mget" in line or line == "GET /"]) == 2 - (
            rotation.store == "file"
        )

    def test_removals_remove_the_records(self, rotation: Rotation) -> None:
        both = {"endpoints": [{"inference_id": "a"}, {"inference_id": "b"}], "defaults": DOCUMENTED}
        endpoints(rotation.server, **both, **rotation.policy)
        assert sorted(rotation.records) == ["a", "b"]
        one = {"endpoints": [{"inference_id": "a"}], "defaults": DOCUMENTED, "purge": True}
        assert endpoints(rotation.server, **one, **rotation.policy)["summary"]["deleted"] == 1
        assert list(rotation.records) == ["a"]
        endpoint(rotation.server, inference_id="a", state="absent", **rotation.policy)
        assert not rotation.records


class TestRecords:
    def test_what_is_not_ours_is_not_touched(self, rotation: Rotation) -> None:
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

    def test_a_full_disk_is_told_before_any_change(self, rotation: Rotation) -> None:
        rotation.declare(FORMER_KEY)
        rotation.writes  # noqa: B018
        with mock.patch("os.fsync", side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))):
            failed = rotation.declare(KEY)
        assert f"{rotation.path} cannot be used: No space left on device." in failed["msg"]
        assert rotation.writes == []
        assert rotation.declare(FORMER_KEY)["changed"] is False


def test_a_key_has_to_be_there(server: Simulator) -> None:
    failed = endpoint(server, update_secrets="when_changed")
    assert failed["msg"] == "service_settings.api_key is required if update_secrets=when_changed."
    assert server.requests == []


class TestInfo:
    def test_it_tells_when_the_key_was_sent(self, rotation: Rotation) -> None:
        rotation.declare()
        seed(rotation.server, "unknown")
        run = rotation.info()
        sent = rotation.records[ID]["sent_at"]
        assert run["fingerprints"] == {ID: {"sent_at": sent, "version": VERSION}}
        assert datetime.now(timezone.utc) - datetime.fromisoformat(sent) < timedelta(minutes=5)

    def test_not_of_one_that_was_made_anew_nor_of_one_whose_key_is_unknown(self, rotation: Rotation) -> None:
        rotation.declare()
        rotation.server.remove(ID)
        rotation.server.seed(ID, service_settings={"model_id": "other"}, secret=FORMER_KEY)
        assert rotation.info()["fingerprints"] == {}
        with ending(rotation, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            rotation.declare(service_settings={"api_key": KEY, "model_id": "other"})
        assert rotation.info()["fingerprints"] == {}

    def test_it_takes_one_more_request(self, rotation: Rotation) -> None:
        rotation.declare()
        rotation.server.clear_log()
        rotation.info()
        lookup = "GET /" if rotation.store == "file" else f"POST /{INDEX}/_mget"
        assert rotation.server.requests == ["GET /_inference/_all", lookup]


class Killed(BaseException):
    """The process is gone."""


def run_until(rotation: Rotation, request: int, answered: bool, **options: Any) -> bool:
    """Runs until a request, which the server gets only if C(answered); returns whether the run got so far."""
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
def test_killed_at_any_request_the_next_run_converges(rotation: Rotation, existed: bool, answered: bool) -> None:
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

    def test_its_requests(self, rotation: Rotation) -> None:
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

    def test_without_a_record_none_is_deleted(self, rotation: Rotation) -> None:
        rotation.declare(update_secrets="on_create")
        rotation.server.clear_log()
        rotation.declare(state="absent")
        assert rotation.server.requests == [READ, OTHERS, f"POST /{INDEX}/_mget", DELETE]

    def test_serverless_gets_no_settings_that_it_rejects(self, tmp_path: Path) -> None:
        with Simulator(version="serverless") as server:
            Rotation(server, "index", tmp_path).declare()
            [create] = [exchange for exchange in server.log if (exchange.method, exchange.path) == ("PUT", f"/{INDEX}")]
        assert (create.status, list(create.body)) == (200, ["mappings"])

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 409")
    def test_a_record_whose_answer_was_lost_is_not_taken_for_someone_elses(self, rotation: Rotation) -> None:
        rotation.server.faults.add(Fault("reset_after", match="if_seq_no"))
        assert rotation.declare(retries=1)["action"] == "created"
        assert sum("if_seq_no" in line for line in rotation.server.requests) == 2
        assert rotation.declare()["changed"] is False

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 400")
    @pytest.mark.parametrize("version", ["9.3", "9.6", "serverless"])
    def test_it_is_created_with_a_strict_mapping(self, version: str, tmp_path: Path) -> None:
        with Simulator(version=version) as server, Elasticsearch(server.url) as client:
            rotation = Rotation(server, "index", tmp_path)
            rotation.declare()
            mapping = client.indices.get_mapping(index=INDEX)[INDEX]["mappings"]
            assert mapping["dynamic"] == "strict"
            with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
                client.index(index=INDEX, id="x", document={"other": 1})
            assert rotation.declare()["changed"] is False

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 400")
    def test_one_that_is_made_in_the_meantime_is_used(self, rotation: Rotation) -> None:
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
    def test_the_privilege_that_is_missing_is_named_before_any_change(
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
            assert f"Hint: update_secrets=when_changed needs the index privilege {missing} on {INDEX};" in run["msg"]
            assert run["failure"]["status"] == 403
            assert rotation.writes == []
            assert server.endpoints.keys().isdisjoint({ID})

    @pytest.mark.rejected("DELETE /ansible-inference-fingerprints.*: 403")
    def test_so_is_that_for_removals(self, tmp_path: Path) -> None:
        allowed = OnIndices((INDEX,), ("read", "create_index", "index"))
        with Simulator(security=Security(api_keys={"id:key": ["manage_inference", "monitor", allowed]})) as server:
            rotation = Rotation(server, "index", tmp_path)
            rotation.declare(elasticsearch_api_key="id:key")
            failed = rotation.declare(elasticsearch_api_key="id:key", state="absent")
            assert "needs the index privilege delete" in failed["msg"]
            assert ID in server.endpoints

    def test_one_that_is_read_only_is_told_before_any_change(self, rotation: Rotation) -> None:
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
    def test_where_many_cannot_be_read_nothing_is_changed(self, tmp_path: Path) -> None:
        with Simulator(security=Security(api_keys={"id:key": ["manage_inference", "monitor"]})) as server:
            rotation = Rotation(server, "index", tmp_path)
            declared = {"endpoints": [{"inference_id": "a"}, {"inference_id": "b"}], "defaults": DOCUMENTED}
            failed = endpoints(server, **declared, **rotation.policy, elasticsearch_api_key="id:key")
            assert "needs the index privilege read" in failed["msg"]
            assert server.requests == ["GET /_inference/_all", f"POST /{INDEX}/_mget"]

    @pytest.mark.rejected("PUT /ansible-inference-fingerprints.*: 400")
    def test_an_index_of_someone_else_does_not_have_the_hash_shown(self, rotation: Rotation) -> None:
        with Elasticsearch(rotation.server.url) as client:
            client.indices.create(index=INDEX, mappings={"properties": {"hash": {"type": "integer"}}})
        failed = rotation.declare()
        assert failed.failed
        assert "failed to parse field [hash]" in failed["msg"]
        assert "Preview of field's value: '(hidden)'" in failed["msg"]
        assert not re.search("[0-9a-f]{32}", failed.output)
