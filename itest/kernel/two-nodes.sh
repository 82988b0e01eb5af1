# For run: a second node, and a third one with a volume that both others reach: each opens the volume by the same URI, and so shares
# it under the same NQN, NGUID and serial. Words of "HOST second ..." are functions here.

second=
third=
second_port=$((21685 + ${TENON_KERNEL_PORTS:-0}))
third_port=$((21687 + ${TENON_KERNEL_PORTS:-0}))
remote=nvmf://127.0.0.1:$third_port/nqn.2019-05.io.openebs:back
volume=127.0.0.1:$third_port/nqn.2019-05.io.openebs:backn1

say() { # number of a node, words
  local data=$work/data$1
  shift
  "$home/bin/tenon-shell" --data "$data" "$@" >/dev/null
}

start_other() { # number, NVMe port
  "$home/bin/tenon-node" --name "kernel-test-$1" --grpc 127.0.0.1:0 --nvme "127.0.0.1:$2" --data "$work/data$1" \
    >>"$work/node$1.log" 2>&1 &
}

await_other() { # number, process
  local tries=0
  until [ -f "$work/data$1/ready.json" ]; do
    kill -0 "$2" 2>/dev/null && [ $((tries += 1)) -lt 600 ] || { cat "$work/node$1.log" >&2; return 1; }
    sleep 0.2
  done
}

share_remote() { # number, ANA state, controller ids
  say "$1" tenon:device create "$remote"
  say "$1" tenon:share create "$remote" --ana "$2" --controller-ids "$3"
}

second_start() {
  start_other 2 "$second_port"
  second=$!
  start_other 3 "$third_port"
  third=$!
  await_other 2 "$second"
  await_other 3 "$third"
  say 3 tenon:device create "malloc:///back?size_mb=64&blk_size=512&uuid=00000000-0000-4000-8000-000000000003"
  say 3 tenon:share create back
  share_remote 2 non_optimized 101-200
  share_remote "" optimized 1-100
}

second_ana-first() { say "" tenon:share ana "$remote" "$1"; }

second_kill-first() {
  kill -KILL "$node"
  wait "$node" 2>/dev/null || true
}

second_restart-first() { start_node; }

second_stop() {
  local other
  for other in $second $third; do { kill "$other" && wait "$other"; } 2>/dev/null || true; done
}
