package io.tenon.transport.nvmetcp.internal.initiator;

import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import io.tenon.block.IoOperation;
import io.tenon.nvme.ParkedInitiatorConnection;
import io.tenon.reactor.Reactor;
import io.tenon.transport.nvmetcp.internal.initiator.LeftValues.Unreadable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A controller as it is left to the next version of this bundle: its connections, each parked, and all that was agreed upon them. As a
 * {@link Handover} it is made of values of the JDK and of API bundles only.
 *
 * @param device name of the block device
 * @param identity by which the controller knows this node
 * @param id of the controller
 * @param keepAliveMs as the controller was told by Connect; 0 for none
 * @param events it was asked to tell of events
 * @param uuid of the block device
 * @param reconnects {@link io.tenon.nvme.InitiatorControllers.Stats#reconnects}
 * @param counters what went through it, as {@link Lane} counts
 * @param queues the admin queue, then one for I/O for each reactor
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LeftController(
    String device,
    HostIdentity identity,
    int id,
    long keepAliveMs,
    boolean events,
    boolean headerDigest,
    boolean dataDigest,
    UUID uuid,
    RemoteNamespace namespace,
    long reconnects,
    long[] counters,
    List<LeftQueue> queues) {
  private static final String FORMAT = "io.tenon.transport.nvmetcp.initiator";

  /** One that knows more may add names to a version; whoever changes what a name means counts up. */
  private static final int VERSION = 1;

  private static final String RECONNECTS = "reconnects";
  private static final String CONNECTION = "connection-";
  private static final int MAX_CONTROLLER_ID = 0xFFFF;

  /** Of a controller whose connections could not be left: a successor connects anew, and counts on. */
  static Handover withoutConnections(long reconnects) {
    return new Handover(FORMAT, VERSION, Map.of(RECONNECTS, reconnects));
  }

  /** Of whatever version; 0 when it does not say. */
  static long reconnects(Handover left) {
    return left.value(RECONNECTS, Long.class).orElse(0L);
  }

  /** All connections that are left, of whatever version, still stand as far as is known. */
  static boolean standsStill(Handover left) {
    return left.values().values().stream()
        .allMatch(
            value -> !(value instanceof ParkedInitiatorConnection parked) || parked.isParked());
  }

  Handover handover() {
    var values = new LinkedHashMap<String, Object>();
    values.put("device", device);
    values.put("hostNqn", identity.nqn());
    values.put("hostId", identity.id());
    values.put("controllerId", id);
    values.put("keepAliveMs", keepAliveMs);
    values.put("events", events);
    values.put("headerDigest", headerDigest);
    values.put("dataDigest", dataDigest);
    values.put("uuid", uuid);
    values.put("namespace", values(namespace));
    values.put(RECONNECTS, reconnects);
    values.put("counters", counters);
    values.put("queues", queues.stream().map(LeftQueue::values).toList());
    // By themselves, for a handover that nobody takes closes what it holds.
    for (int i = 0; i < queues.size(); i++) values.put(CONNECTION + i, queues.get(i).connection());
    return new Handover(FORMAT, VERSION, values);
  }

  private static Map<String, Object> values(RemoteNamespace namespace) {
    var values = new LinkedHashMap<String, Object>();
    values.put("uuid", namespace.uuid());
    values.put("geometry", namespace.geometry());
    values.put("queueEntries", namespace.queueEntries());
    values.put("maxTransferBytes", namespace.maxTransferBytes());
    values.put("capsuleBytes", namespace.capsuleBytes());
    values.put("compares", namespace.compares());
    values.put("unmaps", namespace.unmaps());
    values.put("writesZeroes", namespace.writesZeroes());
    values.put("hasCache", namespace.hasCache());
    values.put("reserves", namespace.reserves());
    values.put("reportsAllocation", namespace.reportsAllocation());
    return values;
  }

  /**
   * @param device whose it must be
   * @param reactors on which its connections must live: the admin queue anywhere, those for I/O one on each
   * @throws Unreadable when it is not one that this version of the bundle understands, or can go on with
   */
  static LeftController of(Handover left, String device, List<Reactor> reactors) throws Unreadable {
    if (!left.format().equals(FORMAT) || left.version() != VERSION) {
      throw new Unreadable(
          "it is in format %s, version %d".formatted(left.format(), left.version()));
    }
    var values = new LeftValues(left.values());
    values.mustBe(left.values().containsKey("queues"), "none could be left");
    var queues = new ArrayList<LeftQueue>();
    for (Map<?, ?> one : values.list("queues", Map.class)) {
      var connection = values.get(CONNECTION + queues.size(), ParkedInitiatorConnection.class);
      queues.add(LeftQueue.of(connection, new LeftValues(one)));
    }
    var controller =
        new LeftController(
            values.get("device", String.class),
            new HostIdentity(values.get("hostNqn", String.class), values.get("hostId", UUID.class)),
            values.number("controllerId", 0, MAX_CONTROLLER_ID),
            values.get("keepAliveMs", Long.class),
            values.flag("events"),
            values.flag("headerDigest"),
            values.flag("dataDigest"),
            values.get("uuid", UUID.class),
            namespace(new LeftValues(values.get("namespace", Map.class))),
            values.get(RECONNECTS, Long.class),
            values.get("counters", long[].class),
            queues);
    controller.check(values, device, reactors);
    return controller;
  }

  private static RemoteNamespace namespace(LeftValues values) throws Unreadable {
    return new RemoteNamespace(
        values.get("uuid", UUID.class),
        values.get("geometry", Geometry.class),
        values.number("queueEntries", 2, 1 << 16),
        values.number("maxTransferBytes", 1, Integer.MAX_VALUE),
        values.number("capsuleBytes", 0, Integer.MAX_VALUE),
        values.flag("compares"),
        values.flag("unmaps"),
        values.flag("writesZeroes"),
        values.flag("hasCache"),
        values.flag("reserves"),
        values.flag("reportsAllocation"));
  }

  private void check(LeftValues values, String wanted, List<Reactor> reactors) throws Unreadable {
    values.mustBe(device.equals(wanted), "it is of " + device);
    values.mustBe(
        counters.length == 2 * IoOperation.COUNT, "it counts " + counters.length + " things");
    values.mustBe(
        queues.size() == reactors.size() + 1,
        "it has %d connections, for %d reactors".formatted(queues.size(), reactors.size()));
    values.mustBe(
        reactors.contains(queues.getFirst().connection().reactor()), "its reactors have gone");
    for (int i = 0; i < reactors.size(); i++) {
      var home = queues.get(i + 1).connection().reactor();
      values.mustBe(home.equals(reactors.get(i)), "its reactors have gone");
    }
  }
}
