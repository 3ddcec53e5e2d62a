#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: PostgreSQL with pgvector, pgBackRest, PgBouncer, Redis, Chromium,
# Prometheus, nginx, Caddy, curl and jq. Builds the console where it is older than its sources.
# On Debian and its relatives, as root or with a sudo that asks no password. Silent and quick when nothing is missing.
# What cannot be installed is named: locally the tests that need it are skipped, with CI=true this fails.
# TEST_DATABASE_URL (a role that may create databases and roles, on a server with pgvector) replaces PostgreSQL here.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

readonly HERE=$(dirname "${BASH_SOURCE[0]}")
readonly LOCK=/run/parley-test-setup.lock
readonly WAIT_FOR_APT_SECONDS=300

say() { echo "test-setup: $*" >&2; }

first_executable() { type -P "$@" | head -n 1; }

# The major version of the newest server here, or nothing.
postgres_version() {
  local program
  for program in /usr/lib/postgresql/*/bin/postgres; do
    [ -x "$program" ] && basename "${program%/bin/postgres}"
  done | sort -n | tail -n 1
}

has_postgres() { [ -n "${TEST_DATABASE_URL:-}$(postgres_version)$(first_executable postgres)" ]; }

has_pgvector() {
  [ -n "${TEST_DATABASE_URL:-}" ] && return
  local config
  config=$(first_executable "/usr/lib/postgresql/$(postgres_version)/bin/pg_config" pg_config)
  [ -n "$config" ] && [ -e "$("$config" --sharedir)/extension/vector.control" ]
}

has_redis() { [ -n "$(first_executable redis-server valkey-server)" ]; }

has_chromium() { [ -n "$(first_executable chromium chromium-browser google-chrome)" ]; }

has_pgbackrest() { [ -n "${TEST_DATABASE_URL:-}$(first_executable pgbackrest)" ]; }
has_prometheus() { type -P promtool >/dev/null && [ -n "$(first_executable prometheus-alertmanager alertmanager)" ]; }
has_proxies() { [ -x /usr/sbin/nginx -o -n "$(first_executable nginx)" ] && type -P caddy >/dev/null && type -P openssl >/dev/null; }
has_shell_tools() { type -P curl >/dev/null && type -P jq >/dev/null && type -P openssl >/dev/null && type -P git >/dev/null; }
has_pgbouncer() { [ -x /usr/sbin/pgbouncer -o -n "$(first_executable pgbouncer)" ]; }

missing() {
  has_postgres || echo postgres
  has_pgvector || echo pgvector
  has_redis || echo redis
  has_chromium || echo chromium
  has_pgbackrest || echo pgbackrest
  has_prometheus || echo prometheus
  has_proxies || echo proxies
  has_pgbouncer || echo pgbouncer
  has_shell_tools || echo shell-tools
}

apt_install() { apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=$WAIT_FOR_APT_SECONDS "$@"; }

# apt itself waits for the lock on packages, but not for the one on its lists.
apt_update() {
  local deadline=$((SECONDS + WAIT_FOR_APT_SECONDS)) output
  until output=$(apt-get update --error-on=any 2>&1); do
    echo "$output"
    grep -q 'Could not get lock' <<<"$output" && [ $SECONDS -lt $deadline ] || return 1
    sleep 2
  done
}

install_pgvector() {
  local version package
  version=$(postgres_version)
  package=postgresql-$version-pgvector
  if [ -n "$(apt-cache search --names-only "^$package\$")" ]; then
    apt_install "$package"
  else
    apt_install gcc make libc6-dev && bash "$HERE/build-pgvector.sh" "$version"
  fi
}

install_piece() {
  case $1 in
    postgres) apt_install postgresql ;;
    pgvector) install_pgvector ;;
    redis) apt_install redis-server ;;
    chromium) apt_install chromium ;;
    pgbackrest) apt_install pgbackrest ;;
    prometheus) apt_install prometheus prometheus-alertmanager ;;
    proxies) apt_install nginx-light caddy openssl ;;
    pgbouncer) apt_install pgbouncer ;;
    shell-tools) apt_install curl jq openssl git ;;
  esac
}

failed() {
  say "could not install $1; the end of its log:"
  tail -n 8 "$2" >&2
}

# Each piece by itself, so that one which fails takes no other with it. One run at a time on a machine.
install_missing() {
  local piece log
  exec 9>"$LOCK"
  flock 9
  log=$(mktemp --tmpdir parley-test-setup.XXXXXX)
  apt_update >>"$log" 2>&1 || failed 'the newest package lists' "$log"
  for piece in $(missing); do
    say "installing $piece"
    # RUNLEVEL=1 keeps Debian from starting servers that it installs: the tests start their own.
    RUNLEVEL=1 install_piece "$piece" >>"$log" 2>&1 9>&- || failed "$piece" "$log"
  done
  rm -f "$log"
}

as_root() {
  if ! type -P apt-get >/dev/null; then
    say 'this machine has no apt: install them by its own means'
  elif [ "$(id -u)" = 0 ]; then
    install_missing
  elif sudo -n true 2>/dev/null; then
    sudo -n bash "${BASH_SOURCE[0]}" --install
  else
    say "not root, and sudo asks for a password: run 'sudo bash ${BASH_SOURCE[0]}' once, or install them by hand"
  fi
}

# `npm ci` builds it; sources may have changed since, and the tests would wait for what an old console does not show.
build_console() {
  local built=$HERE/../console/dist/index.html
  [ -e "$built" ] && [ -z "$(find "$HERE/../console/src" "$HERE/../console/index.html" -newer "$built" -print -quit)" ] && return
  say 'building the console'
  (cd "$HERE/.." && npm run --silent prepare)
}

main() {
  build_console
  [ -z "$(missing)" ] && return
  say "missing: $(missing | xargs)"
  as_root
  local left
  left=$(missing | xargs)
  [ -z "$left" ] && return
  if [ "${CI:-}" = true ]; then
    say "STILL MISSING: $left. With CI=true no test may be skipped, so this is a failure."
    return 1
  fi
  say "STILL MISSING: $left. The tests that need it are skipped."
}

if [ "${1:-}" = --install ]; then install_missing; else main; fi
