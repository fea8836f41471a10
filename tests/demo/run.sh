#!/usr/bin/env bash
# Copyright: (c) 2026, esops.inference contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Shows the collection at work against a simulated Elasticsearch. Ends with 0 only if each step did what it shows.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [[ "${1:-}" != steps ]]; then
    # The simulator listens on a free port, gives its address as ELASTICSEARCH_URL, and ends with the steps.
    exec python -m tests.simulator -- "$PWD/tests/demo/run.sh" steps
fi

cd tests/demo
# Nothing but the simulator is to be talked with, as nobody.
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

# Shows a playbook, without its copyright.
listing() {
    printf '\n%s# tests/demo/%s%s\n' "$dim" "$1" "$plain"
    sed '1,/^---$/d' "$1"
}

# Runs a playbook; what it printed stands in $log then, too.
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

printf '%s\n' "A simulated Elasticsearch listens on $ELASTICSEARCH_URL (ELASTICSEARCH_URL)." \
    "Each playbook below is a file in tests/demo, and each output is a real one."

heading "1. Create an endpoint" "The body is the example of Elastic's documentation, nested as there."
listing create.yml
play create.yml
expect 'changed=1'
server show anthropic_completion

heading "2. Run the same again" "Nothing differs: look for changed=0, and for the one request that it took."
server forget
play create.yml
expect 'changed=0'
server requests 'GET /_inference/anthropic_completion'

heading "3. Change one setting" "What is not declared stays as it is, and the key is not needed."
listing change.yml
play change.yml --diff
expect 'changed=1'
expect '[+] +"max_tokens": 2048'

heading "4. Declare three endpoints with the role" "They share a key, a model and max_tokens, and say only what is different."
listing role.yml
play role.yml
expect '"created": 3'
server ids anthropic_completion contracts support-answers support-letters

heading "5. Remove all of them" "One request reads, one removes each."
listing remove.yml
play remove.yml
expect 'changed=1'
server ids

printf '\n%sEvery step did what it shows.%s The simulated server ends with this.\n' "$green" "$plain"
