package io.tenon.metadata.embedded.internal;

import io.tenon.error.TenonException;
import io.tenon.metadata.Version;
import io.tenon.metadata.WatchEvent.Changed;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state on disk: a file that begins with all there was, and a frame for each batch since. A batch is durable when {@link #append}
 * returns. One thread.
 *
 * <p>A frame is synced before the next is begun, so a crash can harm the last one only. What is damaged before a valid frame is damage of
 * the disk, and is refused; so is a last frame that one flipped bit explains. A journal that was ended in order has a frame that says so.
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
   * @param changes is given what was done since the file was begun, in order
   * @throws TenonException when there is something that cannot be read
   */
  static Journal open(Folder folder, String place, State state, Consumer<Changed> changes)
      throws IOException, TenonException {
    var journal = new Journal(folder, place);
    if (folder.has(NAME)) journal.load(state, changes);
    else journal.rewrite(state);
    return journal;
  }

  private void load(State state, Consumer<Changed> changes) throws IOException, TenonException {
    var bytes = ByteBuffer.wrap(folder.read(NAME));
    int base =
        bytes.limit() >= MAGIC.length && bytes.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))
            ? Frames.at(bytes, MAGIC.length, Frames.BASE, Version.NONE)
            : 0;
    if (base == 0) {
      throw damaged("It does not begin as a journal of Tenon does.");
    }
    Frames.apply(bytes, MAGIC.length, state, _ -> {});
    int at = MAGIC.length + base;
    baseEnd = at;
    for (int length = next(bytes, at, state); length > 0; length = next(bytes, at, state)) {
      Frames.apply(bytes, at, state, changes);
      at += length;
    }
    refuseWhenMoreFollows(bytes, at, state);
    int mark = Frames.at(bytes, at, Frames.END, state.version());
    if (mark == 0) refuseOneBitOff(bytes, at);
    end = at;
    var opened = folder.open(NAME);
    file = opened;
    // The mark stays until the next change takes its place.
    if (bytes.limit() > at + mark) {
      log.warn(
          "{} bytes at the end of the metadata journal in {} are of a change that was never answered; they are cut off",
          bytes.limit() - at - mark,
          place);
      opened.truncate(at + mark);
    }
    // Also what was read: its sync may have been what failed before.
    opened.sync();
    folder.sync();
  }

  private static int next(ByteBuffer bytes, int at, State state) {
    return Frames.next(bytes, at, state.version());
  }

  /** Something stands there that was written when there was more than this state. */
  private static boolean isLater(ByteBuffer bytes, int at, State state) {
    var later = new Version(state.version().value() + 1);
    return Frames.at(bytes, at, Frames.BATCH, later) > 0
        || Frames.at(bytes, at, Frames.END, later) > 0;
  }

  private void refuseWhenMoreFollows(ByteBuffer bytes, int at, State state) throws TenonException {
    for (int later = at; later < bytes.limit(); later++) {
      if (!isLater(bytes, later, state)) continue;
      throw damaged(
          "What should stand at byte %d is damaged or not there, and what was written after it stands at byte %d."
              .formatted(at, later));
    }
  }

  private void refuseOneBitOff(ByteBuffer bytes, int at) throws TenonException {
    if (!Frames.isOneBitOff(bytes, at)) return;
    throw damaged(
        "One bit of the last change, which begins at byte %d, is not as it was written."
            .formatted(at));
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

  /**
   * Says that nothing follows: what stands before is known to be whole the next time. Nothing can be appended afterwards.
   */
  void end(State state) throws IOException {
    var to = file;
    if (to == null) return;
    to.write(end, Frames.end(state.version()));
    to.sync();
    close();
  }

  @Override
  public void close() throws IOException {
    var open = file;
    file = null;
    if (open != null) open.close();
  }
}
