#!/usr/bin/env bash
# Runs a command in mount, network and PID namespaces of its own, with a store for containers that goes with them: whatever
# it leaves ends with it. Usage: in-namespaces.sh CACHE COMMAND…
set -euo pipefail
if [ "${HOTROUTE_INSIDE:-}" != true ]; then
  HOTROUTE_INSIDE=true exec unshare --mount --net --pid --fork --kill-child --propagation private --mount-proc -- \
    "$(command -v catatonit || echo /usr/libexec/podman/catatonit)" -- "$0" "$@"
fi
cache=$1
shift
# podman takes hybrid cgroups for version 2.
umount /sys/fs/cgroup/unified 2>/dev/null || true
ip link set lo up
# kube-apiserver will not start without a default route; this one leads nowhere.
ip address add 198.18.0.1/30 dev lo
ip route add default via 198.18.0.2 dev lo
# The runtime's, podman's and this run's state: memory that is gone with this namespace.
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
work=/run/hotroute-test
mkdir -p "$work/tmp"
storage=$(mktemp -d "$cache/tmp/run-XXXXXX")
# podman keeps its containers' mounts in this namespace: what is left in the folder is files alone.
cleanup() {
  podman pod rm --all --force --time 0 >/dev/null 2>&1 || true
  podman rm --all --force --time 0 >/dev/null 2>&1 || true
  umount --recursive --lazy "$storage/graph/overlay" 2>/dev/null || true
  rm -rf --one-file-system "$storage"
}
trap cleanup EXIT
trap 'exit 143' TERM INT
cat >"$work/storage.conf" <<EOF
[storage]
driver = "overlay"
graphroot = "$storage/graph"
runroot = "$work/storage"
[storage.options]
additionalimagestores = ["$cache/graph"]
EOF
export CONTAINERS_STORAGE_CONF=$work/storage.conf CONTAINERS_CONF=$cache/containers.conf TMPDIR=$work/tmp
"$@"
