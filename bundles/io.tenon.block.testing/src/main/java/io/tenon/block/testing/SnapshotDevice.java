package io.tenon.block.testing;

import io.tenon.block.BlockDevice;
import io.tenon.block.Snapshots;
import java.util.Optional;

/** A device as it is, that takes snapshots as a test wants. */
public final class SnapshotDevice extends ForwardingDevice {
  private final Snapshots taker;

  public SnapshotDevice(BlockDevice plain, Snapshots taker) {
    super(plain);
    this.taker = taker;
  }

  @Override
  public Optional<Snapshots> snapshots() {
    return Optional.of(taker);
  }
}
