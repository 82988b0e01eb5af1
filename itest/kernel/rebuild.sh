# Read by the guest before guest.sh, whose functions it uses: a volume that loses a child under load and gets it back.

part() { # name, first MiB, fio options…: writes 8 MiB, or reads again what was written
  name=$1
  offset=$2
  shift 2
  check "fio $name" verifying /tmp/fio --rw=write --bs=64k --offset="${offset}m" --size=8m "$@"
}

rebuild() {
  dmesg -c >/dev/null
  echo "HOST mirror start"
  check "the mirror is offered" eventually 120 offered mirror
  connect mirror -i 2 -l 600
  part "writes while both children are there" 0 --do_verify=0
  load_begin --offset=24m --size=2m
  echo "HOST mirror kill"
  told mirror-lost
  part "writes what the child misses" 8 --do_verify=0
  echo "HOST mirror back"
  told mirror-back
  echo "HOST mirror wipe"
  told mirror-filled
  part "writes to both again" 16 --do_verify=0
  load_end "all the while"
  echo "HOST mirror alone"
  told mirror-alone
  for offset in 0 8 16; do part "reads from the rebuilt child alone, MiB $offset and on" $offset --verify_only; done
  check "the kernel has seen no error of the disk" no_error_of_the_disk
  disconnect
  echo "HOST mirror end"
}
no_error_of_the_disk() { ! dmesg | grep -i "I/O error\|critical\|reset"; }
