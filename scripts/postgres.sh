#!/usr/bin/env bash
# A PostgreSQL server for tests and measurements, with its data in a directory of its own and fsync on.
#
#   scripts/postgres.sh start DIR       makes a cluster in DIR if there is none, starts it, prints its address
#   scripts/postgres.sh stop DIR        stops it (`fast` by default; PGSTOP=immediate: as if it had crashed)
#   scripts/postgres.sh with COMMAND…   starts one in a temporary directory, runs COMMAND with TASKSTEPER_TEST_POSTGRES
#                                       naming it, stops and removes it whatever becomes of COMMAND
#
# It listens on a Unix socket in DIR only. PostgreSQL refuses root: then it runs as the user postgres, or nobody.
set -euo pipefail

binaries() {
  local found
  found=$(command -v initdb || find /usr/lib/postgresql -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
  [ -n "$found" ] || { echo "PostgreSQL's server is not installed: scripts/install-test-deps.sh installs it" >&2; exit 1; }
  dirname "$(readlink -f "$found")"
}

as=()
owner=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
  owner=$(id -un postgres 2>/dev/null || echo nobody)
  as=(setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups --)
fi

start() {
  local dir=$1 bin
  bin=$(binaries)
  if [ ! -e "$dir/data/PG_VERSION" ]; then
    mkdir -p "$dir/data"
    [ "$(id -u)" -ne 0 ] || chown "$owner" "$dir" "$dir/data"
    # a language that sorts otherwise than by code point: what relies on the order would show
    "${as[@]}" "$bin/initdb" -D "$dir/data" --username tester --auth trust --encoding UTF8 --no-sync \
      --locale-provider icu --icu-locale und --locale C.UTF-8 >"$dir/initdb.log" 2>&1 \
      || { cat "$dir/initdb.log" >&2; exit 1; }
    cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
max_connections = 200
shared_buffers = 128MB
fsync = on
synchronous_commit = on
# hundreds of small databases, none of which lives long: to look after them, or to write them down early, is of no use
autovacuum = off
max_wal_size = 4GB
checkpoint_timeout = 1h
CONF
  fi
  (cd "$dir" && "${as[@]}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/log" -w -t 60 start >/dev/null) \
    || { cat "$dir/data/log" >&2; exit 1; }
  echo "postgres://tester@/postgres?host=$dir&sslmode=disable"
}

stop() {
  local dir=$1
  (cd "$dir" && "${as[@]}" "$(binaries)/pg_ctl" -D "$dir/data" -m "${PGSTOP:-fast}" -w -t 60 stop >/dev/null)
}

case "${1:-}" in
  start) start "$2" ;;
  stop) stop "$2" ;;
  with)
    shift
    dir=$(mktemp -d "${TMPDIR:-/tmp}/postgres.XXXXXX")
    chmod 755 "$dir"
    trap 'stop "$dir" || true; rm -rf "$dir"' EXIT
    TASKSTEPER_TEST_POSTGRES=$(start "$dir")
    export TASKSTEPER_TEST_POSTGRES
    "$@"
    ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
