# Runs as root in the guest; busybox sh. Prints one line a check. run says before this what $target and $scenarios are.
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
  check "fio $name" verifying /tmp/fio "$@"
}
verifying() { # file for what fio says, fio options…
  said=$1
  shift
  fio --name=v --filename="$disk" --verify=crc32c --verify_fatal=1 --direct=1 --ioengine=psync --eta=never --output="$said" "$@"
}
load_begin() { # fio options…: I/O that verifies itself, until load_end
  rm -f /tmp/enough /tmp/load-failed
  (until [ -f /tmp/enough ]; do
    verifying /tmp/load --rw=randrw --bs=4k --time_based --runtime=5 "$@" >/dev/null 2>&1 || { cp /tmp/load /tmp/load-failed; break; }
  done) &
  load=$!
}
load_end() { # name
  touch /tmp/enough
  wait $load
  check "fio $1" none_of /tmp/load-failed
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

disk_of() { # subsystem: prints its disk, once it has a size
  for control_of in /sys/class/nvme/nvme*; do
    [ "$(cat "$control_of/subsysnqn" 2>/dev/null)" = "$prefix:$1" ] || continue
    # With native multipath the controller has a path, nvme0c1n1, of the disk nvme0n1.
    found=$(ls "$control_of" | sed -n 's/^\(nvme[0-9]*\)\(c[0-9]*\)*n1$/\1n1/p' | head -n 1)
    [ -n "$found" ] && [ -b "/dev/$found" ] && [ "$(cat "/sys/block/$found/size")" -gt 0 ] && echo "/dev/$found" && return
  done
  return 1
}
eventually() { # seconds, command…
  tries=$(($1 * 10))
  shift
  until "$@" >/tmp/eventually 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { cat /tmp/eventually; return 1; }
    usleep 100000
  done
}
offered() { nvme discover $target | grep -q "$prefix:$1\$"; }
told() { # word: the host has seen it come true, and shares a disk of that name
  check "the guest goes on when that is so: $1" eventually 300 offered "$1"
}
connected() { nvme connect $target -n "$prefix:$1"; }
sectors() { cat "/sys/block/${1#/dev/}/size"; }
larger() { [ "$(sectors "$1")" -gt "$2" ]; }
same_files() { (cd "$1" && md5sum -c /tmp/before); }
none_of() { # files
  for file in "$@"; do [ ! -e "$file" ] || { echo "$file is there"; tail -n 2 "$file"; return 1; }; done
}
check_filesystem() { # kind, disk
  if [ "$1" = ext4 ]; then e2fsck -fn "$2"; else xfs_repair -n "$2"; fi
}
grow_filesystem() { # kind, disk, where it is mounted
  if [ "$1" = ext4 ]; then resize2fs "$2"; else xfs_growfs "$3"; fi
}
free_kib() { df -k "$1" | awk 'END { print $4 }'; }

# A filesystem on a thin replica: a snapshot while it is written, the snapshot's clone mounted beside it, growth while it is mounted,
# and space given back.
pool_filesystem() { # kind, size that the replica grows to
  kind=$1
  connect "replica-$kind" -l 600
  origin=$(disk_of "replica-$kind")
  # With blocks of 1 KiB, as mkfs.ext4 would choose here, each run of free blocks begins and ends 1 KiB beside the clusters.
  if [ "$kind" = ext4 ]; then check "mkfs.ext4" mkfs.ext4 -q -F -b 4096 "$origin"; else check "mkfs.xfs" mkfs.xfs -q -f "$origin"; fi
  check "mount $kind of the replica" mount -t "$kind" "$origin" /mnt
  cp -r /bin /modules /mnt/
  (cd /mnt && find . -type f | sort | xargs md5sum) >/tmp/before
  sync
  rm -f /tmp/enough /tmp/writing-failed
  (until [ -f /tmp/enough ]; do
    dd if=/dev/zero of=/mnt/busy bs=64k count=8 conv=fsync 2>/dev/null || touch /tmp/writing-failed
  done) &
  writer=$!
  echo "HOST node snapshot create replica-$kind snapshot-$kind"
  echo "HOST node snapshot clone snapshot-$kind clone-$kind"
  echo "HOST node replica share clone-$kind"
  check "connect the clone" eventually 120 connected "clone-$kind"
  touch /tmp/enough
  wait $writer
  check "writing goes on while snapshot and clone are made" none_of /tmp/writing-failed
  check "the clone has a disk" eventually 60 disk_of "clone-$kind"
  clone=$(disk_of "clone-$kind")
  # xfs knows its filesystems by uuid, and a clone has the same.
  if [ "$kind" = xfs ]; then options="-o nouuid"; else options=; fi
  check "mount $kind of the clone beside it" mount -t "$kind" $options "$clone" /clone
  check "files on the clone are those of the snapshot" same_files /clone
  echo clone >/clone/of-clone
  echo origin >/mnt/of-origin
  check "write to the clone" dd if=/bin/busybox of=/clone/written bs=64k conv=fsync
  sync
  check "the clone does not write to the replica" none_of /mnt/of-clone /mnt/written
  check "the replica does not write to the clone" none_of /clone/of-origin

  # Room that is taken and then trimmed; the host looks at it before it lets the replica grow.
  mkdir /mnt/trimmed
  yes tenon | head -c 33554432 >/mnt/trimmed/file
  sync
  echo "HOST taken replica-$kind"
  before=$(sectors "$origin")
  kib=$(free_kib /mnt)
  echo "HOST node replica resize replica-$kind --size $2"
  check "the host sees that the replica has grown" eventually 60 larger "$origin" "$before"
  check "$kind grows while it is mounted" grow_filesystem "$kind" "$origin" /mnt
  check "there is more room" test "$(free_kib /mnt)" -gt "$((kib + 32768))"
  cp -r /bin /mnt/more
  check "files on the grown replica are the same" same_files /mnt
  rm -r /mnt/more /mnt/trimmed
  # ext4 trims only what a committed transaction has freed.
  sync
  check "fstrim" fstrim -v /mnt
  echo "HOST given-back replica-$kind"
  check "umount the replica" umount /mnt
  check "umount the clone" umount /clone
  check "$kind of the replica is in order" check_filesystem "$kind" "$origin"
  check "$kind of the clone is in order" check_filesystem "$kind" "$clone"
  mount -t "$kind" "$origin" /mnt
  check "files are the same after trim, growth and snapshot" same_files /mnt
  umount /mnt
  mount -t "$kind" $options "$clone" /clone
  check "files on the clone are the same" same_files /clone
  check "the clone has what was written to it" cmp /bin/busybox /clone/written
  umount /clone
  check "disconnect the clone" nvme disconnect -n "$prefix:clone-$kind"
  disconnect
  echo "HOST node replica unshare clone-$kind"
  echo "HOST node replica unshare replica-$kind"
  echo "HOST node replica destroy replica-$kind"
  echo "HOST node replica destroy clone-$kind"
  echo "HOST node snapshot destroy snapshot-$kind"
}

pools() {
  mkdir -p /clone
  pool_filesystem ext4 256MiB
  pool_filesystem xfs 400MiB
  echo "HOST empty"
}

# Bundles of the node are replaced below a host that does not know: one volume, one path, no reconnect.
unmoved() { # the controller is the one of before
  [ "$(cat "/sys/class/nvme/${control#/dev/}/cntlid")" = "$1" ] && grep -q live "/sys/class/nvme/${control#/dev/}/state"
}
reconnected() { dmesg -c | grep -q "uccessfully reconnected"; }
log_is_quiet() { ! dmesg | grep -iE 'nvme.*(reconnect|reset|timeout|timed out|error|fail|abort)|i/o error'; }
swaps() {
  connect kernel-volume -i 2 -k 5 -l 600 -c 1
  cntlid=$(cat "/sys/class/nvme/${control#/dev/}/cntlid")
  dmesg -c >/dev/null
  load_begin --size=8m
  echo "HOST swaps"
  told swaps-ended
  load_end "while the transport, a backend and the nexus are replaced"
  check "the controller is live and the one of before" unmoved "$cntlid"
  check "the kernel has noticed nothing" log_is_quiet
  disconnect
}

targets() {
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
  dmesg -c >/dev/null
  load_begin --size=4m
  echo "HOST freeze 12"
  check "the host connects again" eventually 120 reconnected
  load_end "while the node is frozen for longer than keep-alive"
  load_begin --size=4m
  echo "HOST restart"
  check "the host connects again to a node that was killed" eventually 120 reconnected
  load_end "while the node is killed and started again"
  check "state is live" grep -q live "/sys/class/nvme/${control#/dev/}/state"
  before=$(sectors "$disk")
  echo "HOST node nexus resize kernel-volume 144MiB"
  check "the host sees that the nexus has grown" eventually 60 larger "$disk" "$before"
  check "the new end is written" dd if=/dev/zero of="$disk" bs=512 count=8 seek=$(($(sectors "$disk") - 8)) conv=fsync
  filesystem ext4
  disconnect
}

for scenario in $scenarios; do $scenario; done
