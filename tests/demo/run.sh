#!/usr/bin/env bash
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Demonstrate the collection with a simulated Elasticsearch. Exit with 0 only if each step has the expected result.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [[ "${1:-}" != steps ]]; then
    # The simulator listens on a free port, sets ELASTICSEARCH_URL for the steps, and stops after them.
    exec python -m tests.simulator -- "$PWD/tests/demo/run.sh" steps
fi

cd tests/demo
# Connect only to the simulator, without credentials.
for name in "${!ELASTICSEARCH_@}"; do
    [[ "$name" == ELASTICSEARCH_URL ]] || unset "$name"
done
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1
log="$(mktemp)"
trap 'rm -f "$log"' EXIT
export ANSIBLE_CONFIG="$PWD/ansible.cfg" ANSIBLE_LOG_PATH="$log" ANTHROPIC_API_KEY=a-key-for-the-demo

bold='' dim='' green='' plain=''
if [[ -t 1 && -z "${NO_COLOR:-}" ]]; then
    bold=$'\e[1;36m' dim=$'\e[2m' green=$'\e[1;32m' plain=$'\e[0m'
fi

heading() {
    printf '\n%s%s%s\n%s%s%s\n' "$bold" "$1" "$plain" "$bold" "${1//?/=}" "$plain"
    printf '%s\n' "${@:2}"
}

# Print a playbook without its copyright header.
listing() {
    printf '\n%s# tests/demo/%s%s\n' "$dim" "$1" "$plain"
    sed '1,/^---$/d' "$1"
}

# Run a playbook. Its output is also written to $log.
play() {
    : >"$log"
    printf '\n%s$%s ansible-playbook %s\n' "$dim" "$plain" "$*"
    ansible-playbook "$@"
}

server() {
    python server.py "$@"
}

expect() {
    if ! grep --quiet --extended-regexp -- "$1" "$log"; then
        printf '\nThe demo failed: no line of the output matches %s\n' "$1" >&2
        exit 1
    fi
}

printf '%s\n' "ELASTICSEARCH_URL is $ELASTICSEARCH_URL, the address of a simulated Elasticsearch." \
    "The playbooks are files in tests/demo. The output is that of real runs."

heading "1. Create an endpoint" "The settings are those of the example in Elastic's documentation."
listing create.yml
play create.yml
expect 'changed=1'
server show anthropic_completion

heading "2. Run the playbook again" "The endpoint is in sync. The run sends a single request and reports changed=0."
server clear
play create.yml
expect 'changed=0'
server requests 'GET /_inference/anthropic_completion'

heading "3. Update one setting" "Undeclared settings stay unchanged, and the API key is not required."
listing change.yml
play change.yml --diff
expect 'changed=1'
expect '[+] +"max_tokens": 2048'

heading "4. Create three endpoints with the role" "They share an API key, a model, and max_tokens. Each one declares only other values."
listing role.yml
play role.yml
expect '"created": 3'
server ids anthropic_completion contracts support-answers support-letters

heading "5. Delete all endpoints" "The module sends one request to read them, and one to delete each."
listing remove.yml
play remove.yml
expect 'changed=1'
server ids

printf '\n%sEvery step had the expected result.%s The simulated server stops now.\n' "$green" "$plain"
