package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.transport.nvmetcp.internal.pdu.Pdu;

/**
 * What a queue to a controller is made with.
 *
 * @param id 0 for the admin queue
 * @param entries of the submission queue; one less may be outstanding
 * @param capsuleBytes data that fits into a capsule
 * @param maxTransferBytes most data of one command
 * @param timeoutNs most time for an answer; 0 for none
 */
record QueueParameters(
    int id,
    int entries,
    int capsuleBytes,
    int maxTransferBytes,
    long timeoutNs,
    boolean headerDigest,
    boolean dataDigest) {
  /** Most H2CData PDUs that one R2T is answered with; commands are kept so small. */
  static final int MAX_DATA_PDUS = 16;

  int commands() {
    return entries - 1;
  }

  int digests() {
    return (headerDigest ? Pdu.IC_HEADER_DIGEST : 0) | (dataDigest ? Pdu.IC_DATA_DIGEST : 0);
  }

  int headerDigestBytes() {
    return headerDigest ? Pdu.DIGEST_BYTES : 0;
  }

  int dataDigestBytes() {
    return dataDigest ? Pdu.DIGEST_BYTES : 0;
  }
}
