package io.tenon.nvme.internal.reservation;

import io.tenon.nvme.TargetException;
import io.tenon.nvme.TargetException.Kind;
import io.tenon.nvme.internal.reservation.ReservationFile.Unreadable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * Reservations in files, one for each namespace, below a folder. A file is written beside its place, made durable, moved there,
 * and its folder made durable.
 */
public final class ReservationFiles implements ReservationStore {
  /** Far more than registrants fill. */
  private static final long MOST_BYTES = 16 << 20;

  private final Path folder;
  private final Executor blocking;

  /**
   * @param blocking runs what writes
   */
  public ReservationFiles(Path folder, Executor blocking) {
    this.folder = folder;
    this.blocking = blocking;
  }

  @Override
  public boolean keeps() {
    return true;
  }

  @Override
  public ReservationState load(Path name, UUID device) throws TargetException {
    var file = folder.resolve(name);
    try {
      if (Files.size(file) > MOST_BYTES) throw new Unreadable("it is larger than 16 MiB.");
      return ReservationFile.read(device, Files.readString(file));
    } catch (NoSuchFileException e) {
      return ReservationState.EMPTY;
    } catch (Unreadable e) {
      throw unreadable(file, device, e.why());
    } catch (CharacterCodingException e) {
      throw unreadable(file, device, "it is not UTF-8.");
    } catch (IOException e) {
      throw unreadable(file, device, e + ".");
    }
  }

  private static TargetException unreadable(Path file, UUID device, String why) {
    return new TargetException(
        Kind.RESERVATIONS,
        "The reservations of block device " + device + " were not read.",
        "File " + file + " cannot be used: " + why,
        "Bring the right file back. Or, when no other node may still write to the device, move the file away: all hosts get in"
            + " then.");
  }

  @Override
  public CompletionStage<Void> save(Path name, UUID device, ReservationState state) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            var file = folder.resolve(name);
            if (state.persists()) write(file, ReservationFile.text(device, state));
            else delete(file);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        blocking);
  }

  private void write(Path file, String text) throws IOException {
    createFolders(parent(file));
    var next = file.resolveSibling(file.getFileName() + ".new");
    try (var channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) channel.write(bytes);
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    force(parent(file));
  }

  private static Path parent(Path file) throws NotDirectoryException {
    var parent = file.getParent();
    if (parent == null) throw new NotDirectoryException(file.toString());
    return parent;
  }

  /** Durable, each in its own parent. */
  private void createFolders(Path wanted) throws IOException {
    if (Files.isDirectory(wanted)) return;
    var parent = wanted.getParent();
    if (parent != null && !wanted.equals(folder)) createFolders(parent);
    Files.createDirectories(wanted);
    if (parent != null) force(parent);
  }

  private static void force(Path folder) throws IOException {
    try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void delete(Path file) throws IOException {
    if (Files.deleteIfExists(file)) force(parent(file));
  }

  @Override
  public void forget(Path name) throws TargetException {
    var path = folder.resolve(name);
    if (!Files.exists(path)) return;
    try (var all = Files.walk(path)) {
      for (var one : all.sorted(Comparator.reverseOrder()).toList()) Files.delete(one);
      force(parent(path));
    } catch (IOException e) {
      throw new TargetException(
          Kind.RESERVATIONS,
          "What was kept of reservations in " + path + " was not deleted.",
          e + ".",
          "Delete it.");
    }
  }
}
