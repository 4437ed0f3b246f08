#!/bin/sh
# Jobs on SQLite, and on Postgres beside graphile-worker (tuned, and as it comes) and
# procrastinate, in one run on one machine. Starts a server of its own, with its usual
# durability, and needs `postgresql`, `node`, `npm` and `python3`.
# `compare.sh BENCH_JOBS [JOBS [CONCURRENCY]]`, where BENCH_JOBS is the built program.
set -eu
bench=$(realpath "$1")
jobs=${2:-100000}
concurrency=${3:-16}
# Those that take each job by itself would take minutes for as many.
fewer=$((jobs < 3000 ? jobs : 3000))
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
mkdir "$folder/peer"
cp "$here/peer.mjs" "$here/peer.py" "$folder/peer"
cd "$folder/peer"
npm install --silent --no-audit --no-fund "graphile-worker@${GRAPHILE:-latest}" pg > /dev/null
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check procrastinate 'psycopg[binary]'
graphile=$(node -p 'require("./node_modules/graphile-worker/package.json").version')
procrastinate=$(python/bin/python -c 'from importlib.metadata import version; print(version("procrastinate"))')

# Runs one: its name in the table, the database (made anew), then the command.
run() {
    name=$1
    if [ -n "$2" ]; then as_postgres "$programs/createdb" -h "$folder" -p 54329 -U postgres "$2"; fi
    shift 2
    "$@" | sed "s/^/$name|/" | tee -a "$folder/results"
}
run "besunny, SQLite" "" "$bench" "$folder/peer/workspace" "$jobs" "$concurrency"
run "besunny, Postgres" ours "$bench" "$url/ours" "$jobs" "$concurrency"
if [ -n "${PROCESSES:-}" ]; then
    run "besunny, Postgres, $PROCESSES processes" many "$bench" "$url/many" "$jobs" "$concurrency" "$PROCESSES"
fi
run "graphile-worker $graphile, tuned" tuned node peer.mjs "$url/tuned" "$jobs" "$concurrency" 500
run "graphile-worker $graphile, defaults" plain node peer.mjs "$url/plain" "$fewer" "$concurrency" 0
run "procrastinate $procrastinate" python python/bin/python peer.py "$url/python" "$fewer" "$concurrency"

echo
awk -F'|' '
    !($1 in seen) { seen[$1] = 1; order[++count] = $1 }
    match($2, /enqueued [0-9]+/) { enqueued[$1] = substr($2, RSTART + 9, RLENGTH - 9) }
    match($2, /run [0-9]+/) { ran[$1] = substr($2, RSTART + 4, RLENGTH - 4) }
    match($2, /after [0-9.]+/) { median[$1] = substr($2, RSTART + 6, RLENGTH - 6) }
    match($2, /\(median\), [0-9.]+/) { most[$1] = substr($2, RSTART + 10, RLENGTH - 10) }
    END {
        ours = ran["besunny, Postgres"]
        printf "%-36s %12s %12s %10s %12s %12s\n", "", "enqueued/s", "run/s", "ours is", "median ms", "99 of 100"
        for (row = 1; row <= count; row++) {
            name = order[row]
            printf "%-36s %12s %12s %9.2fx %12s %12s\n", name, enqueued[name], ran[name], ours / ran[name], median[name], most[name]
        }
    }' "$folder/results"
