package io.tenon.metadata.embedded.internal;

import io.tenon.metadata.Change;
import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.LeaseId;
import io.tenon.metadata.Value;
import io.tenon.metadata.Version;
import io.tenon.metadata.WatchEvent.Changed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * The journal's bytes, big-endian. A frame is written and synced as a whole:
 *
 * <pre>
 * frame:      u32 length of the payload, u32 CRC-32C of that length and the payload, payload
 * payload:    u8 kind, u64 version of the store with it, u32 count, operations; their versions go on from the frame before
 * operation:  u8 1 (put), u64 version, u16 length, key, u64 lease or 0, u32 length, value
 *             u8 2 (delete), u64 version, u16 length, key
 * </pre>
 */
final class Frames {
  /** All that is there; the first of a file. */
  static final byte BASE = 1;

  /** What a batch of transactions changes. */
  static final byte BATCH = 2;

  /** Of nothing: whoever wrote it left in order, and what stands before it was whole. */
  static final byte END = 3;

  static final int HEADER_BYTES = 8;
  private static final int PAYLOAD_HEADER_BYTES = 1 + 8 + 4;
  private static final byte PUT = 1;
  private static final byte DELETE = 2;
  private static final int OPERATION_BYTES = 1 + 8 + 2;
  private static final int PUT_BYTES = 8 + 4;

  /** CRC-32C's polynomial, reflected. */
  private static final int CASTAGNOLI = 0x82F63B78;

  private Frames() {}

  static ByteBuffer base(State state) {
    long length = PAYLOAD_HEADER_BYTES;
    for (Entry entry : state.entries()) length += bytes(entry);
    var frame = begin(Math.toIntExact(length), BASE, state.version(), state.entries().size());
    for (Entry entry : state.entries()) put(frame, entry);
    return end(frame);
  }

  static ByteBuffer batch(List<Changed> transactions) {
    long length = PAYLOAD_HEADER_BYTES;
    int count = 0;
    for (Changed transaction : transactions) {
      for (Change change : transaction.changes()) {
        length +=
            switch (change) {
              case Change.Written(Entry entry) -> bytes(entry);
              case Change.Deleted(Key key) -> OPERATION_BYTES + key.bytes().length;
            };
        count++;
      }
    }
    var frame = begin(Math.toIntExact(length), BATCH, transactions.getLast().at(), count);
    for (Changed transaction : transactions) {
      for (Change change : transaction.changes()) {
        switch (change) {
          case Change.Written(Entry entry) -> put(frame, entry);
          case Change.Deleted(Key key) -> operation(frame, DELETE, transaction.at(), key);
        }
      }
    }
    return end(frame);
  }

  static ByteBuffer end(Version version) {
    return end(begin(PAYLOAD_HEADER_BYTES, END, version, 0));
  }

  private static long bytes(Entry entry) {
    return (long) OPERATION_BYTES + entry.key().bytes().length + PUT_BYTES + entry.value().length();
  }

  private static ByteBuffer begin(int length, byte kind, Version version, int count) {
    return ByteBuffer.allocate(HEADER_BYTES + length)
        .putInt(length)
        .putInt(0)
        .put(kind)
        .putLong(version.value())
        .putInt(count);
  }

  private static void put(ByteBuffer frame, Entry entry) {
    operation(frame, PUT, entry.version(), entry.key());
    frame.putLong(entry.lease().map(LeaseId::value).orElse(0L));
    frame.putInt(entry.value().length()).put(entry.value().bytes());
  }

  private static void operation(ByteBuffer frame, byte kind, Version version, Key key) {
    byte[] text = key.bytes();
    frame.put(kind).putLong(version.value()).putShort((short) text.length).put(text);
  }

  private static ByteBuffer end(ByteBuffer frame) {
    frame.flip();
    int length = frame.limit() - HEADER_BYTES;
    frame.putInt(Integer.BYTES, checksum(length, payload(frame, 0, length)));
    return frame;
  }

  private static ByteBuffer payload(ByteBuffer file, int offset, int length) {
    return file.slice(offset + HEADER_BYTES, length);
  }

  private static int checksum(int length, ByteBuffer payload) {
    var checksum = new CRC32C();
    checksum.update(ByteBuffer.allocate(Integer.BYTES).putInt(length).flip());
    checksum.update(payload);
    return (int) checksum.getValue();
  }

