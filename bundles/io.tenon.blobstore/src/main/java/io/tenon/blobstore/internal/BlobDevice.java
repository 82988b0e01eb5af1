package io.tenon.blobstore.internal;

import io.tenon.blobstore.internal.layout.StoreLayout;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceListener;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** An open blob. */
final class BlobDevice implements BlockDevice {
  private final StoredBlob blob;
  private final String name;
  private final UUID uuid;
  private final DeviceSlot disk;
  private final Allocator allocator;
  private final Releaser releaser;
  private final Blocking blocking;
  private final Runnable whenClosed;
  private final long blocksPerCluster;
  private final boolean writable;

  /** Guards what follows, and gives messages to channels their order. */
  private final Object lock = new Object();

  private final List<BlobChannel> channels = new ArrayList<>();
  private boolean paused;
  private boolean closed;
  private volatile DeviceListener listener = new DeviceListener() {};

  /** What a blob's device is made of. */
  record Parts(
      DeviceSlot disk,
      StoreLayout layout,
      Allocator allocator,
      Releaser releaser,
      Blocking blocking,
      Runnable whenClosed) {}

  BlobDevice(StoredBlob blob, String name, UUID uuid, Parts parts) {
    this.blob = blob;
    this.name = name;
    this.uuid = uuid;
    disk = parts.disk();
    allocator = parts.allocator();
    releaser = parts.releaser();
    blocking = parts.blocking();
    whenClosed = parts.whenClosed();
    blocksPerCluster = parts.layout().clusterBytes() / disk.geometry().blockBytes();
    writable = !blob.isReadOnly() && blob.children().isEmpty() && blob.restriction().isEmpty();
  }

  StoredBlob blob() {
    return blob;
  }

  Releaser releaser() {
    return releaser;
  }

  /** What the store's disk does with parts of clusters. */
  boolean diskUnmaps() {
    return disk.supports(IoOperation.UNMAP);
  }

  Allocator allocator() {
    return allocator;
  }

  long blocksPerCluster() {
    return blocksPerCluster;
  }

  int blockShift() {
    return disk.geometry().blockShift();
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
    return new Geometry(disk.geometry().blockBytes(), blob.map().clusters() * blocksPerCluster);
  }

  @Override
  public String productName() {
    return "Blob";
  }

  @Override
  public boolean supports(IoOperation operation) {
    return switch (operation) {
      case READ, FLUSH -> true;
      case WRITE, WRITE_ZEROES, UNMAP -> writable;
      case COMPARE, COMPARE_AND_WRITE -> false;
    };
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    var channel = new BlobChannel(this, reactor, disk.channel(reactor));
    synchronized (lock) {
      channels.add(channel);
      if (paused) channel.startPaused();
    }
    return channel;
  }

  void forget(BlobChannel channel) {
    synchronized (lock) {
      channels.remove(channel);
    }
  }

  @Override
  public void listener(DeviceListener to) {
    listener = to;
  }

  /** The map has another size. */
  void resized() {
    listener.resized(geometry());
  }

  /** Returns when nothing is under way: what comes from now on waits. What waits for a cluster is not under way. */
  void pause() {
    paused(true, BlobChannel::pause);
  }

  /** Returns when all that is under way now has ended; what comes meanwhile goes on. */
  void passOver() {
    paused(false, BlobChannel::passOver);
  }

  private interface Wait {
    void begin(BlobChannel channel, Runnable arrived);
  }

  private void paused(boolean forNow, Wait wait) {
    var done = new CompletableFuture<Void>();
    synchronized (lock) {
      paused = forNow;
      var missing = new AtomicInteger(channels.size());
      if (channels.isEmpty()) done.complete(null);
      Runnable arrived =
          () -> {
            if (missing.decrementAndGet() == 0) done.complete(null);
          };
      for (BlobChannel channel : channels) {
        channel.reactor().execute(() -> wait.begin(channel, arrived));
      }
    }
    blocking.await(done);
  }

  /** Lets go on what waits. */
  void resume() {
    synchronized (lock) {
      paused = false;
      for (BlobChannel channel : channels) channel.reactor().execute(channel::resume);
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      if (closed) return;
      closed = true;
    }
    whenClosed.run();
  }
}
