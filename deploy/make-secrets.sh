#!/usr/bin/env bash
# Makes the secrets of compose.yaml, each of 48 random bytes, in deploy/secrets/. Never changes one that is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
umask 077
mkdir -p secrets

make() { [ -s "secrets/$1" ] || printf '%s' "$2" >"secrets/$1"; }
# Letters and digits only: some of them stand in addresses.
random() { openssl rand -hex 24; }

make postgres_superuser_password "$(random)"
make postgres_password "$(random)"
make redis_password "$(random)"
make secret_key "$(random)"
make database_url "postgres://parley:$(cat secrets/postgres_password)@postgres:5432/parley"
make redis_url "redis://:$(cat secrets/redis_password)@redis:6379"
# The containers run as uid 1000; without Swarm compose mounts the files as they are.
if [ "$(id -u)" = 0 ]; then chown -R 1000:1000 secrets; fi
echo "The secrets are in $PWD/secrets. Keep a copy in a safe place: without secret_key sealed data cannot be read again."
