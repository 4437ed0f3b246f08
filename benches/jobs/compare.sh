#!/bin/sh
# Jobs on SQLite, and on Postgres beside graphile-worker, in one run on one machine. Starts a
# server of its own, with its usual durability, and needs `postgresql`, `node` and `npm`.
# `compare.sh BENCH_JOBS [JOBS [CONCURRENCY]]`, where BENCH_JOBS is the built program.
set -eu
bench=$(realpath "$1")
jobs=${2:-100000}
concurrency=${3:-16}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
programs=$(ls -d /usr/lib/postgresql/*/bin | tail -1)
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
end() {
    as_postgres "$programs/pg_ctl" -D "$folder/data" -m immediate stop > /dev/null 2>&1 || true
    rm -rf "$folder"
}
trap end EXIT INT TERM
if [ "$(id -u)" = 0 ]; then chown postgres "$folder"; fi
chmod 755 "$folder"
as_postgres "$programs/initdb" -D "$folder/data" -U postgres --auth=trust > /dev/null
as_postgres "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
    -o "-c listen_addresses=127.0.0.1 -p 54329 -k $folder" start > /dev/null
url=postgres://postgres@127.0.0.1:54329
for database in ours theirs plain; do
    as_postgres "$programs/createdb" -h "$folder" -p 54329 -U postgres "$database"
done
mkdir "$folder/peer"
cp "$here/peer.mjs" "$folder/peer"
(cd "$folder/peer" && npm install --silent --no-audit --no-fund "graphile-worker@${GRAPHILE:-latest}" pg > /dev/null)
echo "SQLite:"
"$bench" "$folder/peer/workspace" "$jobs" "$concurrency"
echo "Postgres:"
"$bench" "$url/ours" "$jobs" "$concurrency"
(cd "$folder/peer" && node peer.mjs "$url/theirs" "$jobs" "$concurrency" 500)
(cd "$folder/peer" && node peer.mjs "$url/plain" "$jobs" "$concurrency" 0)
grep '"version"' "$folder/peer/node_modules/graphile-worker/package.json"
