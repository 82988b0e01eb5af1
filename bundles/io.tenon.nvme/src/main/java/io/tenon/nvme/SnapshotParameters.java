package io.tenon.nvme;

import io.tenon.block.SnapshotSpec;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Data of the vendor's admin command {@link Opcode#CREATE_SNAPSHOT}, as Mayastor's engines send it to each other: bincode of a
 * versioned structure, little-endian. A number of 4 bytes, 0 for this version; six optional texts, each a byte 0 or 1 and, with 1,
 * the length in 8 bytes and UTF-8; a byte for "discarded", which a new snapshot never is. The texts are entity id, parent id,
 * transaction id, name, uuid, time of creation.
 */
public final class SnapshotParameters {
  /** What a controller takes; names and ids are far shorter. */
  public static final int MAX_BYTES = 4096;

  private static final int VERSION_1 = 0;
  private static final int HEADER_BYTES = Integer.BYTES + 1;
  private static final int TEXT_HEADER_BYTES = 1 + Long.BYTES;

  private SnapshotParameters() {}

  /** The parent is left to the replica, which knows itself. */
  public static byte[] encode(SnapshotSpec spec) {
    var texts =
        Stream.of(
                spec.entityId(),
                "",
                spec.txnId(),
                spec.name(),
                spec.uuid().toString(),
                SnapshotSpec.timeText(spec.createdAt()))
            .map(text -> text.getBytes(StandardCharsets.UTF_8))
            .toList();
    int most = texts.stream().mapToInt(text -> TEXT_HEADER_BYTES + text.length).sum();
    var out = ByteBuffer.allocate(HEADER_BYTES + most).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(VERSION_1);
    for (byte[] text : texts) {
      out.put((byte) (text.length > 0 ? 1 : 0));
      if (text.length > 0) out.putLong(text.length).put(text);
    }
    out.put((byte) 0);
    byte[] encoded = new byte[out.position()];
    out.flip().get(encoded);
    return encoded;
  }

  /**
   * @return empty when these are no parameters of a snapshot, or not all that one needs
   */
  public static Optional<SnapshotSpec> decode(byte[] bytes) {
    var in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    try {
      if (in.getInt() != VERSION_1) return Optional.empty();
      String entity = text(in);
      String _ = text(in); // the parent
      String txn = text(in);
      String name = text(in);
      String uuid = text(in);
      String time = text(in);
      if (in.get() != 0) return Optional.empty();
      var createdAt = SnapshotSpec.time(time);
      boolean complete = Stream.of(entity, txn, name).noneMatch(String::isEmpty);
      var id = UUID.fromString(uuid);
      boolean isWritten = id.toString().equalsIgnoreCase(uuid); // Java takes shortened ones as well
      if (!complete || createdAt.isEmpty() || !isWritten) return Optional.empty();
      return Optional.of(new SnapshotSpec(name, id, entity, txn, createdAt.get()));
    } catch (BufferUnderflowException | CharacterCodingException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Empty for one that is not there. */
  private static String text(ByteBuffer in) throws CharacterCodingException {
    byte present = in.get();
    if (present == 0) return "";
    long length = in.getLong();
    boolean fits = present == 1 && length >= 0 && length <= in.remaining();
    if (!fits) throw new BufferUnderflowException();
    var bytes = in.slice(in.position(), (int) length);
    in.position(in.position() + (int) length);
    return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
  }
}
