# Read by the guest before guest.sh, whose functions it uses: a volume that loses a child under load and gets it back.

offered() { nvme discover $target | grep -q "$prefix:$1\$"; }
told() { # word: the host has seen it come true
  check "the guest goes on until that is so: $1" eventually 120 offered "mirror-$1"
}
part() { # name, first MiB, fio options…: writes 8 MiB, or reads again what was written
  name=$1
  offset=$2
  shift 2
  check "fio $name" fio --name=v --filename="$disk" --verify=crc32c --verify_fatal=1 --direct=1 --ioengine=psync --output=/tmp/fio \
    --rw=write --bs=64k --offset="${offset}m" --size=8m "$@"
}

rebuild() {
  dmesg -c >/dev/null
  echo "HOST mirror start"
  check "the mirror is offered" eventually 120 offered mirror
  connect mirror -i 2 -l 600
  part "writes while both children are there" 0 --do_verify=0
  rm -f /tmp/enough /tmp/load-failed
  (until [ -f /tmp/enough ]; do
    fio --name=l --filename="$disk" --verify=crc32c --verify_fatal=1 --direct=1 --ioengine=psync --output=/tmp/load \
      --rw=randrw --bs=4k --offset=24m --size=2m >/dev/null 2>&1 || { cp /tmp/load /tmp/load-failed; break; }
  done) &
  load=$!
  echo "HOST mirror kill"
  told lost
  part "writes what the child misses" 8 --do_verify=0
  echo "HOST mirror back"
  told back
  echo "HOST mirror wipe"
  told filled
  part "writes to both again" 16 --do_verify=0
  touch /tmp/enough
  wait $load
  check "fio saw no error and its own data all the while" none_of /tmp/load-failed
  echo "HOST mirror alone"
  told alone
  for offset in 0 8 16; do part "reads from the rebuilt child alone, MiB $offset and on" $offset --verify_only; done
  check "the kernel has seen no error of the disk" no_error_of_the_disk
  disconnect
  echo "HOST mirror end"
}
no_error_of_the_disk() { ! dmesg | grep -i "I/O error\|critical\|reset"; }
