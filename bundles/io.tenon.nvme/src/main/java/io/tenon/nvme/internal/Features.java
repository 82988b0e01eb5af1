package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.Feature;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.TransportLimits;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Get and Set Features, Base 2.0c §5.15 and §5.27. Nothing can be saved, so that what is saved is the default. Admin queue's
 * reactor only, unless said otherwise.
 */
final class Features {
  private static final int SAVE = 1 << 31;
  private static final int SELECT_SHIFT = 8;
  private static final int SELECT_CURRENT = 0;
  private static final int SELECT_DEFAULT = 1;
  private static final int SELECT_SAVED = 2;
  private static final int SELECT_SUPPORTED = 3;

  /** Supported capabilities: neither saveable nor one for each namespace. */
  private static final int CHANGEABLE = 1 << 2;

  /** Supported capabilities: one for each namespace. */
  private static final int OF_NAMESPACE = 1 << 1;

  private static final int DEFAULT_WARNING_KELVIN = 343;
  private static final int QUEUES_INVALID = 0xFFFF;
  private static final int POWER_STATE_MASK = 0x1F;

  private static final int CACHE_ENABLED = 1;

  /** Host behavior: the host honours command retry delays. */
  private static final int ACRE = 1;

  private final Controller controller;
  private final int mostQueues;
  private final Map<Integer, Integer> defaults = new LinkedHashMap<>();
  private final Map<Integer, Integer> values = new LinkedHashMap<>();
  private int status;
  private volatile boolean honoursRetryDelays;
  private volatile boolean writesThrough;

  Features(Controller controller, TransportLimits limits) {
    this.controller = controller;
    this.mostQueues = limits.maxQueues() - 1;
    defaults.put(Feature.ARBITRATION, 0);
    defaults.put(Feature.POWER_MANAGEMENT, 0);
    defaults.put(Feature.TEMPERATURE_THRESHOLD, DEFAULT_WARNING_KELVIN);
    defaults.put(Feature.ERROR_RECOVERY, 0);
    defaults.put(Feature.VOLATILE_WRITE_CACHE, CACHE_ENABLED);
    defaults.put(Feature.WRITE_ATOMICITY, 0);
    defaults.put(Feature.NUMBER_OF_QUEUES, bothFromZero(mostQueues));
    reset();
  }

  /** All values as they are by default. */
  void reset() {
    values.putAll(defaults);
    honoursRetryDelays = false;
    writesThrough = false;
  }

  /** Number of submission and of completion queues: both halves count from 0. */
  private static int bothFromZero(int queues) {
    return (queues - 1) | (queues - 1) << 16;
  }

  /** I/O queues that the host may have. */
  int grantedQueues() {
    return (values.getOrDefault(Feature.NUMBER_OF_QUEUES, 0) & 0xFFFF) + 1;
  }

  /** Any thread. */
  boolean honoursRetryDelays() {
    return honoursRetryDelays;
  }

  /** The volatile write cache is off. Any thread. */
  boolean writesThrough() {
    return writesThrough;
  }

  /** Of the last call. */
  int status() {
    return status;
  }

  private long refuse(int with) {
    status = with | NvmeStatus.DO_NOT_RETRY;
    return 0;
  }

  /** Of a Get Features: no data moves when it asks what can be done with a feature. */
  static boolean asksForValue(long sqe) {
    return select(sqe) != SELECT_SUPPORTED;
  }

  private static int select(long sqe) {
    return Memory.getInt(sqe + Sqe.CDW10) >>> SELECT_SHIFT & 7;
  }

  private static long nsid(long sqe) {
    return Memory.getU32(sqe + Sqe.NSID);
  }

  private static boolean isOfNamespace(int id) {
    return id == Feature.RESERVATION_NOTIFICATION_MASK || id == Feature.RESERVATION_PERSISTENCE;
  }

  private static boolean namesOurs(long nsid) {
    return nsid == IoQueue.NAMESPACE || nsid == IoQueue.ALL_NAMESPACES;
  }

  /** Set of a feature that takes its time: {@link AdminQueue} goes on with it when {@link #set} has nothing against it. */
  static boolean isReservationPersistence(long sqe) {
    return Memory.getU8(sqe + Sqe.CDW10) == Feature.RESERVATION_PERSISTENCE;
  }

  private boolean isKnown(int id) {
    return switch (id) {
      case Feature.KEEP_ALIVE_TIMER, Feature.ASYNC_EVENTS -> true;
      case Feature.HOST_ID,
          Feature.HOST_BEHAVIOR,
          Feature.RESERVATION_NOTIFICATION_MASK,
          Feature.RESERVATION_PERSISTENCE ->
          controller.home().hasIo();
      default -> controller.home().hasIo() && values.containsKey(id);
    };
  }

