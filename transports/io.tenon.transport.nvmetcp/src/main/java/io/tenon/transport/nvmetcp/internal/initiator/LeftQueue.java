package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.nvme.ParkedInitiatorConnection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * A queue to a controller as it is left to the next version of this bundle: nothing is under way but what the controller answers when
 * something happens.
 *
 * @param entries of the submission queue, as the controller was told by Connect
 * @param capsuleBytes data that fits into a capsule
 * @param maxTransferBytes most data of one command
 * @param maxH2cDataBytes most data of one H2CData PDU, as ICResp said
 * @param events identifiers of the requests for events that wait for one
 * @param keepAlives identifiers of the commands that keep the controller waiting meanwhile, in the order of their sending
 * @param received from a PDU's first byte on: what has come and was not looked at
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LeftQueue(
    ParkedInitiatorConnection connection,
    int entries,
    int capsuleBytes,
    int maxTransferBytes,
    int maxH2cDataBytes,
    List<Integer> events,
    List<Integer> keepAlives,
    byte[] received) {
  /** All but the connection. */
  Map<String, Object> values() {
    return Map.of(
        "entries", entries,
        "capsuleBytes", capsuleBytes,
        "maxTransferBytes", maxTransferBytes,
        "maxH2cDataBytes", maxH2cDataBytes,
        "events", events,
        "keepAlives", keepAlives,
        "received", received);
  }

  static LeftQueue of(ParkedInitiatorConnection connection, LeftValues values)
      throws LeftValues.Unreadable {
    var left =
        new LeftQueue(
            connection,
            values.number("entries", 2, 1 << 16),
            values.number("capsuleBytes", 0, Integer.MAX_VALUE),
            values.number("maxTransferBytes", 1, Integer.MAX_VALUE),
            values.number("maxH2cDataBytes", 1, Integer.MAX_VALUE),
            values.list("events", Integer.class),
            values.list("keepAlives", Integer.class),
            values.get("received", byte[].class));
    var ids = new HashSet<Integer>();
    for (var named : List.of(left.events, left.keepAlives)) {
      for (int id : named) {
        boolean isFree = id >= 0 && id < left.entries - 1 && ids.add(id);
        values.mustBe(isFree, "a command has identifier " + id);
      }
    }
    values.mustBe(
        left.received.length <= HostMemory.RECEIVE_BYTES,
        "it had received " + left.received.length + " bytes");
    return left;
  }

  /** As it was made, but for the time-out, which is for a successor to choose. */
  QueueParameters parameters(int id, long timeoutNs, boolean headerDigest, boolean dataDigest) {
    return new QueueParameters(
        id, entries, capsuleBytes, maxTransferBytes, timeoutNs, headerDigest, dataDigest);
  }
}
