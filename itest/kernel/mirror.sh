# For run: a nexus of the first node over a disk of its own and a replica of a fourth node, whose process is killed and comes back. Words of
# "HOST mirror ..." are functions here. The guest is told what has come true, mirror-WORD.

fourth=
fourth_port=$((21689 + ${TENON_KERNEL_PORTS:-0}))
local_child=aio://$work/disk3?uuid=00000000-0000-4000-8000-000000000004
remote_child=

mirror_start() {
  truncate -s 96M "$work/disk3"
  truncate -s 256M "$work/pool-disk4"
  fourth_start
  say 4 tenon:pool create mirror-pool "aio://$work/pool-disk4" --cluster 1MiB
  mirror_replica
  say "" tenon:nexus create mirror --size 64MiB --child "$local_child" --child "$remote_child"
  say "" tenon:nexus publish mirror
}

fourth_start() {
  rm -f "$work/data4/ready.json"
  start_other 4 "$fourth_port"
  fourth=$!
  await_other 4 "$fourth"
}

mirror_replica() {
  say 4 tenon:replica create mirror-pool mirror-replica --size 96MiB --thin
  remote_child=$("$home/bin/tenon-shell" --data "$work/data4" tenon:replica share mirror-replica | sed -n 's/^uri  *//p')
}

mirror_kill() {
  kill -KILL "$fourth"
  wait "$fourth" 2>/dev/null || true
  mirror_is lost DEGRADED "a child is lost under the guest's load"
}

# What the child has missed is less than the nexus.
mirror_back() {
  fourth_start
  mirror_online
  mirror_is back ONLINE "it comes back and is rebuilt"
  mirror_copied "$((64 * 1048576 - 1048576))" partial
}

mirror_online() { # as soon as its node serves it again
  local tries=0
  until say "" tenon:nexus online mirror "$remote_child" 2>"$work/online.err"; do
    tries=$((tries + 1))
    [ $tries -lt 150 ] || { cat "$work/online.err" >&2; return; }
    sleep 0.2
  done
}

mirror_wipe() {
  say "" tenon:nexus remove mirror "$remote_child"
  say 4 tenon:replica destroy mirror-replica
  mirror_replica
  say "" tenon:nexus add mirror "$remote_child"
  mirror_is filled ONLINE "an empty replica in its place is filled"
  mirror_copied "$((64 * 1048576))" full
}

# What the guest reads now, the child that was rebuilt has.
mirror_alone() {
  say "" tenon:nexus offline mirror "$local_child"
  mirror_is alone DEGRADED "it serves alone"
}

mirror_is() { # what the guest is told, state of the nexus, name
  local tries=0 status=0
  until "$home/bin/tenon-shell" --data "$work/data" tenon:nexus show mirror --json | grep -q "^  \"state\" : \"$2\""; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || { status=1; break; }
    sleep 0.2
  done
  result "$status" "$3" "$("$home/bin/tenon-shell" --data "$work/data" tenon:nexus why mirror 2>&1)"
  tell "mirror-$1"
}

mirror_copied() { # most bytes, kind
  local shown status=0
  shown=$("$home/bin/tenon-shell" --data "$work/data" tenon:rebuild history mirror --json)
  printf '%s\n' "$shown" | awk -v most="$1" -v kind="\"$2\"," '
    /"kind"/ && !seen++ { right = $3 == kind }
    /"copied"/ && !count++ { copied = $3 + 0 }
    END { exit !(right && copied > 0 && copied <= most) }' || status=1
  result "$status" "its rebuild was $2" "$shown"
}

mirror_end() { say "" tenon:nexus destroy mirror; }

mirror_stop() {
  [ -z "$fourth" ] || { kill "$fourth" && wait "$fourth"; } 2>/dev/null || true
}
