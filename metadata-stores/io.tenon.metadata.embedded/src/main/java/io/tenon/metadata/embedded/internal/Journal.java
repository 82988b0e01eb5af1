package io.tenon.metadata.embedded.internal;

import io.tenon.error.TenonException;
import io.tenon.metadata.Version;
import io.tenon.metadata.WatchEvent.Changed;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state on disk: a file that begins with all there was, and a frame for each batch since. A batch is durable when {@link #append}
 * returns. One thread.
 *
 * <p>A frame is synced before the next is begun, so a crash can harm the last one only. What is damaged before a valid frame is damage of
 * the disk, and is refused.
 */
final class Journal implements Closeable {
  static final String NAME = "journal";
  static final String NEW = "journal.new";

  private static final Logger log = LoggerFactory.getLogger(Journal.class);
  private static final byte[] MAGIC = "TENONMD1".getBytes(StandardCharsets.US_ASCII);

  /** Below this a file is not worth rewriting. */
  private static final long SMALL_BYTES = 1 << 20;

  private final Folder folder;
  private final String place;
  private Folder.@Nullable OpenFile file;
  private long end;
  private long baseEnd;

  private Journal(Folder folder, String place) {
    this.folder = folder;
    this.place = place;
  }

  /**
   * Reads what is there into an empty state, and makes the folder ready for more.
   *
   * @param place of the folder, as people know it
   * @throws TenonException when there is something that cannot be read
   */
  static Journal open(Folder folder, String place, State state) throws IOException, TenonException {
    var journal = new Journal(folder, place);
    if (folder.has(NAME)) journal.load(state);
    else journal.rewrite(state);
    return journal;
  }

  private void load(State state) throws IOException, TenonException {
    var bytes = ByteBuffer.wrap(folder.read(NAME));
    int base =
        bytes.limit() >= MAGIC.length && bytes.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))
            ? Frames.at(bytes, MAGIC.length, Frames.BASE, Version.NONE)
            : 0;
    if (base == 0) {
      throw damaged("It does not begin as a journal of Tenon does.");
    }
    Frames.apply(bytes, MAGIC.length, state);
    int at = MAGIC.length + base;
    baseEnd = at;
    for (int length = batch(bytes, at, state); length > 0; length = batch(bytes, at, state)) {
      Frames.apply(bytes, at, state);
      at += length;
    }
    refuseWhenMoreFollows(bytes, at, state);
    end = at;
    var opened = folder.open(NAME);
    file = opened;
    if (bytes.limit() > at) {
      log.warn(
          "{} bytes at the end of the metadata journal in {} are of a change that was never answered; they are cut off",
          bytes.limit() - at,
          place);
      opened.truncate(at);
    }
    // Also what was read: its sync may have been what failed before.
    opened.sync();
    folder.sync();
  }

  private static int batch(ByteBuffer bytes, int at, State state) {
    return Frames.at(bytes, at, Frames.BATCH, new Version(state.version().value() + 1));
  }

  private void refuseWhenMoreFollows(ByteBuffer bytes, int at, State state) throws TenonException {
    for (int later = at + 1; later < bytes.limit(); later++) {
      if (batch(bytes, later, state) > 0) {
        throw damaged(
            "Bytes %d to %d are damaged, and an answered change follows them."
                .formatted(at, later));
      }
    }
  }

  private TenonException damaged(String why) {
    return new TenonException(
        "The metadata journal in " + place + " was not opened.",
        why,
        "Check the disk below it, and restore the file "
            + NAME
            + " from a copy; what it says now may be wrong.");
  }

  /**
   * Makes a batch durable.
   *
   * @throws IOException when it may or may not be there after a crash; until {@link #rewrite} has succeeded, nothing can be appended
   */
  void append(List<Changed> transactions) throws IOException {
    var to = file;
    if (to == null)
      throw new IOException("the journal could not be rewritten since it last failed");
    var frame = Frames.batch(transactions);
    int length = frame.remaining();
    file = null;
    try {
      to.write(end, frame);
      to.sync();
    } catch (IOException e) {
      try {
        to.close();
      } catch (IOException again) {
        e.addSuppressed(again);
      }
      throw e;
    }
    file = to;
    end += length;
  }

  boolean isLong() {
    return end - baseEnd > Math.max(SMALL_BYTES, baseEnd);
  }

  /**
   * Puts a new file with all there is in the place of the old one. Afterwards nothing that is not in the state can come back.
   *
   * @throws IOException when it may be the old or the new one; nothing can be appended until this succeeds
   */
  void rewrite(State state) throws IOException {
    close();
    var next = folder.open(NEW);
    try {
      next.truncate(0);
      var base = Frames.base(state);
      int length = base.remaining();
      next.write(0, ByteBuffer.wrap(MAGIC));
      next.write(MAGIC.length, base);
      next.sync();
      folder.rename(NEW, NAME);
      folder.sync();
      end = (long) MAGIC.length + length;
      baseEnd = end;
      file = next;
    } finally {
      if (file == null) next.close();
    }
  }

  @Override
  public void close() throws IOException {
    var open = file;
    file = null;
    if (open != null) open.close();
  }
}
