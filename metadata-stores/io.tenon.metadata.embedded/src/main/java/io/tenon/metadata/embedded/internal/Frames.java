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
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The journal's bytes, big-endian. A frame is written and synced as a whole:
 *
 * <pre>
 * frame:      u32 length of the payload, u32 CRC-32C of that length and the payload, payload
 * payload:    u8 kind, u64 version of the store with it, u32 count, operations
 * operation:  u8 1 (put), u64 version, u16 length, key, u64 lease or 0, u32 length, value
 *             u8 2 (delete), u64 version, u16 length, key
 * </pre>
 */
final class Frames {
  /** All that is there; the first of a file. */
  static final byte BASE = 1;

  /** What a batch of transactions changes. */
  static final byte BATCH = 2;

  static final int HEADER_BYTES = 8;
  private static final int PAYLOAD_HEADER_BYTES = 1 + 8 + 4;
  private static final byte PUT = 1;
  private static final byte DELETE = 2;
  private static final int OPERATION_BYTES = 1 + 8 + 2;
  private static final int PUT_BYTES = 8 + 4;

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
    frame.putInt(Integer.BYTES, checksum(frame, 0, frame.limit()));
    return frame;
  }

  private static int checksum(ByteBuffer bytes, int from, int to) {
    var checksum = new CRC32C();
    checksum.update(bytes.slice(from, Integer.BYTES));
    checksum.update(bytes.slice(from + HEADER_BYTES, to - from - HEADER_BYTES));
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
    int end = offset + HEADER_BYTES + length;
    return checksum(file, offset, end) == file.getInt(offset + Integer.BYTES)
        ? HEADER_BYTES + length
        : 0;
  }

  /** Does to the state what a valid frame says. */
  static void apply(ByteBuffer file, int offset, State state) {
    var frame = file.duplicate().position(offset + HEADER_BYTES + 1);
    var version = new Version(frame.getLong());
    for (int left = frame.getInt(); left > 0; left--) {
      byte kind = frame.get();
      var of = new Version(frame.getLong());
      var key =
          Key.of(
              new String(
                  bytes(frame, Short.toUnsignedInt(frame.getShort())), StandardCharsets.UTF_8));
      if (kind == DELETE) {
        state.delete(key);
        continue;
      }
      long lease = frame.getLong();
      var value = Value.of(bytes(frame, frame.getInt()));
      state.put(
          new Entry(
              key, value, of, lease == 0 ? Optional.empty() : Optional.of(new LeaseId(lease))));
    }
    state.reached(version);
  }

  private static byte[] bytes(ByteBuffer from, int length) {
    byte[] bytes = new byte[length];
    from.get(bytes);
    return bytes;
  }
}
