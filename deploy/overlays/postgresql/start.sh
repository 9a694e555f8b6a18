# Makes the database on an empty volume, then is PostgreSQL. The password of an existing database is not touched.
set -eu
PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
export PGDATA=/data/postgresql
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s' "$PASSWORD" >/tmp/password
  initdb --username=task_mcp --pwfile=/tmp/password --encoding=UTF8 --locale=C --auth-host=scram-sha-256 --auth-local=trust >/dev/null
  rm /tmp/password
  cp /etc/task-mcp-postgresql/pg_hba.conf "$PGDATA/pg_hba.conf"
  printf 'CREATE DATABASE task_mcp;\n' | postgres --single postgres >/dev/null
fi
unset PASSWORD
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
