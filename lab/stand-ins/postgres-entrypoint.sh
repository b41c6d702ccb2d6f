#!/bin/bash
# Starts PostgreSQL as the official image does: a new data folder gets a user, a password and a database from the environment.
set -euo pipefail

# The value of a variable, or of the file that VARIABLE_FILE names.
value_of() {
  local name=$1 file="$1_FILE"
  if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
    echo "$name and $file are both set: set one of them" >&2
    exit 1
  fi
  if [ -n "${!file:-}" ]; then cat "${!file}"; else printf '%s' "${!name:-${2:-}}"; fi
}

initialise() {
  local user password database
  user=$(value_of POSTGRES_USER postgres)
  password=$(value_of POSTGRES_PASSWORD)
  database=$(value_of POSTGRES_DB "$user")
  if [ -z "$password" ]; then
    echo "POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set: a new database has no default password" >&2
    exit 1
  fi
  # shellcheck disable=SC2086 # several arguments on purpose, as the official image takes them
  initdb --pgdata="$PGDATA" --username="$user" --pwfile=<(printf '%s\n' "$password") \
    --auth-host=scram-sha-256 --auth-local=trust ${POSTGRES_INITDB_ARGS:-}
  printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  # Nobody else reaches it until it is whole.
  pg_ctl --pgdata="$PGDATA" --wait --options="-c listen_addresses=''" start
  if [ "$database" != postgres ]; then
    psql --username="$user" --dbname=postgres --set=ON_ERROR_STOP=1 --set=name="$database" --no-psqlrc --quiet \
      <<<'CREATE DATABASE :"name";'
  fi
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
      *.sh) bash "$script" ;;
      *.sql) psql --username="$user" --dbname="$database" --set=ON_ERROR_STOP=1 --no-psqlrc --file="$script" ;;
    esac
  done
  pg_ctl --pgdata="$PGDATA" --wait --mode=fast stop
}

if [ "${1:-}" = "" ] || [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
if [ "$1" = postgres ]; then
  mkdir -p "$PGDATA"
  chmod 00700 "$PGDATA" || true
  if [ ! -s "$PGDATA/PG_VERSION" ]; then initialise; fi
fi
exec "$@"
