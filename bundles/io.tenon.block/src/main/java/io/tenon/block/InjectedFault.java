package io.tenon.block;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A fault that a slot plays on the I/O of its device, as told by a URI that Mayastor knows as well:
 *
 * <pre>
 * inject://DEVICE?domain=D&amp;op=O&amp;stage=S&amp;method=M&amp;begin_at=MS&amp;end_at=MS&amp;offset=BLOCK&amp;num_blk=BLOCKS&amp;retries=N
 *
 * domain   block_device (block, bdev), nexus_child (child, nexus): the same here, for a child is a block device
 * op       read (r), write (w): whatever changes data, readwrite (rw): both, if not given
 * stage    submission (submit, s): the device is not asked; completion (compl, c): it is, and its answer replaced; that if not given
 * method   status: an I/O error, if not given; status-NAME: another status, such as status-no_space; delay-MS: the true answer, later
 * begin_at, end_at    milliseconds since it was added; always, if not given
 * offset, num_blk     only I/O that touches these blocks; all, if not given
 * retries             so many times; without end, if not given
 * </pre>
 */
public final class InjectedFault {
  private static final String PREFIX = "inject://";
  private static final Set<String> PARAMETERS =
      Set.of(
          "domain", "op", "stage", "method", "begin_at", "end_at", "offset", "num_blk", "retries");
  private static final String STATUS = "status";
  private static final String DELAY = "delay-";
  private static final long LONGEST_DELAY_MS = 3_600_000;

  private static final int READS = bit(IoOperation.READ) | bit(IoOperation.COMPARE);
  private static final int CHANGES =
      bit(IoOperation.WRITE)
          | bit(IoOperation.WRITE_ZEROES)
          | bit(IoOperation.UNMAP)
          | bit(IoOperation.COMPARE_AND_WRITE);

  /** When an I/O meets the fault. */
  public enum Stage {
    SUBMISSION,
    COMPLETION
  }

  private final String uri;
  private final String device;
  private final int operations;
  private final Stage stage;
  private final IoStatus status;
  private final long delayMs;
  private final long beginMs;
  private final long endMs;
  private final long offset;
  private final long end;
  private final InstantSource clock;
  private final Instant added;
  private final AtomicLong left;
  private final AtomicLong struck = new AtomicLong();

  private InjectedFault(DeviceUri from, InstantSource clock) throws DeviceException {
    from.allowOnly(PARAMETERS);
    this.uri = from.text();
    this.device = from.name();
    this.clock = clock;
    this.added = clock.instant();
    checkDomain(from);
    this.operations = operations(from);
    this.stage = stage(from);
    String method = value(from, "method", STATUS);
    this.delayMs = method.startsWith(DELAY) ? delayMs(from, method) : 0;
    this.status = delayMs > 0 ? IoStatus.SUCCESS : status(from, method);
    this.beginMs = from.number("begin_at", 0);
    this.endMs = from.number("end_at", Long.MAX_VALUE);
    if (beginMs > endMs) {
      throw from.badParameter("It begins at %d ms and ends at %d ms.".formatted(beginMs, endMs));
    }
    this.offset = from.number("offset", 0);
    long blocks = from.number("num_blk", Long.MAX_VALUE);
    this.end = blocks > Long.MAX_VALUE - offset ? Long.MAX_VALUE : offset + blocks;
    this.left = new AtomicLong(from.number("retries", Long.MAX_VALUE));
  }

  /**
   * @throws DeviceException when it is no such URI, or a parameter is unknown, given twice or out of range
   */
  public static InjectedFault parse(String uri, InstantSource clock) throws DeviceException {
    int query = uri.indexOf('?');
    String device = query < 0 ? uri : uri.substring(0, query);
    if (!device.startsWith(PREFIX) || device.length() == PREFIX.length()) {
      throw new DeviceException(
          DeviceException.Kind.INVALID_URI,
          "No fault was injected: " + uri + " does not say where.",
          "",
          "Write it as inject://DEVICE?op=write&stage=submission&method=status.");
    }
    try {
      String name = URLDecoder.decode(device.substring(PREFIX.length()), StandardCharsets.UTF_8);
      var parameters = DeviceUri.parameters(uri, query < 0 ? "" : uri.substring(query + 1));
      return new InjectedFault(new DeviceUri(uri, "inject", "", -1, "/" + name, parameters), clock);
    } catch (IllegalArgumentException e) {
      throw new DeviceException(
          DeviceException.Kind.INVALID_URI,
          "No fault was injected: the device in " + uri + " has a broken %-escape.",
          String.valueOf(e.getMessage()),
          "Write a percent sign as %25.",
          e);
    }
  }

