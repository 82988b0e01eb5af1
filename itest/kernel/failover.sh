# Read by the guest before guest.sh, whose functions it uses: how long the guest waits when the node that it uses is killed and a second
# path is ready. Not a test: run prints what was measured.

longest_wait() { # word: runs fio for some seconds, and tells its slowest write in microseconds
  # Terse version 3: field 56 is the longest completion latency of writes.
  if fio --name=g --filename="$disk" --direct=1 --ioengine=psync --rw=randwrite --bs=4k --size=4m --time_based --runtime=6 --output-format=terse \
    --output=/tmp/gap >/tmp/out 2>&1; then
    echo "WAITED $1 $(tail -n 1 /tmp/gap | cut -d ';' -f 56)"
  else
    echo "CHECK failed fio $1: $(tail -n 3 /tmp/out | tr '\n' ' ')"
  fi
}

failover() {
  echo "HOST second start"
  nqn=$prefix:$volume
  join "connect by the second node" $second
  join "connect by the first node" $first
  disk || echo "CHECK failed no disk of $nqn"
  becomes "the first node's path is optimized" "live optimized" $first
  becomes "the second node's path is not" "live non-optimized" $second
  round=0
  while [ $round -lt 10 ]; do
    round=$((round + 1))
    longest_wait undisturbed
    longest_wait killed &
    load=$!
    usleep 3000000
    echo "HOST second kill-first"
    wait $load
    becomes "round $round: the first node is gone" "connecting" $first
    echo "HOST second restart-first"
    check "round $round: it comes back" eventually 60 optimized_again
  done
  disconnect
}
optimized_again() { state $first | grep -q "live optimized"; }
