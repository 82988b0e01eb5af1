package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.linux.LinuxException;
import io.tenon.linux.Mapping;
import io.tenon.nvme.Sqe;
import io.tenon.reactor.SendVectors;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.lang.foreign.Arena;

/** All native memory of one queue to a controller. Pages become resident when touched. */
final class HostMemory implements AutoCloseable {
  static final int RECEIVE_BYTES = 65536;

  /** Headers of data PDUs with both digests. */
  private static final int DATA_HEADER_BYTES = Pdu.DATA_BYTES + 2 * Pdu.DIGEST_BYTES;

  private static final int RANGES_PER_PDU = 3;
  private static final int SCRATCH_BYTES = 512;

  private final Mapping mapping;
  private final Arena arena = Arena.ofShared();
  private final SendVectors vectors;
  private final long capsules;
  private final int capsuleStride;
  private final long dataHeaders;
  private final long ranges;

  HostMemory(QueueParameters parameters) throws LinuxException {
    int commands = parameters.commands();
    // Without gaps, so that capsules that follow each other go out as one range.
    this.capsuleStride =
        Pdu.CMD_BYTES + parameters.headerDigestBytes() + parameters.dataDigestBytes();
    int headersPerCommand = DATA_HEADER_BYTES * QueueParameters.MAX_DATA_PDUS;
    this.mapping =
        Mapping.ordinary(
            RECEIVE_BYTES
                + SCRATCH_BYTES
                + (long) commands * (capsuleStride + headersPerCommand + Sqe.LENGTH_BYTES));
    this.capsules = mapping.address() + RECEIVE_BYTES + SCRATCH_BYTES;
    this.dataHeaders = capsules + (long) commands * capsuleStride;
    this.ranges = dataHeaders + (long) commands * headersPerCommand;
    int vectorsPerCommand = RANGES_PER_PDU * (QueueParameters.MAX_DATA_PDUS + 1);
    this.vectors = new SendVectors(arena, commands * vectorsPerCommand + RANGES_PER_PDU);
  }

  long receive() {
    return mapping.address();
  }

  /** For ICReq and a termination request. */
  long scratch() {
    return mapping.address() + RECEIVE_BYTES;
  }

  SendVectors vectors() {
    return vectors;
  }

  /** The capsule PDU of a command, with room for both digests behind it. */
  long capsule(int command) {
    return capsules + (long) command * capsuleStride;
  }

  /** Header of data PDU {@code index} of a command, with room for both digests behind it. */
  long dataHeader(int command, int index) {
    return dataHeaders
        + ((long) command * QueueParameters.MAX_DATA_PDUS + index) * DATA_HEADER_BYTES;
  }

  /** Room for the data of a Dataset Management command. */
  long range(int command) {
    return ranges + (long) command * Sqe.LENGTH_BYTES;
  }

  @Override
  public void close() {
    mapping.close();
    arena.close();
  }
}
