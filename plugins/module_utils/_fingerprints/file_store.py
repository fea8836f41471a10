# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fingerprint store in a file on the host where the module runs. Private to the collection."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Callable, Dict, Iterator, Sequence

from .._elasticsearch.errors import Refused
from .._inference.endpoint import Server
from .records import ConflictError, Record, RecordVersion

try:
    import fcntl
except ImportError:  # On Windows, which Ansible modules in Python do not support.
    fcntl = None  # type: ignore[assignment]

#: Records by cluster UUID and by endpoint ID.
_Clusters = Dict[str, Dict[str, Record]]


class FileStore:
    """A fingerprint store in one file, for all endpoints of all clusters.

    :param server: returns the response to C(GET /), which identifies the cluster.
    """

    def __init__(self, path: Path, server: Callable[[], Server]) -> None:
        # For a symbolic link, the target is locked and replaced, and the link stays.
        self._path = Path(os.path.realpath(path))
        self._server = server

    def read(self, inference_ids: Sequence[str]) -> dict[str, Record | None]:
        records = self._cluster_records(self._load())
        return {inference_id: records.get(inference_id) for inference_id in inference_ids}

    def write(self, record: Record, expected: RecordVersion | None = None) -> RecordVersion:
        with self._locked() as clusters:
            records, inference_id = self._cluster_records(clusters), record["inference_id"]
            if expected is not None and records.get(inference_id) != expected:
                raise ConflictError
            records[inference_id] = record
        return record

    def delete(self, inference_id: str) -> None:
        if self.read([inference_id])[inference_id] is not None:
            with self._locked() as clusters:
                self._cluster_records(clusters).pop(inference_id, None)

    def _cluster_records(self, clusters: _Clusters) -> dict[str, Record]:
        """Return the records of this cluster. Changes apply to the records of all clusters."""
        name = self._server().cluster
        if not name:
            raise Refused(
                "fingerprint_store=file requires the UUID of the cluster, but GET / did not return it. Nothing was "
                "changed. Hint: grant the cluster privilege monitor to the Elasticsearch user or API key."
            )
        return clusters.setdefault(name, {})

    def _load(self) -> _Clusters:
        try:
            with _translate_os_errors(self._path):
                clusters = json.loads(self._path.read_text(encoding="utf-8"))["clusters"]
        except FileNotFoundError:
            return {}
        except (KeyError, TypeError, ValueError):
            clusters = None
        if not isinstance(clusters, dict) or not all(isinstance(records, dict) for records in clusters.values()):
            raise Refused(
                f"fingerprint_file: {self._path} was not written by this collection. Hint: use a different path."
            )
        return clusters

    @contextlib.contextmanager
    def _locked(self) -> Iterator[_Clusters]:
        """Lock the file, yield its content for changes, and replace the file."""
        with _translate_os_errors(self._path), open(f"{self._path}.lock", "a", opener=_open_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            clusters = self._load()
            yield clusters
            # Indentation would be many times slower, and a run with 1000 endpoints writes the file 2000 times.
            self._replace(json.dumps({"clusters": clusters}, sort_keys=True) + "\n")

    def _replace(self, text: str) -> None:
        # A temporary file is only readable by its owner from the start.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._path.parent, delete=False) as file:
            temporary = Path(file.name)
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(self._path)
            except BaseException:
                temporary.unlink()
                raise
        # Without this, a power failure could restore the previous records. Some file systems do not support it.
        with contextlib.suppress(OSError), _open_directory(self._path.parent) as directory:
            os.fsync(directory)


@contextlib.contextmanager
def _open_directory(directory: Path) -> Iterator[int]:
    number = os.open(directory, os.O_RDONLY)
    try:
        yield number
    finally:
        os.close(number)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


@contextlib.contextmanager
def _translate_os_errors(path: Path) -> Iterator[None]:
    """Translate errors of the operating system, except for a missing file.

    :raises Refused: for any of these errors.
    """
    try:
        yield
    except FileNotFoundError:
        if path.parent.is_dir():
            raise
        raise Refused(
            f"fingerprint_file: the directory {path.parent} does not exist. Hint: create it, or use a different path."
        ) from None
    except OSError as error:
        raise Refused(f"fingerprint_file: {path} cannot be used: {error.strerror}.") from None
