# Runs as root in the guest; busybox sh. Prints one line a check.
target="-t tcp -a 10.0.2.2 -s 8484"
prefix=nqn.2019-05.io.openebs

check() { # name, command…: its status decides
  name=$1
  shift
  if "$@" >/tmp/out 2>&1; then echo "CHECK ok $name"; else echo "CHECK failed $name: $(tail -n 3 /tmp/out | tr '\n' ' ')"; fi
}
has() { # name, pattern, command…
  name=$1
  pattern=$2
  shift 2
  "$@" >/tmp/out 2>&1
  if grep -q "$pattern" /tmp/out; then echo "CHECK ok $name"; else echo "CHECK failed $name: $(head -n 5 /tmp/out | tr '\n' ' ')"; fi
}
disk() { # waits for the disk of the only connection
  tries=0
  until disk=$(ls /dev/nvme*n1 2>/dev/null | head -n 1) && [ -b "$disk" ] && [ "$(cat "/sys/block/${disk#/dev/}/size")" -gt 0 ]; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || return 1
    usleep 100000
  done
  control=${disk%n1}
}
connect() { # subsystem, options…
  nqn=$prefix:$1
  shift
  check "connect $nqn $*" nvme connect $target -n "$nqn" "$@"
  disk || echo "CHECK failed no disk of $nqn"
}
disconnect() {
  check "disconnect $nqn" nvme disconnect -n "$nqn"
}
verify() { # name, fio options…
  name=$1
  shift
  check "fio $name" fio --name=v --filename="$disk" --verify=crc32c --verify_fatal=1 --direct=1 --ioengine=psync --output=/tmp/fio "$@"
}
filesystem() { # ext4 or xfs
  if [ "$1" = ext4 ]; then check "mkfs.ext4" mkfs.ext4 -q -F "$disk"; else check "mkfs.xfs" mkfs.xfs -q -f "$disk"; fi
  check "mount $1" mount -t "$1" "$disk" /mnt
  cp -r /bin /modules /mnt/
  (cd /mnt && find . -type f | sort | xargs md5sum) >/tmp/before
  check "umount $1" umount /mnt
  if [ "$1" = ext4 ]; then check "e2fsck" e2fsck -fn "$disk"; else check "xfs_repair -n" xfs_repair -n "$disk"; fi
  mount -t "$1" "$disk" /mnt
  (cd /mnt && find . -type f | sort | xargs md5sum) >/tmp/after
  check "files on $1 are the same" cmp /tmp/before /tmp/after
  umount /mnt
}

# Scenarios.

has "discover lists the subsystem" "$prefix:b512" nvme discover $target

connect b512 -i 1
has "model" "Mayastor NVMe controller" nvme id-ctrl "$control"
has "serial" "sn  *: DCS" nvme id-ctrl "$control"
has "blocks of 512 bytes" "lbads:9" nvme id-ns "$disk"
check "smart-log" nvme smart-log "$control"
check "error-log" nvme error-log "$control"
for feature in 1 2 4 5 6 7 0x0a 0x0b 0x0f; do check "get-feature $feature" nvme get-feature "$control" -f $feature; done
has "ana-log" "optimized" nvme ana-log "$control"
has "list-ns" "0x1" nvme list-ns "$control"
check "ns-descs" nvme ns-descs "$disk"
check "fw-log" nvme fw-log "$control"
check "effects-log" nvme effects-log "$control"
check "changed-ns-list-log" nvme changed-ns-list-log "$control"
verify "512 B random" --rw=randrw --bs=512 --size=1m
verify "4 KiB random" --rw=randrw --bs=4k --size=8m
verify "64 KiB sequential" --rw=write --bs=64k --size=16m
verify "1 MiB sequential" --rw=write --bs=1m --size=32m
check "write zeroes" nvme write-zeroes "$disk" -n 1 -s 0 -c 16383
dd if="$disk" bs=1M count=8 2>/dev/null | cmp -n 8388608 - /dev/zero >/tmp/out 2>&1
cp /tmp/out /tmp/differs
check "zeroes read back" test ! -s /tmp/differs
check "blkdiscard" blkdiscard "$disk"
check "flush" nvme flush "$disk" -n 1
filesystem ext4
disconnect

connect b4096 -i 4 -g -G
has "blocks of 4096 bytes" "lbads:12" nvme id-ns "$disk"
verify "4 KiB random with digests" --rw=randrw --bs=4k --size=8m
verify "256 KiB sequential with digests" --rw=write --bs=256k --size=16m
filesystem xfs
disconnect

connect kernel-volume -i 2 -k 5 -l 600 -c 1
verify "through a nexus" --rw=randrw --bs=8k --size=8m
echo "HOST freeze 12"
verify "while the node is frozen for longer than keep-alive" --rw=randrw --bs=4k --size=4m --time_based --runtime=25
has "the host has connected again" "uccessfully reconnected" dmesg
echo "HOST restart"
verify "while the node is killed and started again" --rw=randrw --bs=4k --size=4m --time_based --runtime=30
check "state is live" grep -q live "/sys/class/nvme/${control#/dev/}/state"
filesystem ext4
disconnect