  long get(NvmeCommand command) {
    status = NvmeStatus.SUCCESS;
    int id = Memory.getU8(command.sqe() + Sqe.CDW10);
    if (!isKnown(id)) return refuse(NvmeStatus.INVALID_FIELD);
    if (isOfNamespace(id) && nsid(command.sqe()) != IoQueue.NAMESPACE) {
      return refuse(NvmeStatus.INVALID_NAMESPACE);
    }
    return switch (select(command.sqe())) {
      case SELECT_CURRENT -> current(id, command);
      case SELECT_DEFAULT, SELECT_SAVED -> byDefault(id, command);
      case SELECT_SUPPORTED ->
          id == Feature.HOST_ID ? 0 : CHANGEABLE | (isOfNamespace(id) ? OF_NAMESPACE : 0);
      default -> refuse(NvmeStatus.INVALID_FIELD);
    };
  }

  private long current(int id, NvmeCommand command) {
    return switch (id) {
      case Feature.KEEP_ALIVE_TIMER -> controller.keepAliveMs();
      case Feature.ASYNC_EVENTS -> Integer.toUnsignedLong(controller.events().configuration());
      case Feature.HOST_ID -> hostId(command);
      case Feature.HOST_BEHAVIOR -> hostBehavior(command, honoursRetryDelays ? ACRE : 0);
      case Feature.RESERVATION_NOTIFICATION_MASK -> controller.reservationLog().mask();
      case Feature.RESERVATION_PERSISTENCE -> controller.home().keepsReservations() ? 1 : 0;
      default -> Integer.toUnsignedLong(values.getOrDefault(id, 0));
    };
  }

  private long byDefault(int id, NvmeCommand command) {
    return switch (id) {
      case Feature.KEEP_ALIVE_TIMER -> controller.connectedKeepAliveMs();
      case Feature.ASYNC_EVENTS,
          Feature.RESERVATION_NOTIFICATION_MASK,
          Feature.RESERVATION_PERSISTENCE ->
          0;
      case Feature.HOST_ID -> hostId(command);
      case Feature.HOST_BEHAVIOR -> hostBehavior(command, 0);
      default -> Integer.toUnsignedLong(defaults.getOrDefault(id, 0));
    };
  }

  private long hostId(NvmeCommand command) {
    var hostId = controller.hostId();
    long address = command.dataAddress();
    Memory.putLong(address, Long.reverseBytes(hostId.getMostSignificantBits()));
    Memory.putLong(address + Long.BYTES, Long.reverseBytes(hostId.getLeastSignificantBits()));
    return 0;
  }

  private static long hostBehavior(NvmeCommand command, int acre) {
    Memory.zero(command.dataAddress(), command.transferBytes());
    Memory.putByte(command.dataAddress(), acre);
    return 0;
  }

  long set(NvmeCommand command) {
    status = NvmeStatus.SUCCESS;
    long sqe = command.sqe();
    int id = Memory.getU8(sqe + Sqe.CDW10);
    int value = Memory.getInt(sqe + Sqe.CDW11);
    if (!isKnown(id)) return refuse(NvmeStatus.INVALID_FIELD);
    if ((Memory.getInt(sqe + Sqe.CDW10) & SAVE) != 0) {
      return refuse(NvmeStatus.FEATURE_NOT_SAVEABLE);
    }
    if (isOfNamespace(id) && !namesOurs(nsid(sqe))) return refuse(NvmeStatus.INVALID_NAMESPACE);
    return switch (id) {
      case Feature.NUMBER_OF_QUEUES -> queues(value);
      case Feature.KEEP_ALIVE_TIMER -> {
        controller.keepAlive(Integer.toUnsignedLong(value));
        yield 0;
      }
      case Feature.ASYNC_EVENTS -> {
        controller.events().configure(value);
        yield 0;
      }
      case Feature.HOST_BEHAVIOR -> {
        honoursRetryDelays = (Memory.getU8(command.dataAddress()) & ACRE) != 0;
        yield 0;
      }
      case Feature.RESERVATION_NOTIFICATION_MASK -> {
        controller.reservationLog().mask(value);
        yield 0;
      }
      // The host id came with Connect.
      case Feature.HOST_ID -> refuse(NvmeStatus.COMMAND_SEQUENCE_ERROR);
      case Feature.POWER_MANAGEMENT ->
          (value & POWER_STATE_MASK) == 0 ? 0 : refuse(NvmeStatus.INVALID_FIELD);
      case Feature.VOLATILE_WRITE_CACHE -> {
        values.put(id, value & CACHE_ENABLED);
        writesThrough = (value & CACHE_ENABLED) == 0;
        controller.writesThrough(writesThrough);
        yield 0;
      }
      case Feature.RESERVATION_PERSISTENCE -> 0;
      default -> {
        values.put(id, value);
        yield 0;
      }
    };
  }

  private long queues(int asked) {
    int submission = asked & 0xFFFF;
    int completion = asked >>> 16;
    if (submission == QUEUES_INVALID || completion == QUEUES_INVALID) {
      return refuse(NvmeStatus.INVALID_FIELD);
    }
    if (controller.hasIoQueues()) return refuse(NvmeStatus.COMMAND_SEQUENCE_ERROR);
    int granted = Math.min(mostQueues, Math.min(submission, completion) + 1);
    int value = bothFromZero(granted);
    values.put(Feature.NUMBER_OF_QUEUES, value);
    return Integer.toUnsignedLong(value);
  }
}
