#!/usr/bin/env bash
# Keeps a data file of the newest schema for tests/integration/upgrade.rs: the demo's story, as `tasksteper backup` makes it,
# and a line for each of its items. Run it once when a new migration is there, with the program that brings it; never again
# for that version, since what is kept stands for the installations that people have.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(ls crates/store/migrations | sed -nE 's/^V([0-9]+)__.*\.sql$/\1/p' | sort -n | tail -1)
kept=tests/kept/schema-$version
if [ -e "$kept.tar.zst" ]; then
  printf '%s is there already: what is kept never changes.\n' "$kept.tar.zst" >&2
  exit 1
fi
command -v sqlite3 >/dev/null || { printf 'sqlite3 is missing: apt-get install sqlite3\n' >&2; exit 1; }

cargo build --quiet
work=$(mktemp -d)
: >"$work/said"
target/debug/tasksteper demo --listen 127.0.0.1:0 --data "$work/data" >"$work/said" &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; rm -rf "$work"' EXIT
until grep -q '^listening on ' "$work/said"; do
  kill -0 "$demo"
  sleep 0.2
done
mkdir -p tests/kept
target/debug/tasksteper backup "$kept.tar.zst" --data "$work/data"
target/debug/tasksteper restore "$kept.tar.zst" --data "$work/restored" >/dev/null
# flow, number, revision, state, holders, the number of its events, title
sqlite3 -readonly -separator $'\t' "$work/restored/tasksteper.db" "
  select flow, number, revision, state, assigned_to,
         (select count(*) from event e where e.flow = i.flow and e.number = i.number), title
  from item i order by flow, number" >"$kept.txt"
chmod 644 "$kept.tar.zst"
printf 'kept %s: %s items\n' "$kept.tar.zst" "$(wc -l <"$kept.txt")"
