# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cache the compiled code of modules, for tests that run hundreds of them.

ansible-core sends a module to Python as an archive of sources, which Python compiles in each process. This takes half
of the time of a short module run. With this directory on PYTHONPATH, Python compiles each source once and stores the
result in tests/output. Nothing else differs, including file names in tracebacks.

ansible-playbook builds that archive in each run, which takes longer than a module run. With this directory on
PYTHONPATH, it uses the archive of an earlier run with the same ansible-core and the same files of the collection.

ansible-playbook starts a process for each task. The collection of garbage makes the system copy their memory. The runs
are short enough without it.
"""

from __future__ import annotations

import gc
import os
import sys
import zipimport

# This file runs in each process, so it avoids slow imports such as pathlib, contextlib, and hashlib.
OUTPUT = os.path.join(os.path.dirname(__file__), "../../output")
FOLDER = f"{OUTPUT}/bytecode-{sys.implementation.cache_tag}"
COLLECTIONS = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")


def share_archives():
    """Store the module archives of ansible-core where other runs find them."""
    import hashlib

    from ansible import constants

    plugins = f"{COLLECTIONS}/ansible_collections/esops/inference/plugins"
    state = hashlib.sha256(f"{constants.__file__} {COLLECTIONS}".encode())
    for folder, _folders, files in sorted(os.walk(plugins)):
        for name in sorted(file for file in files if file.endswith(".py")):
            about = os.stat(f"{folder}/{name}")
            state.update(f"{folder}/{name} {about.st_mtime_ns} {about.st_size}\n".encode())
    shared = f"{OUTPUT}/archives-{state.hexdigest()}"
    os.makedirs(shared, exist_ok=True)
    os.symlink(os.path.abspath(shared), f"{constants.DEFAULT_LOCAL_TMP}/ansiballz_cache")


if COLLECTIONS and sys.argv[0].endswith("/ansible-playbook"):
    gc.disable()
    share_archives()

if hasattr(zipimport, "_compile_source"):
    import _imp
    import marshal

    compile_source = zipimport._compile_source

    def remembered(path, source):
        """Return the cached code object of a source."""
        name = f"{FOLDER}/{_imp.source_hash(0, source).hex()}-{len(source)}"
        try:
            with open(name, "rb") as file:
                code = marshal.load(file)
        except (OSError, EOFError, ValueError, TypeError):
            return stored(name, compile_source(path, source))
        _imp._fix_co_filename(code, path)
        return code

    def stored(name, code):
        """Store a code object, if possible, and return it."""
        try:
            os.makedirs(FOLDER, exist_ok=True)
            with open(f"{name}.{os.getpid()}", "wb") as file:
                marshal.dump(code, file)
            os.replace(f"{name}.{os.getpid()}", name)
        except OSError:
            pass
        return code

    zipimport._compile_source = remembered
