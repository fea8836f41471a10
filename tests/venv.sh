#!/usr/bin/env bash
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Makes .venv, with all of tests/requirements.txt and this checkout as ansible_collections.esops.inference.
# The Python is the newest suitable one that works here, or the one that PYTHON names.
set -euo pipefail
cd "$(dirname "$0")/.."

# Newest tested version first; 3.14 only where there is nothing else.
versions=(3.13 3.12 3.11 3.10 3.14)

# A name on PATH proves nothing: version managers leave shims that fail, distributions split off venv.
works() {
    "$1" -c 'import ensurepip, ssl, sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

# pyenv's python3.x only work for the versions that are switched on: switch on all of them.
if command -v pyenv >/dev/null; then
    PYENV_VERSION="$(pyenv versions --bare | paste -sd:)"
    export PYENV_VERSION
fi

find_python() {
    local version candidate
    for version in "${versions[@]}"; do
        for candidate in "python$version" python3 python; do
            if works "$candidate" && [[ "$("$candidate" -V)" == "Python $version".* ]]; then
                "$candidate" -c 'import sys; print(sys.executable)'
                return
            fi
        done
    done
    return 1
}

if [[ -n "${PYTHON:-}" ]]; then
    works "$PYTHON" || { echo "PYTHON=$PYTHON does not run, is older than 3.10, or lacks venv or ssl." >&2; exit 1; }
elif ! PYTHON="$(find_python)"; then
    echo "No suitable Python: one of ${versions[*]} with venv and ssl is needed. Install one, or name it: make PYTHON=/path/to/python3 …" >&2
    exit 1
fi

echo "Making .venv with $("$PYTHON" --version) ($PYTHON) …"
"$PYTHON" -m venv --clear .venv
log=.venv/install.log
if ! .venv/bin/python -m pip install --disable-pip-version-check --no-compile -r tests/requirements.txt >"$log" 2>&1; then
    tail -n 10 "$log" >&2
    echo "Installing tests/requirements.txt failed; the whole output is in $log." >&2
    exit 1
fi

mkdir -p .venv/ansible_collections/esops
ln -s ../../.. .venv/ansible_collections/esops/inference
# Lets `import ansible_collections.esops.inference` work in this environment; relative, so that it can be moved.
site_packages="$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
echo ../../.. >"$site_packages/esops_inference.pth"
# Written last: a run that was interrupted leaves none, and is done again.
touch .venv/.done
