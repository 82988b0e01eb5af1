package io.tenon.nexus.internal;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * A lane's one piece of memory for comparing; its owner has it before he takes any range, so that nobody who holds a range waits
 * for memory. Not from the reactor's pool for that reason: all of that may be in the hands of writes that wait for the range.
 */
final class Scratch {
  private static final int ALIGNMENT = 4096;

  private @Nullable Arena memory;
  private long address;
  private long lengthBytes;
  private boolean taken;

  boolean isTaken() {
    return taken;
  }

  long take(long neededBytes) {
    taken = true;
    if (lengthBytes < neededBytes) {
      free();
      var arena = Arena.ofShared();
      memory = arena;
      address = arena.allocate(neededBytes, ALIGNMENT).address();
      lengthBytes = neededBytes;
    }
    return address;
  }

  void give() {
    taken = false;
  }

  void free() {
    if (memory != null) memory.close();
    memory = null;
    lengthBytes = 0;
    address = 0;
  }
}
