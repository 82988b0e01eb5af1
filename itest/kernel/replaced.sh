# For run: bundles of the node are replaced while the guest does I/O. Words of "HOST replaced ..." are functions here.

# Parts of what the guest's volume goes through: the transport twenty times, the others four times each in between.
transports="transport.nvmetcp transport.nvmetcp transport.nvmetcp"
replaced_bundles=
for round in 1 2 3 4; do replaced_bundles="$replaced_bundles $transports backend.aio transport.nvmetcp nexus transport.nvmetcp"; done
controllers=

# Ids of controllers and ports of hosts: a host that came anew has others.
connected() { "$home/bin/tenon-shell" --data "$work/data" tenon:controller list --json </dev/null 2>&1; }

replaced_begin() {
  local part jar said status
  controllers=$(connected)
  for part in $replaced_bundles; do
    status=0
    jar=$(ls "$home/bundles/io.tenon.$part"-[0-9]*.jar)
    said=$("$home/bin/tenon-shell" --data "$work/data" tenon:swap "io.tenon.$part" "$jar" </dev/null 2>&1) || status=1
    result "$status" "io.tenon.$part is replaced, $(printf '%s\n' "$said" | awk '$1 == "longest_pause_ms" { print "longest pause " $2 " ms" }')" "$said"
  done
  # The guest says the next thing when its I/O has ended.
  status=0
  ! read -r -t 0 || status=1
  result "$status" "all was replaced while the guest did I/O" "the guest had ended before"
}

replaced_end() {
  local now status=0
  now=$(connected)
  [ "$now" = "$controllers" ] || status=1
  result "$status" "the node has the controllers of before" "$controllers, now $now"
}
