package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.LeaseId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a store leaves to the next one when it is closed in order: the leases that were held, which their holders may go on with. A line with
 * the version of the format, then one lease a line. Read once; after a crash there is none, and nobody left to hold anything.
 */
final class LeaseFile {
  static final String NAME = "leases";
  private static final String VERSION = "1";
  private static final Logger log = LoggerFactory.getLogger(LeaseFile.class);

  private LeaseFile() {}

  static void leave(Folder folder, Collection<LeaseId> held) throws IOException {
    if (held.isEmpty()) return;
    var text = new StringBuilder(VERSION).append('\n');
    for (LeaseId lease : held) text.append(lease).append('\n');
    write(folder, text.toString());
  }

  private static void write(Folder folder, String text) throws IOException {
    try (var file = folder.open(NAME)) {
      file.truncate(0);
      file.write(0, ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }
  }

  static Set<LeaseId> take(Folder folder) throws IOException {
    if (!folder.has(NAME)) return Set.of();
    var lines = new String(folder.read(NAME), StandardCharsets.US_ASCII).lines().toList();
    if (lines.isEmpty()) return Set.of();
    write(folder, "");
    return parse(lines);
  }

  static Set<LeaseId> parse(List<String> lines) {
    if (!lines.getFirst().equals(VERSION)) {
      log.warn(
          "Leases of the store before this one are lost: their file is of version {}",
          lines.getFirst());
      return Set.of();
    }
    var found = new HashSet<LeaseId>();
    for (String line : lines.subList(1, lines.size())) {
      try {
        found.add(new LeaseId(Long.parseUnsignedLong(line, 16)));
      } catch (IllegalArgumentException e) {
        log.warn("{} is no lease of the store before this one", line);
      }
    }
    return found;
  }
}
