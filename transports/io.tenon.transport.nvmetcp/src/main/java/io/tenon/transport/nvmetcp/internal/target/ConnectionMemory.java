package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.linux.LinuxException;
import io.tenon.linux.Mapping;
import io.tenon.reactor.SendVectors;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.lang.foreign.Arena;

/**
 * All native memory of one connection, in one mapping. Sized for the longest queue, but pages become resident only when
 * touched: an admin queue with one command at a time costs a few of them.
 */
final class ConnectionMemory implements AutoCloseable {
  static final int SQE_BYTES = 64;
  private static final int PAGE_BYTES = 4096;

  /** Most header bytes of one command that wait at a time: R2T, C2HData with padding and digest, response. */
  static final int HEADER_BYTES_PER_SLOT = 256;

  /** Most ranges of one command that wait at a time: R2T, data header, data, digest and response. */
  private static final int VECTORS_PER_SLOT = 4;

  /** For ICResp and termination request. */
  private static final int EXTRA_SLOTS = 4;

  private final Mapping mapping;
  private final Arena arena = Arena.ofShared();
  private final SendVectors vectors;
  private final long receive;
  private final long sqes;
  private final long headers;
  private final int headerBytes;
  private final long capsules;
  private final int capsuleStride;

  ConnectionMemory(ConnectionLimits limits) throws LinuxException {
    int slots = limits.maxSlots();
    int receiveBytes = pages(limits.receiveBytes());
    int sqeBytes = pages(slots * SQE_BYTES);
    this.headerBytes = pages((slots + EXTRA_SLOTS) * HEADER_BYTES_PER_SLOT);
    this.capsuleStride = pages(limits.maxCapsuleBytes());
    this.mapping =
        Mapping.ordinary(
            (long) receiveBytes + sqeBytes + headerBytes + (long) slots * capsuleStride);
    this.receive = mapping.address();
    this.sqes = receive + receiveBytes;
    this.headers = sqes + sqeBytes;
    this.capsules = headers + headerBytes;
    this.vectors = new SendVectors(arena, (slots + EXTRA_SLOTS) * VECTORS_PER_SLOT);
  }

  private static int pages(int bytes) {
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
  }

  long receive() {
    return receive;
  }

  SendVectors vectors() {
    return vectors;
  }

  HeaderRing headers() {
    return new HeaderRing(headers, headerBytes);
  }

  /** Where command {@code slot} keeps its submission queue entry. */
  long sqe(int slot) {
    return sqes + (long) slot * SQE_BYTES;
  }

  /** Where command {@code slot} keeps its capsule's data, aligned to 4096. */
  long capsule(int slot) {
    return capsules + (long) slot * capsuleStride;
  }

  static {
    assert HEADER_BYTES_PER_SLOT >= Pdu.IC_BYTES + 4 * Pdu.DIGEST_BYTES + 2 * Pdu.RESP_BYTES;
  }

  @Override
  public void close() {
    mapping.close();
    arena.close();
  }
}
