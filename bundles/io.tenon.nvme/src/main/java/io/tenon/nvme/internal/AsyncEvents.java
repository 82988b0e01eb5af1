package io.tenon.nvme.internal;

import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * Asynchronous events of a controller, Base 2.0c §5.2: requests that wait for events, or events that wait for requests. An
 * event is not sent again until the host has read the log page that it names. Admin queue's reactor only.
 */
final class AsyncEvents {
  /** Kinds of notices; each names the log page that tells more. */
  enum Notice {
    NAMESPACE_CHANGED(0x00, LogPage.CHANGED_NAMESPACES, IdentifyController.EVENT_NAMESPACE),
    ANA_CHANGED(0x03, LogPage.ANA, IdentifyController.EVENT_ANA),
    DISCOVERY_CHANGED(0xF0, LogPage.DISCOVERY, IdentifyController.EVENT_DISCOVERY),
    /** Not configured here but masked by a feature of its own: hosts that do not want it do not cause it. */
    RESERVATION(0x00, LogPage.RESERVATION_NOTIFICATION, EVENT_RESERVATION);

    private final int information;
    private final int logPage;
    private final int configurationBit;

    Notice(int information, int logPage, int configurationBit) {
      this.information = information;
      this.logPage = logPage;
      this.configurationBit = configurationBit;
    }

    /** Dword 0 of the completion: type, information, log page. */
    private long result() {
      int type = this == RESERVATION ? TYPE_COMMAND_SET : TYPE_NOTICE;
      return type | (long) information << 8 | (long) logPage << 16;
    }
  }

  private static final int TYPE_NOTICE = 2;
  private static final int TYPE_COMMAND_SET = 6;

  /** No bit of the configuration, whose lowest ones are of critical warnings, which we have none of. */
  private static final int EVENT_RESERVATION = 1;

  private final ArrayDeque<NvmeCommand> requests = new ArrayDeque<>();
  private int enabled;
  private int due;
  private int masked;

  void configure(int bits) {
    enabled = bits;
  }

  int configuration() {
    return enabled;
  }

  void request(NvmeCommand command) {
    if (requests.size() >= IdentifyController.MAX_ASYNC_EVENTS) {
      command.finish(0, NvmeStatus.ASYNC_EVENT_LIMIT | NvmeStatus.DO_NOT_RETRY);
      return;
    }
    requests.add(command);
    send();
  }

  /** Ends a request that waits. */
  boolean abort(int commandId) {
    for (var waiting = requests.iterator(); waiting.hasNext(); ) {
      var request = waiting.next();
      if (request.commandId() != commandId) continue;
      waiting.remove();
      request.finish(0, NvmeStatus.ABORT_REQUESTED);
      return true;
    }
    return false;
  }

  void happened(Notice notice) {
    if ((enabled & notice.configurationBit) == 0 && notice != Notice.RESERVATION) return;
    due |= notice.configurationBit;
    send();
  }

  /** The host has read a page, and did not ask to retain the event. */
  void wasRead(int logPage) {
    for (var notice : Notice.values()) {
      if (notice.logPage == logPage) masked &= ~notice.configurationBit;
    }
    send();
  }

  private void send() {
    for (var notice : Notice.values()) {
      if (requests.isEmpty()) return;
      boolean sendable = (due & ~masked & notice.configurationBit) != 0;
      if (!sendable) continue;
      due &= ~notice.configurationBit;
      masked |= notice.configurationBit;
      requests.remove().finish(notice.result(), NvmeStatus.SUCCESS);
    }
  }

  int requests() {
    return requests.size();
  }

  /** The connection gets another transport: requests are made to it once more. */
  void recall(Consumer<NvmeCommand> to) {
    while (!requests.isEmpty()) to.accept(requests.remove());
  }

  /** The controller is reset: what the host asked for is forgotten. */
  void reset() {
    abandon();
    enabled = 0;
    due = 0;
    masked = 0;
  }

  /** Ends the requests that wait: the queue is going away. */
  void abandon() {
    while (!requests.isEmpty()) {
      requests.remove().finish(0, NvmeStatus.ABORTED_SQ_DELETION);
    }
  }
}
