#!/usr/bin/env bash
# Start the PostgreSQL and the RabbitMQ that tests want: Debian's packages where they are installed, else a compose engine.
# What answers already is left alone. The exit code is 1 when one of them cannot be had.
set -uo pipefail
cd "$(dirname "$0")/.."
POSTGRES_PORT=${POSTGRES_PORT:-5432}
RABBITMQ_PORT=${RABBITMQ_PORT:-5672}
SECONDS_TO_START=${SECONDS_TO_START:-60}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

has() { command -v "$1" >/dev/null; }

debian_postgres() {
  has pg_ctlcluster && has pg_lsclusters || return
  local version cluster
  read -r version cluster _ < <(pg_lsclusters --no-header | awk -v port="$POSTGRES_PORT" '$3 == port') || return
  pg_ctlcluster "$version" "$cluster" start
}

debian_rabbitmq() { has rabbitmq-server && rabbitmq-server -detached 2>/dev/null; }

composed() { docker compose version >/dev/null 2>&1 && docker compose up --detach --wait "$1"; }

# start NAME PORT SERVICE ADDRESS PACKAGE
start() {
  if answers "$2"; then
    echo "$1 answers on 127.0.0.1:$2."
  elif "debian_$3" && until_it_answers "$2"; then
    echo "$1 of this machine is started; it answers on 127.0.0.1:$2."
  elif composed "$3" && until_it_answers "$2"; then
    echo "$1 runs in a container. Tests find it with: export $4"
  else
    echo "$1 could not be started. Install it (Debian: apt-get install $5) or a compose engine; without it its tests are skipped."
    return 1
  fi
}

until_it_answers() {
  local end=$((SECONDS + SECONDS_TO_START))
  until answers "$1"; do
    ((SECONDS < end)) || return
    sleep 0.2
  done
}

failed=0
start PostgreSQL "$POSTGRES_PORT" postgres \
  IMPORTER_TEST_POSTGRES_URL=postgresql://importer:importer@127.0.0.1:5432/importer postgresql || failed=1
start RabbitMQ "$RABBITMQ_PORT" rabbitmq \
  IMPORTER_TEST_AMQP_URL=amqp://importer:importer@127.0.0.1:5672/ rabbitmq-server || failed=1
exit "$failed"
