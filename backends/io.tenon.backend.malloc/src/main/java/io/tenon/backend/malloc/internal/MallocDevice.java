package io.tenon.backend.malloc.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Mapping;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Memory as a block device, seen by all reactors alike. Pages become resident when they are written first. Nothing here
 * orders what two reactors do to the same block at a time, as no disk does.
 */
final class MallocDevice implements BlockDevice {
  private static final String FORMAT = "malloc";
  private static final int VERSION = 1;
  private static final long COPY_BYTES = 64 << 10;

  private final String name;
  private final UUID uuid;
  private volatile Geometry geometry;
  private volatile DeviceListener listener = new DeviceListener() {};

  /** Replaced by {@link #resize} only, with nothing in flight; channels read it for each I/O. */
  private volatile Mapping mapping;

  private boolean closed;

  private MallocDevice(String name, UUID uuid, Geometry geometry, Mapping mapping) {
    this.name = name;
    this.uuid = uuid;
    this.geometry = geometry;
    this.mapping = mapping;
  }

  static MallocDevice make(String name, UUID uuid, Geometry geometry) throws DeviceException {
    return new MallocDevice(name, uuid, geometry, map(name, geometry));
  }

  static MallocDevice adopt(String name, Handover left) throws DeviceException {
    var mapping = left.value("memory", Mapping.class);
    var geometry = left.value("geometry", Geometry.class);
    var uuid = left.value("uuid", UUID.class);
    boolean known = left.format().equals(FORMAT) && left.version() == VERSION;
    if (!known || mapping.isEmpty() || geometry.isEmpty() || uuid.isEmpty()) {
      throw new DeviceException(
          Kind.UNSUPPORTED,
          "Block device " + name + " was not taken over from the former backend.",
          "It left its memory in format %s version %d; %s version %d is understood here."
              .formatted(left.format(), left.version(), FORMAT, VERSION),
          "Install the version of the backend that was there before.");
    }
    return new MallocDevice(name, uuid.get(), geometry.get(), mapping.get());
  }

  private static Mapping map(String name, Geometry geometry) throws DeviceException {
    try {
      return Mapping.ordinary(geometry.sizeBytes());
    } catch (LinuxException e) {
      throw new DeviceException(
          Kind.IO,
          "Block device " + name + " was not given its memory.",
          geometry.sizeBytes() + " bytes: " + e.getMessage() + ".",
          "Ask for less.",
          e);
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public UUID uuid() {
    return uuid;
  }

  @Override
  public Geometry geometry() {
    return geometry;
  }

  @Override
  public String productName() {
    return "Malloc disk";
  }

  /** COMPARE_AND_WRITE is left to the slot, which can make it atomic without a lock for every write. */
  @Override
  public boolean unmapZeroes() {
    return true;
  }

  @Override
  public boolean supports(IoOperation operation) {
    return operation != IoOperation.COMPARE_AND_WRITE;
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new MallocChannel(this);
  }

  @Override
  public void listener(DeviceListener listener) {
    this.listener = listener;
  }

  Mapping mapping() {
    return mapping;
  }

  /** With nothing in flight and nothing lent. Shrinking forgets what is beyond the new end. */
  void resize(long blockCount) throws DeviceException {
    var before = mapping;
    var now = new Geometry(geometry.blockBytes(), blockCount);
    var larger = map(name, now);
    copy(before, larger, Math.min(geometry.sizeBytes(), now.sizeBytes()));
    mapping = larger;
    geometry = now;
    before.close();
    listener.resized(now);
  }

  /** Leaves out what is zero, so that it does not become resident. */
  private static void copy(Mapping from, Mapping to, long lengthBytes) {
    for (long at = 0; at < lengthBytes; at += COPY_BYTES) {
      long piece = Math.min(COPY_BYTES, lengthBytes - at);
      if (Memory.mismatch(from.address() + at, to.address() + at, piece) >= 0) {
        Memory.copy(from.address() + at, to.address() + at, piece);
      }
    }
  }

  @Override
  public boolean outlivesClosing() {
    return false;
  }

  @Override
  public synchronized void close() {
    if (closed) return;
    closed = true;
    mapping.close();
  }

  @Override
  public synchronized Optional<Handover> leave() {
    if (closed) return Optional.empty();
    closed = true;
    return Optional.of(
        new Handover(
            FORMAT, VERSION, Map.of("memory", mapping, "geometry", geometry, "uuid", uuid)));
  }
}
