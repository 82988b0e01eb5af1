# For run: a second node, which shares the device of the first one's file under the same name. Words of "HOST second …" are
# functions here.

second=
shared_uuid=00000000-0000-4000-8000-000000000003

share_file() { # data folder, ANA state, controller ids
  "$home/bin/tenon-shell" --data "$1" tenon:device create "aio://$work/shared?uuid=$shared_uuid&blk_size=512" >/dev/null
  "$home/bin/tenon-shell" --data "$1" tenon:share create "$work/shared" --ana "$2" --controller-ids "$3" >/dev/null
}

second_start() {
  "$home/bin/tenon-node" --name kernel-test-2 --grpc 127.0.0.1:21684 --nvme 127.0.0.1:21685 --data "$work/data2" \
    >>"$work/node2.log" 2>&1 &
  second=$!
  local tries=0
  until [ -f "$work/data2/ready.json" ]; do
    kill -0 "$second" 2>/dev/null && [ $((tries += 1)) -lt 600 ] || { cat "$work/node2.log" >&2; return 1; }
    sleep 0.2
  done
  share_file "$work/data2" non_optimized 101-200
}

second_ana-first() { shell tenon:share ana "$work/shared" "$1"; }

second_kill-first() {
  kill -KILL "$node"
  wait "$node" 2>/dev/null || true
}

second_restart-first() { start_node; }

second_stop() {
  [ -z "$second" ] || { kill "$second" && wait "$second"; } 2>/dev/null || true
}
