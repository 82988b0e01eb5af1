package io.tenon.nvme.internal;

import io.tenon.linux.Memory;
import io.tenon.nvme.Feature;
import io.tenon.nvme.NvmeCommand;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.TransportLimits;
import java.util.LinkedHashMap;
import java.util.Map;

/** Get and Set Features, Base 2.0c §5.15 and §5.27. Nothing is saved over a reset. Admin queue's reactor only. */
final class Features {
  private static final int SAVE = 1 << 31;
  private static final int SELECT_SHIFT = 8;
  private static final int DEFAULT_WARNING_KELVIN = 343;
  private static final int QUEUES_INVALID = 0xFFFF;

  private final Controller controller;
  private final int mostQueues;
  private final Map<Integer, Integer> values = new LinkedHashMap<>();
  private int status;

  /** ACRE: the host honours command retry delays. */
  private int hostBehavior;

  Features(Controller controller, TransportLimits limits) {
    this.controller = controller;
    this.mostQueues = limits.maxQueues() - 1;
    reset();
  }

  /** All values as they are by default. */
  void reset() {
    values.put(Feature.ARBITRATION, 0);
    values.put(Feature.POWER_MANAGEMENT, 0);
    values.put(Feature.TEMPERATURE_THRESHOLD, DEFAULT_WARNING_KELVIN);
    values.put(Feature.ERROR_RECOVERY, 0);
    values.put(Feature.VOLATILE_WRITE_CACHE, 1);
    values.put(Feature.WRITE_ATOMICITY, 0);
    values.put(Feature.NUMBER_OF_QUEUES, bothFromZero(mostQueues));
    hostBehavior = 0;
  }

  /** Number of submission and of completion queues: both halves count from 0. */
  private static int bothFromZero(int queues) {
    return (queues - 1) | (queues - 1) << 16;
  }

  /** Of the last call. */
  int status() {
    return status;
  }

  private long refuse(int with) {
    status = with | NvmeStatus.DO_NOT_RETRY;
    return 0;
  }

  long get(NvmeCommand command) {
    status = NvmeStatus.SUCCESS;
    long sqe = command.sqe();
    int id = Memory.getU8(sqe + Sqe.CDW10);
    int select = Memory.getInt(sqe + Sqe.CDW10) >>> SELECT_SHIFT & 7;
    if (select != 0) return refuse(NvmeStatus.INVALID_FIELD);
    if (!controller.home().hasIo() && !isOfDiscovery(id)) return refuse(NvmeStatus.INVALID_FIELD);
    return switch (id) {
      case Feature.KEEP_ALIVE_TIMER -> controller.keepAliveMs();
      case Feature.ASYNC_EVENTS -> Integer.toUnsignedLong(controller.events().configuration());
      case Feature.HOST_ID -> {
        var hostId = controller.hostId();
        long address = command.dataAddress();
        Memory.putLong(address, Long.reverseBytes(hostId.getMostSignificantBits()));
        Memory.putLong(address + Long.BYTES, Long.reverseBytes(hostId.getLeastSignificantBits()));
        yield 0;
      }
      case Feature.HOST_BEHAVIOR -> {
        Memory.zero(command.dataAddress(), command.transferBytes());
        Memory.putByte(command.dataAddress(), hostBehavior);
        yield 0;
      }
      default -> {
        Integer value = values.get(id);
        yield value == null ? refuse(NvmeStatus.INVALID_FIELD) : Integer.toUnsignedLong(value);
      }
    };
  }

  private static boolean isOfDiscovery(int id) {
    return id == Feature.KEEP_ALIVE_TIMER || id == Feature.ASYNC_EVENTS;
  }

  long set(NvmeCommand command) {
    status = NvmeStatus.SUCCESS;
    long sqe = command.sqe();
    int id = Memory.getU8(sqe + Sqe.CDW10);
    int value = Memory.getInt(sqe + Sqe.CDW11);
    if ((Memory.getInt(sqe + Sqe.CDW10) & SAVE) != 0) {
      return refuse(NvmeStatus.FEATURE_NOT_SAVEABLE);
    }
    if (!controller.home().hasIo() && !isOfDiscovery(id)) return refuse(NvmeStatus.INVALID_FIELD);
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
        hostBehavior = Memory.getU8(command.dataAddress()) & 1;
        yield 0;
      }
      // The host id came with Connect.
      case Feature.HOST_ID -> refuse(NvmeStatus.COMMAND_SEQUENCE_ERROR);
      default -> {
        if (!values.containsKey(id)) yield refuse(NvmeStatus.INVALID_FIELD);
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
    int granted = Math.min(mostQueues, Math.min(submission, completion) + 1);
    int value = bothFromZero(granted);
    values.put(Feature.NUMBER_OF_QUEUES, value);
    return Integer.toUnsignedLong(value);
  }
}
