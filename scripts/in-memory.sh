#!/usr/bin/env bash
# scripts/in-memory.sh COMMAND…   runs COMMAND with TMPDIR in memory where there is room for what tests write, else as it is.
#
# Thousands of small databases and browser profiles come and go in a run: half of the time would go into making and removing
# their files on a disk. Nothing of it outlives the run, and what a test says of a crash is said of processes, not of the disk.
set -euo pipefail

# what a whole run was seen to hold at most, in kB, and twice that left for everything else
needed=5000000
free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || echo 0)
memory=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo 2>/dev/null || echo 0)
if [ -w /dev/shm ] && [ "${free:-0}" -ge "$needed" ] && [ "${memory:-0}" -ge $((3 * needed)) ]; then
  TMPDIR=$(mktemp -d /dev/shm/tests.XXXXXX)
  # PostgreSQL runs as another user
  chmod 755 "$TMPDIR"
  export TMPDIR
  trap 'rm -rf "$TMPDIR"' EXIT
fi
"$@"
