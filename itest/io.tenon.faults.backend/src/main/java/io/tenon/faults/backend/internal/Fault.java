package io.tenon.faults.backend.internal;

import io.tenon.block.IoOperation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What goes wrong with an I/O. */
sealed interface Fault {
  record None() implements Fault {}

  record Failing() implements Fault {}

  record Slow(long delayMs) implements Fault {}

  record Hanging() implements Fault {}

  /**
   * What {@code trigger} says of this kind of I/O now.
   *
   * @throws IOException also when it says what nobody understands
   */
  static Fault of(IoOperation operation, Path trigger) throws IOException {
    String text;
    try {
      text = Files.readString(trigger);
    } catch (NoSuchFileException e) {
      return new None();
    }
    String kind = operation == IoOperation.READ ? "read:" : "write:";
    Fault found = new None();
    for (String word : text.strip().split("\\s+")) {
      if (word.startsWith(kind)) found = parse(word.substring(kind.length()), trigger);
    }
    return found;
  }

  private static Fault parse(String fault, Path trigger) throws IOException {
    if (fault.equals("error")) return new Failing();
    if (fault.equals("hang")) return new Hanging();
    if (fault.matches("slow:[0-9]{1,5}")) {
      return new Slow(Long.parseLong(fault.substring("slow:".length())));
    }
    throw new IOException(trigger + " has an unknown fault: " + fault);
  }
}
