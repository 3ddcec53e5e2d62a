#!/usr/bin/env bash
# Makes a base image for building ours where no registry of images can be reached: this Debian's own essential packages,
# the pinned Node and npm. make-base.sh <image name> <folder of the npm package node>
set -euo pipefail
readonly IMAGE=$1 NODE=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

essential() { dpkg-query -W -f='${Essential} ${binary:Package}\n' | awk '$1 == "yes" { print $2 }'; }
# What the essential packages and Node need beside them.
needed() { apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances $(essential) ca-certificates libstdc++6 | grep -E '^[a-z0-9]' | sort -u; }

mkdir -p "$work/root"/{usr/bin,usr/sbin,usr/lib,usr/lib64,etc,tmp,proc,sys,dev,root,home,var/tmp,run}
for link in bin sbin lib lib64; do ln -s "usr/$link" "$work/root/$link"; done
{ dpkg -L $(needed) 2>/dev/null || true; } | sort -u | grep -vE '/share/(doc|man|locale|info|bash-completion)/|^/etc/ssl/private' |
  sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\1/#' | while read -r path; do
  if [ -f "$path" ] || [ -L "$path" ]; then echo ".$path"; fi
done | sort -u >"$work/files"
tar -C / -cf - -T "$work/files" ./etc/passwd ./etc/group ./etc/ssl/certs ./etc/ld.so.cache | tar -C "$work/root" -xf -
chmod 1777 "$work/root/tmp" "$work/root/var/tmp"
grep -q ^node: "$work/root/etc/passwd" || echo 'node:x:1000:1000::/home/node:/bin/sh' >>"$work/root/etc/passwd"
grep -q ^node: "$work/root/etc/group" || echo 'node:x:1000:' >>"$work/root/etc/group"
mkdir -p "$work/root/usr/local/bin" "$work/root/usr/local/lib/node_modules"
cp "$NODE/bin/node" "$work/root/usr/local/bin/node"
npm=$(dirname "$(dirname "$(readlink -f "$(type -P npm)")")")
cp -r "$npm" "$work/root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/root/usr/local/bin/npm"

container=$(buildah from scratch)
buildah add -q "$container" "$work/root" / >/dev/null
# npm trusts what this machine trusts, which may be more than what Node brings along.
buildah config --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
buildah commit -q "$container" "$IMAGE" >/dev/null
buildah rm "$container" >/dev/null
