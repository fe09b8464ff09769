#!/bin/sh
# Decides whether one version of a capsule may follow another. Needs capsule and jq.
#
#   gate.sh OLD NEW
#
# OLD and NEW are whatever capsule takes for a target: a directory, an archive, a .wasm file.
#
#   EXPECT_HASH       the BLAKE3 that the new binary must have; any when unset
#   KERNEL            the oldest kernel that has to run it; 0.8.0 when unset
#   LEVEL             the least finding that fails: warning (when unset) or error
#   ALLOW             capabilities that may be new, one a line, as in "net api.example.com"
#   MAX_GROWTH_BYTES  how much larger the binary may be; 65536 when unset
#
# Exit status: 0 when it may, 1 when it may not, and that of capsule when it could not tell.
set -eu

old=$1
new=$2
failed=0
fail() {
    echo "gate: $*" >&2
    failed=1
}

# The hash: is it the binary that was built and reviewed?
hash=$(capsule inspect "$new" --quiet --json | jq -r .wasm_hash)
if [ -n "${EXPECT_HASH:-}" ] && [ "$hash" != "$EXPECT_HASH" ]; then
    fail "the binary is $hash, expected $EXPECT_HASH"
fi

# The ABI: can the kernel link it, and does the manifest say what the binary does?
status=0
capsule inspect "$new" --quiet --check --level "${LEVEL:-warning}" --kernel "${KERNEL:-0.8.0}" \
    --format "${FORMAT:-text}" || status=$?
case $status in
0) ;;
1) fail "there are findings; capsule explain ID tells what one means" ;;
*) exit "$status" ;;
esac

status=0
diff=$(capsule diff "$old" "$new" --quiet --json) || status=$?
[ "$status" -le 1 ] || exit "$status"

# The capabilities: does it ask for more than was agreed to?
added=$(printf '%s' "$diff" | jq -r --arg allow "${ALLOW:-}" '
    ($allow | split("\n")) as $allowed
    | .changes[]
    | select(.part == "capability" and .change == "added")
    | .name
    | select(. as $name | $allowed | index($name) | not)')
[ -z "$added" ] || fail "new capabilities: $added"

# What others rely on: a new major version may break it.
broken=$(printf '%s' "$diff" | jq -r '
    ((.old.version // "0") | split(".")[0]) as $old
    | ((.new.version // "0") | split(".")[0]) as $new
    | select($old == $new)
    | .changes[] | select(.effect == "breaks") | "\(.part) \(.name) \(.change)"')
[ -z "$broken" ] || fail "breaks without a new major version: $broken"

# The size.
growth=$(printf '%s' "$diff" | jq '.new.size_bytes - .old.size_bytes')
if [ "$growth" -gt "${MAX_GROWTH_BYTES:-65536}" ]; then
    fail "the binary grew by $growth bytes"
fi

exit "$failed"
