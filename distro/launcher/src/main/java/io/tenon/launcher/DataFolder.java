package io.tenon.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * A node's own folder, held by one process at a time. The lock goes with the process, so a killed node leaves nothing to
 * clean up; the file stays and names the last owner.
 */
final class DataFolder implements AutoCloseable {
  private static final String LOCK = "lock";

  private final Path path;
  private final FileChannel channel;

  private DataFolder(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  static DataFolder open(Given given) throws RefusedException {
    Path path = given.path().toAbsolutePath().normalize();
    create(given, path);
    Path lock = path.resolve(LOCK);
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              lock, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw given.refused(
          "Nothing can be written there: " + reason(e) + ".",
          "Give a folder that this user may write to.");
    }
    try {
      FileLock held = tryLock(channel);
      if (held == null) {
        String owner = Files.readString(lock).trim();
        channel.close();
        throw given.refused(
            "A running node uses it" + (owner.isEmpty() ? "." : ": process " + owner + "."),
            "Stop that node, or give this one a folder of its own.");
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      throw given.refused(
          "Its lock cannot be taken: " + reason(e) + ".",
          "Give a folder on a file system that has locks.");
    }
    return new DataFolder(path, channel);
  }

  /** The owner's only: keys and sockets lie in it. One that is there already keeps its rights. */
  private static void create(Given given, Path path) throws RefusedException {
    if (Files.isDirectory(path)) return;
    try {
      Files.createDirectories(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw given.refused(
          "That folder is not there and cannot be made: " + reason(e) + ".",
          "Give a folder that this user may write to, for example --data ./var/node-1.");
    }
  }

  /** A folder in it, unless that is there already; an absolute one is where it says. */
  void make(Path folder) throws IOException {
    Path whole = path.resolve(folder);
    if (!Files.isDirectory(whole)) Files.createDirectories(whole);
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // held by this very process, as in a test
    }
  }

  /** The file system's exceptions have the path as their message and the cause in their class. */
  private static String reason(IOException e) {
    String name = e.getClass().getSimpleName().replace("Exception", "");
    return name + " " + e.getMessage();
  }

  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
