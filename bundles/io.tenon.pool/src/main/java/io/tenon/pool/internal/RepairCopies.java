package io.tenon.pool.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Files with what a repair is about to change: durable, with their folder, before anything is changed. */
final class RepairCopies {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmssSSS'Z'").withZone(ZoneOffset.UTC);

  private RepairCopies() {}

  /**
   * @param pool or disk, for the file's name
   * @throws IOException when it is not durable
   */
  static Path keep(Path folder, String pool, Instant now, byte[] copies) throws IOException {
    Files.createDirectories(folder);
    String name = pool.replaceAll("[^A-Za-z0-9._-]+", "-").replaceFirst("^-+", "");
    var file = folder.resolve("%s-%s.undo".formatted(name, TIME.format(now)));
    try (var channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      var content = ByteBuffer.wrap(copies);
      while (content.hasRemaining()) channel.write(content);
      channel.force(true);
    }
    try (var directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    }
    return file;
  }
}
