#!/usr/bin/env bash
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Create .venv with tests/requirements.txt and this checkout as ansible_collections.esops.inference.
# Use the Python in PYTHON, or the newest suitable Python that works.
set -euo pipefail
cd "$(dirname "$0")/.."

# Newest tested version first; 3.14 only if no other version is available.
versions=(3.13 3.12 3.11 3.10 3.14)

# A Python on PATH may not work: version managers leave shims that fail, and distributions package venv separately.
works() {
    "$1" -c 'import ensurepip, ssl, sys, venv; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

# pyenv's python3.x work only for enabled versions, so enable all of them.
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
    works "$PYTHON" || { echo "PYTHON=$PYTHON does not run, is older than 3.10, or does not have venv or ssl." >&2; exit 1; }
elif ! PYTHON="$(find_python)"; then
    echo "No suitable Python found. Install one of ${versions[*]} with venv and ssl, or set its path: make PYTHON=/path/to/python3 …" >&2
    exit 1
fi

echo "Creating .venv with $("$PYTHON" --version) ($PYTHON) …"
"$PYTHON" -m venv --clear .venv
log=.venv/install.log
pip=(.venv/bin/python -m pip --disable-pip-version-check)

# uv is several times faster than pip, but does not use pip's configuration, which can name another package index.
# If uv fails, use pip, and remove uv, so that nox does not use it either.
install() {
    if "${pip[@]}" install 'uv>=0.9,<1' && .venv/bin/uv pip install --python .venv/bin/python -r tests/requirements.txt; then
        return
    fi
    "${pip[@]}" uninstall --yes uv
    "${pip[@]}" install --no-compile -r tests/requirements.txt
}

if ! install >"$log" 2>&1; then
    tail -n 10 "$log" >&2
    echo "Installing tests/requirements.txt failed. The full output is in $log." >&2
    exit 1
fi

mkdir -p .venv/ansible_collections/esops
ln -s ../../.. .venv/ansible_collections/esops/inference
# Make ansible_collections.esops.inference importable. The path is relative, so that the checkout can be moved.
site_packages="$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
echo ../../.. >"$site_packages/esops_inference.pth"
# Create this file last, so that an interrupted run is repeated.
touch .venv/.done
