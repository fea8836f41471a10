# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has Python remember what it compiles of modules, for tests that run hundreds of them.

ansible-core hands a module to Python as an archive of sources, which Python compiles anew in each process: half of
what a short module run costs. With this on PYTHONPATH, it does so once for each source, and keeps the result in
tests/output. Nothing else differs, file names in tracebacks included.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
import zipimport

FOLDER = os.path.join(  # noqa: PTH118 - pathlib would cost each process more than is saved
    os.path.dirname(__file__),  # noqa: PTH120
    f"../../output/bytecode-{sys.implementation.cache_tag}",
)

if hasattr(zipimport, "_compile_source"):
    import _imp

    compile_source = zipimport._compile_source

    def remembered(path, source):
        """Return the code object of a source."""
        name = f"{FOLDER}/{hashlib.sha256(source).hexdigest()}"
        with contextlib.suppress(OSError, EOFError, ValueError, TypeError):
            with open(name, "rb") as file:  # noqa: PTH123
                code = marshal.load(file)
            _imp._fix_co_filename(code, path)
            return code
        code = compile_source(path, source)
        with contextlib.suppress(OSError):
            os.makedirs(FOLDER, exist_ok=True)  # noqa: PTH103
            with open(f"{name}.{os.getpid()}", "wb") as file:  # noqa: PTH123
                marshal.dump(code, file)
            os.replace(f"{name}.{os.getpid()}", name)  # noqa: PTH105
        return code

    zipimport._compile_source = remembered