  private static int bit(IoOperation operation) {
    return 1 << operation.index();
  }

  private static String value(DeviceUri from, String parameter, String absent) {
    return from.parameter(parameter).orElse(absent).toLowerCase(Locale.ROOT);
  }

  private static DeviceException unknown(DeviceUri from, String parameter, String known) {
    return from.badParameter(
        "Parameter %s is %s; it can be %s."
            .formatted(parameter, from.parameter(parameter).orElse(""), known));
  }

  private static void checkDomain(DeviceUri from) throws DeviceException {
    switch (value(from, "domain", "block_device")) {
      case "block_device", "block", "bdev", "bdev_io", "nexus_child", "child", "nexus" -> {}
      default -> throw unknown(from, "domain", "block_device or nexus_child");
    }
  }

  private static int operations(DeviceUri from) throws DeviceException {
    return switch (value(from, "op", "readwrite")) {
      case "read", "r" -> READS;
      case "write", "w" -> CHANGES;
      case "readwrite", "read_write", "rw" -> READS | CHANGES;
      default -> throw unknown(from, "op", "read, write or readwrite");
    };
  }

  private static Stage stage(DeviceUri from) throws DeviceException {
    return switch (value(from, "stage", "completion")) {
      case "submission", "submit", "s" -> Stage.SUBMISSION;
      case "completion", "compl", "c" -> Stage.COMPLETION;
      default -> throw unknown(from, "stage", "submission or completion");
    };
  }

  private static IoStatus status(DeviceUri from, String method) throws DeviceException {
    if (method.equals(STATUS)) return IoStatus.IO_ERROR;
    for (IoStatus status : IoStatus.values()) {
      String name = STATUS + "-" + status.name().toLowerCase(Locale.ROOT);
      if (method.equals(name) && !status.isSuccess()) return status;
    }
    throw unknown(from, "method", "status, status-NAME such as status-no_space, or delay-MS");
  }

  private static long delayMs(DeviceUri from, String method) throws DeviceException {
    try {
      long ms = Long.parseLong(method.substring(DELAY.length()));
      if (ms > 0 && ms <= LONGEST_DELAY_MS) return ms;
    } catch (NumberFormatException e) {
      throw unknown(from, "method", "delay-MS, such as delay-250");
    }
    throw unknown(from, "method", "delay-1 to delay-" + LONGEST_DELAY_MS);
  }

  public String uri() {
    return uri;
  }

  /** Name of the block device. */
  public String device() {
    return device;
  }

  /** I/Os that have met it. */
  public long struck() {
    return struck.get();
  }

  /** I/O would meet it now. */
  public boolean isActive() {
    long ms = Duration.between(added, clock.instant()).toMillis();
    return ms >= beginMs && ms <= endMs && left.get() > 0;
  }

  Stage stage() {
    return stage;
  }

  /** What an I/O is answered; of no meaning when it {@link #delays}. */
  IoStatus status() {
    return status;
  }

  boolean delays() {
    return delayMs > 0;
  }

  long delayNs() {
    return delayMs * 1_000_000;
  }

  /** Operations that may meet it, as bits. */
  int operations() {
    return operations;
  }

  /** This I/O meets it; counted. Any reactor. */
  boolean strikes(IoRequest request) {
    boolean touches =
        (operations & bit(request.operation())) != 0
            && request.lba() < end
            && request.lba() + Math.max(1, request.blocks()) > offset;
    if (!touches || !isActive()) return false;
    if (left.getAndUpdate(count -> Math.max(0, count - 1)) == 0) return false;
    struck.incrementAndGet();
    return true;
  }

  @Override
  public String toString() {
    return uri;
  }
}
