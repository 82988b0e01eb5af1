package io.tenon.bench.local;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.reactor.Reactor;
import java.util.UUID;

/**
 * Memory that is as slow as a disk: one I/O after the other, in the order in which they come, each as long as its bytes take. What
 * a busy machine does to real disks does not happen to it. One reactor only.
 */
final class PacedDisk implements BlockDevice {
  static final String SCHEME = "paced";

  private static final double NS_PER_S = 1e9;
  private static final long MIB = 1 << 20;

  private final BlockDevice memory;
  private final double nsPerByte;

  /** When it has done all that it was told. The reactor's. */
  private long busyUntilNs;

  PacedDisk(BlockDevice memory, long bytesPerSecond) {
    this.memory = memory;
    this.nsPerByte = NS_PER_S / bytesPerSecond;
  }

  static String uri(String name, long mib, long mibPerSecond) {
    return "%s:///%s?size_mb=%d&mib_s=%d".formatted(SCHEME, name, mib, mibPerSecond);
  }

  /** The URI of the memory behind a {@link #uri}. */
  static String memory(DeviceUri uri) throws DeviceException {
    return "malloc:///%s?size_mb=%d".formatted(uri.name(), uri.number("size_mb", 0));
  }

  /** Bytes a second of a {@link #uri}. */
  static long rate(DeviceUri uri) throws DeviceException {
    return uri.number("mib_s", 0) * MIB;
  }

  private final class Channel extends IoChannel {
    private final Reactor reactor;
    private final IoChannel inside;

    Channel(Reactor reactor) {
      this.reactor = reactor;
      this.inside = memory.channel(reactor);
    }

    @Override
    protected void take(IoRequest request) {
      long now = reactor.nowNs();
      long bytes = request.blocks() * geometry().blockBytes();
      busyUntilNs = Math.max(now, busyUntilNs) + (long) (bytes * nsPerByte);
      reactor.schedule(busyUntilNs - now, () -> pass(request, inside));
    }

    @Override
    public void close() {
      inside.close();
    }
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return new Channel(reactor);
  }

  @Override
  public String name() {
    return memory.name();
  }

  @Override
  public UUID uuid() {
    return memory.uuid();
  }

  @Override
  public Geometry geometry() {
    return memory.geometry();
  }

  @Override
  public String productName() {
    return memory.productName();
  }

  @Override
  public boolean supports(IoOperation operation) {
    return memory.supports(operation);
  }

  @Override
  public void listener(DeviceListener listener) {
    memory.listener(listener);
  }

  @Override
  public void close() {
    memory.close();
  }
}
