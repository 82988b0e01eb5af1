package io.tenon.nvme.internal;

import io.tenon.nvme.IdentifyController;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;

/** Error information log, Base 2.0c §5.16.1.2: the newest first. Admin queue's reactor only. */
final class ErrorLog {
  private static final int ENTRY_BYTES = 64;

  private record Entry(long count, int queueId, int commandId, int status, long lba, long nsid) {}

  private final ArrayDeque<Entry> entries = new ArrayDeque<>();
  private long count;

  void add(int queueId, int commandId, int status, long lba, long nsid) {
    if (entries.size() == IdentifyController.ERROR_LOG_ENTRIES) entries.removeLast();
    entries.addFirst(new Entry(++count, queueId, commandId, status, lba, nsid));
  }

  /** Errors since the controller was made. */
  long count() {
    return count;
  }

  byte[] page() {
    var page =
        ByteBuffer.allocate(IdentifyController.ERROR_LOG_ENTRIES * ENTRY_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (var entry : entries) {
      page.putLong(entry.count);
      page.putShort((short) entry.queueId);
      page.putShort((short) entry.commandId);
      page.putShort((short) (entry.status << 1));
      page.putShort((short) 0xFFFF); // no location in the command is named
      page.putLong(entry.lba);
      page.putInt((int) entry.nsid);
      page.position(page.position() + ENTRY_BYTES - 28);
    }
    return page.array();
  }
}
