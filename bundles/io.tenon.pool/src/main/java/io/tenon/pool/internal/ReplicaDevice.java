package io.tenon.pool.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceListener;
import io.tenon.block.Geometry;
import io.tenon.block.Handover;
import io.tenon.block.IoChannel;
import io.tenon.block.IoOperation;
import io.tenon.block.SnapshotSpec;
import io.tenon.block.Snapshots;
import io.tenon.pool.PoolException;
import io.tenon.reactor.Reactor;
import java.util.Optional;
import java.util.UUID;

/** A blob's block device, and what its pool can do for it besides I/O. */
final class ReplicaDevice implements BlockDevice {
  private final ServedReplica replica;
  private final BlockDevice blob;

  ReplicaDevice(ServedReplica replica, BlockDevice blob) {
    this.replica = replica;
    this.blob = blob;
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return Optional.of(this::take);
  }

  private void take(SnapshotSpec spec) throws DeviceException {
    try {
      var _ = replica.snapshot(spec);
    } catch (PoolException e) {
      throw new DeviceException(kind(e.kind()), e.what(), e.why(), e.remedy(), e);
    }
  }

  private static Kind kind(PoolException.Kind kind) {
    return switch (kind) {
      case POOL_EXISTS, REPLICA_EXISTS -> Kind.ALREADY_EXISTS;
      case POOL_NOT_FOUND, REPLICA_NOT_FOUND, NO_POOL, NO_SOURCE, REBUILD_NOT_FOUND ->
          Kind.NOT_FOUND;
      case INVALID_ARGUMENT, CLUSTER_SIZE, OTHER_POOL, OUT_OF_RANGE -> Kind.INVALID_PARAMETER;
      case TOO_LARGE, NO_SPACE -> Kind.NO_SPACE;
      case READ_ONLY, DISCARDED, DISK_HAS_DATA -> Kind.PERMISSION_DENIED;
      case IN_USE, SHARE, BUSY -> Kind.IN_USE;
      case DISK, IO, CANCELLED, SUSPENDED, INTERNAL -> Kind.IO;
    };
  }

  @Override
  public String name() {
    return blob.name();
  }

  @Override
  public UUID uuid() {
    return blob.uuid();
  }

  @Override
  public Geometry geometry() {
    return blob.geometry();
  }

  @Override
  public String productName() {
    return blob.productName();
  }

  @Override
  public boolean supports(IoOperation operation) {
    return blob.supports(operation);
  }

  @Override
  public IoChannel channel(Reactor reactor) {
    return blob.channel(reactor);
  }

  @Override
  public void listener(DeviceListener listener) {
    blob.listener(listener);
  }

  @Override
  public void close() {
    blob.close();
  }

  @Override
  public boolean outlivesClosing() {
    return blob.outlivesClosing();
  }

  @Override
  public Optional<Handover> leave() {
    return blob.leave();
  }
}
