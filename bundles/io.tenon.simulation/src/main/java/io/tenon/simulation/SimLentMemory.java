package io.tenon.simulation;

import io.tenon.block.IoRequest;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** A disk's own memory, lent to readers. What was given back is spoilt, so that reading on is found. */
final class SimLentMemory {
  private static final int BYTES = 1 << 17;

  private record Loan(IoRequest request, long address) {
    boolean isOver() {
      return !request.isLent() || request.address() != address;
    }
  }

  private final Arena arena = Arena.ofAuto();
  private final ArrayDeque<Long> free = new ArrayDeque<>();
  private final List<Loan> loans = new ArrayList<>();

  long take(int lengthBytes) {
    if (lengthBytes > BYTES) throw new AssertionError("nobody lends " + lengthBytes + " bytes");
    collect();
    return free.isEmpty() ? arena.allocate(BYTES, 4096).address() : free.removeFirst();
  }

  void lend(IoRequest request, long address) {
    request.lend(address);
    loans.add(new Loan(request, address));
  }

  private void collect() {
    for (var loan : List.copyOf(loans)) {
      if (!loan.isOver()) continue;
      loans.remove(loan);
      SimDisk.fill(loan.address, BYTES, -1);
      free.add(loan.address);
    }
  }
}
