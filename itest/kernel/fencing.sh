# Read by the guest before guest.sh, whose functions it uses: reservations, and one volume by two nodes.

resv() { # what nvme-cli says: words of a reservation command
  nvme "$@" "$disk" -n 1
}
refused() { # name, command…: must fail
  name=$1
  shift
  if "$@" >/tmp/out 2>&1; then echo "CHECK failed $name: it was not refused"; else echo "CHECK ok $name"; fi
}
writes() {
  dd if=/dev/zero of="$disk" bs=4096 count=1 oflag=direct conv=fsync
}
as() { # number of the host: another one than that of /etc/nvme
  echo "--hostnqn=nqn.2014-08.org.nvmexpress:uuid:00000000-0000-4000-8000-00000000000$1 --hostid=00000000-0000-4000-8000-00000000000$1"
}
state() { # port: state of the path's controller and of its access
  for path in /sys/class/nvme/nvme*; do
    grep -q "trsvcid=$1" "$path/address" 2>/dev/null || continue
    echo "$(cat "$path/state") $(cat "$path"/nvme*c*n1/ana_state 2>/dev/null)"
  done
}
becomes() { # name, pattern, port: within 20 s
  tries=0
  until state "$3" | grep -q "$2"; do
    tries=$((tries + 1))
    if [ $tries -ge 200 ]; then
      echo "CHECK failed $1: $(state "$3")"
      return
    fi
    usleep 100000
  done
  echo "CHECK ok $1"
}
join() { # name, port: as soon as it is shared there
  tries=0
  until nvme connect -t tcp -a 10.0.2.2 -s "$2" -n "$nqn" -i 2 -l 600 -c 1 >/tmp/out 2>&1; do
    tries=$((tries + 1))
    if [ $tries -ge 100 ]; then
      echo "CHECK failed $1: $(tail -n 1 /tmp/out) $(dmesg | tail -n 3 | tr '\n' ' ')"
      return
    fi
    usleep 500000
  done
  echo "CHECK ok $1"
}

fencing() {
  # One subsystem, one host after the other: registrations outlive connections.
  connect b512 -i 2 $(as 1)
  has "reservations are offered" "0x1.*Reservations Supported" nvme id-ctrl "$control" -H
  check "register" resv resv-register --nrkey=0x11 --rrega=0
  has "report shows the registrant" "regctl *: 1" resv resv-report --eds
  check "acquire write exclusive" resv resv-acquire --crkey=0x11 --rtype=1 --racqa=0
  has "report shows the type" "rtype *: 1" resv resv-report --eds
  check "the holder writes" writes
  disconnect

  connect b512 -i 2 $(as 2)
  has "report shows the holder's key" "rkey *: 11" resv resv-report --eds
  refused "another host does not write" writes
  check "but reads" dd if="$disk" of=/dev/null bs=4096 count=1 iflag=direct
  refused "nor acquires" resv resv-acquire --crkey=0x22 --rtype=1 --racqa=0
  check "register the other host" resv resv-register --nrkey=0x22 --rrega=0
  check "preempt and abort" resv resv-acquire --crkey=0x22 --prkey=0x11 --rtype=2 --racqa=2
  check "the new holder writes" writes
  has "report shows the new holder only" "regctl *: 1" resv resv-report --eds
  disconnect

  connect b512 -i 2 $(as 1)
  refused "the preempted host neither reads" dd if="$disk" of=/dev/null bs=4096 count=1 iflag=direct
  refused "nor writes" writes
  disconnect

  connect b512 -i 2 $(as 2)
  check "release" resv resv-release --crkey=0x22 --rtype=2 --rrela=0
  check "unregister" resv resv-register --crkey=0x22 --rrega=1
  has "report shows nobody" "regctl *: 0" resv resv-report --eds
  disconnect

  # One volume by two nodes: equal NQN, serial and NGUID, other controller ids, one optimized.
  echo "HOST second start"
  nqn=$prefix:$volume
  join "connect by the second node" $second
  join "connect by the first node" $first
  disk || echo "CHECK failed no disk of $nqn"
  becomes "the first node's path is optimized" "live optimized" $first
  becomes "the second node's path is not" "live non-optimized" $second
  has "both paths are one disk" "^1$" sh -c 'ls /dev/nvme*n1 | wc -l'
  load_begin --size=4m
  usleep 3000000
  echo "HOST second ana-first inaccessible"
  becomes "the first path becomes inaccessible under load" "live inaccessible" $first
  echo "HOST second ana-first optimized"
  becomes "and optimized again" "live optimized" $first
  echo "HOST second kill-first"
  becomes "the first node is gone" "connecting" $first
  echo "HOST second restart-first"
  becomes "and comes back" "live optimized" $first
  load_end "while paths change and go"
  verify "over both paths" --rw=randrw --bs=4k --size=2m
  disconnect
}