  /**
   * Whether a whole frame of this kind, later than a version, lies at an offset.
   *
   * @return its length with header, or 0
   */
  static int at(ByteBuffer file, int offset, byte kind, Version after) {
    if (file.limit() - offset < HEADER_BYTES + PAYLOAD_HEADER_BYTES) return 0;
    int length = file.getInt(offset);
    if (length < PAYLOAD_HEADER_BYTES || length > file.limit() - offset - HEADER_BYTES) return 0;
    if (file.get(offset + HEADER_BYTES) != kind) return 0;
    if (file.getLong(offset + HEADER_BYTES + 1) < after.value()) return 0;
    return checksum(length, payload(file, offset, length)) == file.getInt(offset + Integer.BYTES)
        ? HEADER_BYTES + length
        : 0;
  }

  /**
   * Whether the batch that follows a version lies at an offset. A later one that lies there got to the wrong place.
   *
   * @return its length with header, or 0
   */
  static int next(ByteBuffer file, int offset, Version before) {
    var first = new Version(before.value() + 1);
    int length = at(file, offset, BATCH, first);
    if (length < HEADER_BYTES + PAYLOAD_HEADER_BYTES + OPERATION_BYTES) return 0;
    long begins = file.getLong(offset + HEADER_BYTES + PAYLOAD_HEADER_BYTES + 1);
    return begins == first.value() ? length : 0;
  }

  /** Whether what lies at an offset is a batch but for one bit: that is no torn write, whose missing part is longer. */
  static boolean isOneBitOff(ByteBuffer file, int offset) {
    int rest = file.limit() - offset - HEADER_BYTES;
    if (rest < PAYLOAD_HEADER_BYTES + OPERATION_BYTES) return false;
    int stated = file.getInt(offset);
    int sum = file.getInt(offset + Integer.BYTES);
    for (int bit = 0; bit < Integer.SIZE; bit++) {
      int length = stated ^ 1 << bit;
      if (length < PAYLOAD_HEADER_BYTES + OPERATION_BYTES || length > rest) continue;
      if (checksum(length, payload(file, offset, length)) == sum) return true;
    }
    if (stated < PAYLOAD_HEADER_BYTES + OPERATION_BYTES || stated > rest) return false;
    int difference = checksum(stated, payload(file, offset, stated)) ^ sum;
    if (Integer.bitCount(difference) == 1) return true;
    // What the last bit does to the checksum, the one before it, and so on.
    int effect = CASTAGNOLI;
    for (long bits = (long) stated * Byte.SIZE; bits > 0; bits--) {
      if (effect == difference) return true;
      effect = (effect & 1) == 0 ? effect >>> 1 : effect >>> 1 ^ CASTAGNOLI;
    }
    return false;
  }

  /**
   * Does to the state what a valid frame says.
   *
   * @param changes is given the transactions of a batch, one by one
   */
  static void apply(ByteBuffer file, int offset, State state, Consumer<Changed> changes) {
    var frame = file.duplicate().position(offset + HEADER_BYTES + 1);
    var version = new Version(frame.getLong());
    var of = Version.NONE;
    var transaction = new ArrayList<Change>();
    for (int left = frame.getInt(); left > 0; left--) {
      byte kind = frame.get();
      var now = new Version(frame.getLong());
      if (!now.equals(of)) end(of, transaction, changes);
      of = now;
      var key =
          Key.of(
              new String(
                  bytes(frame, Short.toUnsignedInt(frame.getShort())), StandardCharsets.UTF_8));
      if (kind == DELETE) {
        state.delete(key);
        transaction.add(new Change.Deleted(key));
        continue;
      }
      long lease = frame.getLong();
      var value = Value.of(bytes(frame, frame.getInt()));
      var entry =
          new Entry(
              key, value, of, lease == 0 ? Optional.empty() : Optional.of(new LeaseId(lease)));
      state.put(entry);
      transaction.add(new Change.Written(entry));
    }
    end(of, transaction, changes);
    state.reached(version);
  }

  private static void end(Version of, List<Change> transaction, Consumer<Changed> changes) {
    if (!transaction.isEmpty()) changes.accept(new Changed(of, transaction));
    transaction.clear();
  }

  private static byte[] bytes(ByteBuffer from, int length) {
    byte[] bytes = new byte[length];
    from.get(bytes);
    return bytes;
  }
}
