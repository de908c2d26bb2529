#!/usr/bin/env bash
# Asks the service for everything that its OpenAPI document allows, and for what it does not, as each role.
# Needs `ringfence` (built: RINGFENCE_BINARY, or target/release/ringfence), curl, Python 3 and schemathesis
# (`pip install schemathesis`). Usage: tests/api/run.sh [SECONDS A ROLE, default 120]
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
binary="$(realpath "${RINGFENCE_BINARY:-$here/../../target/release/ringfence}")"
seconds="${1:-120}"
address="127.0.0.1:${PORT:-8098}"
work="$(mktemp -d)"
"$binary" --json serve --listen "$address" --data "$work/data" >"$work/told" 2>"$work/log" &
service=$!
trap 'kill "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; rm -rf "$work"' EXIT
until curl -sf "http://$address/readyz" >/dev/null; do
    kill -0 "$service" 2>/dev/null || { echo "the service ended:"; cat "$work/log"; exit 1; }
    sleep 0.2
done

field() { python3 -c 'import json,sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."): value = value[name]
print(value)' "$1"; }
post() { curl -sf -X POST "http://$address$1" -H 'content-type: application/json' "${@:3}" -d "$2"; }

password="mauve lantern quarry"
made="$(post /v1/setup "{\"token\":\"$(field set_up <"$work/told")\",\"name\":\"first\",\"password\":\"$password\",\"with_key\":true}")"
admin="$(field key.secret <<<"$made")"
cookie_name() { grep -i '^set-cookie' "$1" | sed 's/^[^:]*: //; s/;.*//' | tr -d '\r'; }

# A key of each role: an integration's from the administrator, the others' from people of that role.
key_of() {
    if [ "$1" = integration ]; then
        post /v1/keys '{"name":"checked","role":"integration"}' -H "authorization: Bearer $admin" | field secret
        return
    fi
    local user told
    user="$(post /v1/users "{\"name\":\"$1 of the check\",\"roles\":[\"$1\"]}" -H "authorization: Bearer $admin")"
    told="$(curl -sf -D "$work/head" -X POST "http://$address/v1/password" -H 'content-type: application/json' \
        -d "{\"token\":\"$(field token <<<"$user")\",\"password\":\"$password\"}")"
    post /v1/me/keys "{\"name\":\"checked\",\"role\":\"$1\"}" -H "cookie: $(cookie_name "$work/head")" \
        -H "x-csrf-token: $(field csrf <<<"$told")" -H 'sec-fetch-site: same-origin' | field secret
}

# What schemathesis keeps between runs goes where the rest goes.
cd "$work"
failed=0
for role in integration analyst investigator supervisor auditor admin; do
    echo "== $role"
    key="$(key_of "$role")"
    schemathesis --config-file "$here/schemathesis.toml" run "http://$address/openapi.json" \
        --header "Authorization: Bearer $key" --max-time "$seconds" --continue-on-failure --no-shrink --warnings off || failed=1
    kill -0 "$service" || { echo "the service ended"; cat "$work/log"; exit 1; }
done
exit "$failed"
