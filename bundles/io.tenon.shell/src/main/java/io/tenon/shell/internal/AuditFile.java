package io.tenon.shell.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lines that are only added to, in a file that only its owner reads. When it has grown to its bound it becomes {@code NAME.1.jsonl},
 * that one {@code NAME.2.jsonl}, and the oldest is deleted.
 */
final class AuditFile implements AutoCloseable {
  private final Path directory;
  private final String name;
  private final long maxBytes;
  private final int kept;
  private @Nullable FileChannel channel;
  private boolean closed;

  /**
   * @param maxBytes of one file, but for a single line that is longer
   * @param kept files beside the one that is written to
   */
  AuditFile(Path directory, String name, long maxBytes, int kept) {
    this.directory = directory;
    this.name = name;
    this.maxBytes = maxBytes;
    this.kept = kept;
  }

  Path path() {
    return directory.resolve(name + ".jsonl");
  }

  /**
   * @param line without its end
   * @param durable whether it must survive a power failure
   * @throws ClosedChannelException after {@link #close}
   * @throws IOException when the line is not there as a whole; the next one tries again from the start
   */
  synchronized void append(String line, boolean durable) throws IOException {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    try {
      var file = opened();
      long before = file.size();
      if (before > 0 && before + bytes.length > maxBytes) {
        rotate();
        file = opened();
        before = 0;
      }
      write(file, before, bytes);
      if (durable) file.force(false);
    } catch (IOException e) {
      release();
      throw e;
    }
  }

  private FileChannel opened() throws IOException {
    if (closed) throw new ClosedChannelException();
    var open = channel;
    // Somebody may have moved it away; what is written then must not vanish.
    if (open != null && Files.exists(path())) return open;
    release();
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    open =
        FileChannel.open(
            path(),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    channel = open;
    endLine(open);
    return open;
  }

  /** A node that was killed while it wrote may have left half a line. */
  private static void endLine(FileChannel file) throws IOException {
    long size = file.size();
    if (size == 0) return;
    var last = ByteBuffer.allocate(1);
    file.read(last, size - 1);
    if (last.get(0) != '\n') write(file, size, new byte[] {'\n'});
  }

  private static void write(FileChannel file, long at, byte[] bytes) throws IOException {
    var buffer = ByteBuffer.wrap(bytes);
    try {
      while (buffer.hasRemaining()) file.write(buffer, at + buffer.position());
    } catch (IOException e) {
      if (file.isOpen()) file.truncate(at); // half a line would spoil the next one
      throw e;
    }
  }

  private void rotate() throws IOException {
    release();
    for (int i = kept; i >= 1; i--) {
      Path from = i == 1 ? path() : old(i - 1);
      if (Files.exists(from)) Files.move(from, old(i), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private Path old(int age) {
    return directory.resolve(name + "." + age + ".jsonl");
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    release();
  }

  private void release() throws IOException {
    var open = channel;
    channel = null;
    if (open != null) open.close();
  }
}
