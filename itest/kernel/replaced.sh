# For run: bundles of the node are replaced while the guest does I/O, which hears of the end.

# Parts of what the guest's volume goes through: the transport twenty times, the others four times each in between.
transports="transport.nvmetcp transport.nvmetcp transport.nvmetcp"
replaced_bundles=
for round in 1 2 3 4; do replaced_bundles="$replaced_bundles $transports backend.aio transport.nvmetcp nexus transport.nvmetcp"; done

# Ids of controllers and ports of hosts: a host that came anew has others.
connected() { "$home/bin/tenon-shell" --data "$work/data" tenon:controller list --json </dev/null 2>&1; }

replace_bundles() {
  local part jar said before now status=0
  before=$(connected)
  for part in $replaced_bundles; do
    status=0
    jar=$(ls "$home/bundles/io.tenon.$part"-[0-9]*.jar)
    said=$("$home/bin/tenon-shell" --data "$work/data" tenon:swap "io.tenon.$part" "$jar" </dev/null 2>&1) || status=1
    result "$status" "io.tenon.$part is replaced, $(printf '%s\n' "$said" | awk '$1 == "longest_pause_ms" { print "longest pause " $2 " ms" }')" "$said"
  done
  status=0
  now=$(connected)
  [ "$now" = "$before" ] || status=1
  result "$status" "the node has the controllers of before" "$before, now $now"
  tell swaps-ended
}
