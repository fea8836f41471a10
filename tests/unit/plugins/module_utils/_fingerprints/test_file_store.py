# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests of the fingerprint store in a file, which several runs and clusters share."""

from __future__ import annotations

import errno
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import pytest

from ansible_collections.esops.inference.plugins.module_utils._elasticsearch.errors import Refused
from ansible_collections.esops.inference.plugins.module_utils._fingerprints.file_store import FileStore
from ansible_collections.esops.inference.plugins.module_utils._fingerprints.records import ConflictError
from ansible_collections.esops.inference.plugins.module_utils._inference.endpoint import Server

RECORD = {"inference_id": "a", "run": "1"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "fingerprints.json"


def store(path: Path, cluster: str = "cluster") -> FileStore:
    return FileStore(path, lambda: Server((9, 6), "Elasticsearch", cluster))


def test_written_record_is_read_until_it_is_deleted(path: Path) -> None:
    assert store(path).read(["a"]) == {"a": None}
    store(path).write(RECORD)
    assert store(path).read(["a", "b"]) == {"a": RECORD, "b": None}
    store(path).delete("a")
    assert store(path).read(["a"]) == {"a": None}


def test_delete_of_missing_record_creates_no_file(path: Path) -> None:
    store(path).delete("a")
    assert not path.exists()


def test_changed_record_is_not_replaced(path: Path) -> None:
    version = store(path).write(RECORD)
    other = {**RECORD, "run": "2"}
    store(path).write(other)
    with pytest.raises(ConflictError):
        store(path).write({**RECORD, "run": "3"}, version)
    assert store(path).read(["a"]) == {"a": other}


def test_file_is_only_readable_by_its_owner(path: Path) -> None:
    store(path).write(RECORD)
    assert sorted(file.name for file in path.parent.iterdir()) == ["fingerprints.json", "fingerprints.json.lock"]
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_records_of_clusters_are_separate(path: Path) -> None:
    store(path, "one").write(RECORD)
    assert store(path, "two").read(["a"]) == {"a": None}
    store(path, "two").write({**RECORD, "run": "2"})
    assert store(path, "one").read(["a"]) == {"a": RECORD}


def test_cluster_without_uuid_is_rejected(path: Path) -> None:
    with pytest.raises(Refused, match="requires the UUID of the cluster"):
        store(path, "").read(["a"])


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"clusters": [1]}', '{"clusters": {"a": 5}}'])
def test_unrelated_file_is_rejected_and_not_changed(path: Path, content: str) -> None:
    path.write_text(content)
    for use in (lambda: store(path).read(["a"]), lambda: store(path).write(RECORD)):
        with pytest.raises(Refused, match="was not written by this collection"):
            use()
    assert path.read_text() == content


def test_missing_directory_is_reported(path: Path) -> None:
    with pytest.raises(Refused, match=f"the directory {path.parent}/none does not exist"):
        store(path.parent / "none" / "file").read(["a"])


def test_symbolic_link_is_kept(path: Path) -> None:
    elsewhere = path.parent / "elsewhere"
    elsewhere.mkdir()
    path.symlink_to("elsewhere/real.json")
    store(path).write(RECORD)
    assert path.is_symlink()
    assert store(path).read(["a"]) == {"a": RECORD}
    assert sorted(file.name for file in elsewhere.iterdir()) == ["real.json", "real.json.lock"]


def test_lock_file_does_not_follow_symbolic_links(path: Path) -> None:
    """Check a symbolic link that another user created in a shared directory."""
    victim = path.parent / "victim"
    victim.write_text("precious")
    path.with_name("fingerprints.json.lock").symlink_to(victim)
    with pytest.raises(Refused, match="cannot be used"):
        store(path).write(RECORD)
    assert victim.read_text() == "precious"
    assert not path.exists()


def test_full_disk_does_not_change_the_file(path: Path) -> None:
    store(path).write(RECORD)
    full = mock.patch("os.fsync", side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    with full, pytest.raises(Refused, match=f"{path} cannot be used: No space left on device."):
        store(path).write({**RECORD, "run": "2"})
    assert json.loads(path.read_text()) == {"clusters": {"cluster": {"a": RECORD}}}
    assert sorted(file.name for file in path.parent.iterdir()) == ["fingerprints.json", "fingerprints.json.lock"]


def test_file_and_directory_are_synced_to_disk(path: Path) -> None:
    synced: list[int] = []
    with mock.patch("os.fsync", side_effect=lambda number: synced.append(os.fstat(number).st_ino)):
        store(path).write(RECORD)
    assert synced == [path.stat().st_ino, path.parent.stat().st_ino]


def test_concurrent_writes_lose_no_record(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store(path).write({"inference_id": f"e{number}"}), range(200)))
    assert len(json.loads(path.read_text())["clusters"]["cluster"]) == 200
