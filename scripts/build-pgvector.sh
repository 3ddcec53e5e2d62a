#!/usr/bin/env bash
# Builds pgvector for an installed PostgreSQL and installs it there: build-pgvector.sh <major version>, as root, on Debian.
# For releases that have no package of it (Debian 12): the source is Debian's own, of a later release.
# Works in a folder of its own, with package lists and headers that are only there. So neither the machine's package
# sources change, nor a PostgreSQL that is running: installing postgresql-server-dev would upgrade and restart that.
set -euo pipefail

readonly VERSION=$1
readonly SUITE=trixie
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
readonly EXTENSIONS=/usr/share/postgresql/$VERSION/extension

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work" # apt downloads as an account of its own
cd "$work"

mkdir -p lists/partial cache/archives/partial headers
echo "deb-src [signed-by=$KEYRING] http://deb.debian.org/debian $SUITE main" >sources.list
own=(-o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache")
apt-get "${own[@]}" update
apt-get "${own[@]}" source --download-only pgvector
tar -xf pgvector_*.orig.tar.gz

# The three packages unpacked here are a whole build tree: pg_config answers with the paths around itself.
apt-get download "postgresql-client-$VERSION" "postgresql-server-dev-$VERSION" libpq-dev
for package in *.deb; do dpkg-deb -x "$package" headers; done
make -C pgvector-* -j2 with_llvm=no OPTFLAGS= \
  PG_CONFIG="$work/headers/usr/lib/postgresql/$VERSION/bin/pg_config"

install -m 644 pgvector-*/vector.so "/usr/lib/postgresql/$VERSION/lib/"
install -m 644 pgvector-*/sql/vector--*.sql "$EXTENSIONS/"
# Last, because its presence is what says that the extension is there.
install -m 644 pgvector-*/vector.control "$EXTENSIONS/"
