package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.nvme.TransportLimits;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;

/**
 * What one connection of a target may use, worked out once from the transport's limits.
 *
 * @param maxH2cDataBytes most data of one H2CData PDU and of one R2T
 * @param maxCapsuleBytes most data of a capsule on any queue
 */
record ConnectionLimits(TransportLimits transport, int maxH2cDataBytes, int maxCapsuleBytes) {
  /** Data of an admin queue's capsule, TCP Transport 1.0c §3.3.2.2. */
  static final int ADMIN_CAPSULE_BYTES = 8192;

  /** As good as a larger one, and better than a smaller one. */
  private static final int RECEIVE_BYTES = 65536;

  /** MAXH2CDATA is at least this, §3.6.2.3. */
  private static final int LEAST_MAX_H2C_DATA = 4096;

  private static final int LARGEST_PDO = 255;

  static ConnectionLimits of(TransportLimits transport) {
    return new ConnectionLimits(
        transport,
        Math.max(LEAST_MAX_H2C_DATA, transport.maxIoBytes()),
        Math.max(ADMIN_CAPSULE_BYTES, transport.inCapsuleBytes()));
  }

  /** As an ICResp has told the host. */
  ConnectionLimits withMaxH2cDataBytes(int told) {
    return new ConnectionLimits(transport, told, maxCapsuleBytes);
  }

  /** Entries of the longest queue. */
  int maxSlots() {
    return Math.max(transport.maxQueueDepth(), transport.adminQueueDepth());
  }

  /** Largest capsule PDU. */
  int maxCapsulePduBytes() {
    return LARGEST_PDO + maxCapsuleBytes + Pdu.DIGEST_BYTES;
  }

  int receiveBytes() {
    return Math.max(RECEIVE_BYTES, 4 * maxCapsulePduBytes());
  }
}
