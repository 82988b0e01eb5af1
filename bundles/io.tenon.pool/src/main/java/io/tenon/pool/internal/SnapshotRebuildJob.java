package io.tenon.pool.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Foreground;
import io.tenon.pool.SnapshotRebuildInfo;
import io.tenon.pool.SnapshotRebuildInfo.State;
import io.tenon.pool.SnapshotRebuildSpec;
import io.tenon.reactor.Reactor;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A replica that is being filled, or has been. Owns its claim to the replica, and the snapshot's device when it was opened for it. */
final class SnapshotRebuildJob {
  private static final Logger log = LoggerFactory.getLogger(SnapshotRebuildJob.class);

  private final SnapshotRebuildSpec spec;
  private final DeviceSlot source;
  private final DeviceSlot.Claim claim;
  private final @Nullable BlockDevices closesSourceIn;
  private final SnapshotCopy copy;
  private final long totalBytes;
  private final InstantSource clock;
  private final Instant startedAt;
  private volatile Outcome outcome = new Outcome(State.RUNNING, Optional.empty(), "It copies.");

  private record Outcome(State state, Optional<Instant> endedAt, String detail) {}

  /**
   * @param claim to the destination
   * @param closesSourceIn where the source was opened for this job alone; absent when it was open before
   * @param hosts to whom it yields
   */
  SnapshotRebuildJob(
      SnapshotRebuildSpec spec,
      DeviceSlot source,
      DeviceSlot destination,
      DeviceSlot.Claim claim,
      @Nullable BlockDevices closesSourceIn,
      Reactor reactor,
      Foreground hosts,
      InstantSource clock) {
    this.spec = spec;
    this.source = source;
    this.claim = claim;
    this.closesSourceIn = closesSourceIn;
    this.clock = clock;
    totalBytes = source.geometry().sizeBytes();
    startedAt = clock.instant();
    copy = new SnapshotCopy(source, destination, reactor, hosts);
  }

  /**
   * @param blocking closes the source
   * @return done when it has ended, however
   */
  CompletableFuture<Void> start(Executor blocking) {
    log.info("snapshot rebuild {}: {} -> {}", spec.uuid(), spec.snapshotUri(), spec.replicaUri());
    return copy.start().thenAcceptAsync(this::ended, blocking).toCompletableFuture();
  }

  void stop() {
    copy.stop();
  }

  private void ended(String fault) {
    claim.close();
    if (closesSourceIn != null) close(closesSourceIn);
    boolean isDone = fault.isEmpty();
    outcome =
        new Outcome(
            isDone ? State.SUCCESSFUL : State.FAILED,
            Optional.of(clock.instant()),
            isDone ? "Everything is copied." : fault);
    log.info(
        "snapshot rebuild {}: {} after {} bytes. {}",
        spec.uuid(),
        outcome.state(),
        copy.copiedBytes(),
        outcome.detail());
  }

  private void close(BlockDevices devices) {
    try {
      devices.destroy(source);
    } catch (DeviceException e) {
      log.warn("snapshot rebuild {}: {} stays open: {}", spec.uuid(), source, e.getMessage());
    }
  }

  SnapshotRebuildInfo info() {
    var now = outcome;
    return new SnapshotRebuildInfo(
        spec,
        now.state(),
        totalBytes,
        copy.copiedBytes(),
        spec.snapshotUri().startsWith("nvmf"),
        startedAt,
        now.endedAt(),
        now.state() == State.RUNNING ? copy.describe() : now.detail());
  }
}
