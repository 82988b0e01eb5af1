package io.tenon.metadata.embedded.internal;

import io.tenon.error.TenonException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** One store at a time works in a folder. The kernel drops the lock with its process, so a killed one leaves nothing to clean up. */
final class FolderLock implements Closeable {
  private static final String NAME = "lock";

  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * @throws TenonException when another store has it
   */
  static FolderLock take(Path folder) throws IOException, TenonException {
    Path file = folder.resolve(NAME);
    var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (tryLock(channel) == null) {
        throw new TenonException(
            "The metadata store in " + folder + " was not opened.",
            "Process " + Files.readString(file).trim() + " has it open.",
            "Stop that process, or give this node a data directory of its own.");
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
      return new FolderLock(channel);
    } catch (IOException | TenonException e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // another store of this very process
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
