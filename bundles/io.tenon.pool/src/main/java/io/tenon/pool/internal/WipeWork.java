package io.tenon.pool.internal;

import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.WipeProgress;
import io.tenon.pool.WipeSpec;
import io.tenon.pool.WipeWatcher;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One wipe, by way of the replica's block device. Others can change the pool meanwhile, but not this replica. */
final class WipeWork {
  private static final Logger log = LoggerFactory.getLogger(WipeWork.class);

  /** More would only be messages. */
  private static final long MOST_CHUNKS = 100_000;

  /** Between two of these the watcher is asked. */
  private static final long PART_BYTES = 16 << 20;

  private final String what;
  private final WipeSpec spec;
  private final WipeWatcher watcher;
  private final long totalBytes;
  private final long chunkBytes;
  private final CRC32C checksum = new CRC32C();

  private WipeWork(String what, WipeSpec spec, WipeWatcher watcher, DeviceSlot slot)
      throws PoolException {
    this.what = what;
    this.spec = spec;
    this.watcher = watcher;
    totalBytes = slot.geometry().sizeBytes();
    chunkBytes = spec.chunkBytes() == 0 ? Math.max(1, totalBytes) : spec.chunkBytes();
    int blockBytes = slot.geometry().blockBytes();
    boolean fits = chunkBytes > 0 && chunkBytes <= Math.max(1, totalBytes);
    if (!fits || (chunkBytes % blockBytes != 0 && chunkBytes != totalBytes && totalBytes > 0)) {
      throw invalid(
          "A chunk of %d bytes is no whole number of blocks of %d bytes, or more than the replica, which has %d."
              .formatted(spec.chunkBytes(), blockBytes, totalBytes));
    }
    if (Math.ceilDiv(totalBytes, chunkBytes) > MOST_CHUNKS) {
      throw invalid("These are more than %d chunks.".formatted(MOST_CHUNKS));
    }
  }

  private PoolException invalid(String why) {
    return new PoolException(Kind.INVALID_ARGUMENT, what, why, "Choose another chunk size.");
  }

  static void run(ServedPool pool, ServedReplica replica, WipeSpec spec, WipeWatcher watcher)
      throws PoolException {
    String what = replica.notDone("wiped");
    var slot =
        replica
            .device()
            .orElseThrow(
                () ->
                    new PoolException(
                        Kind.SUSPENDED, what, replica.problem(), "Remove the cause."));
    var wipe = new WipeWork(what, spec, watcher, slot);
    Optional<DeviceSlot.Claim> claim =
        pool.change(
            what,
            () -> {
              pool.work().checkWipe(replica, spec, what);
              return spec.method().overwrites() ? Optional.of(claim(slot, what)) : Optional.empty();
            });
    try (var io = new PlainIo(slot, pool.parts().reactor())) {
      wipe.run(io);
    } catch (DeviceException e) {
      throw new PoolException(Kind.IO, what, e);
    } finally {
      claim.ifPresent(DeviceSlot.Claim::close);
    }
    log.info("pool {}: {} wiped: {}", pool, replica, spec.method());
  }

  private static DeviceSlot.Claim claim(DeviceSlot slot, String what) throws PoolException {
    try {
      return slot.claim("a wipe");
    } catch (DeviceException e) {
      throw Failures.of(what, e);
    }
  }

  private void run(PlainIo io) throws DeviceException, PoolException {
    watcher.wiped(progress(0));
    for (long done = 0; done < totalBytes; ) {
      long end = Math.min(totalBytes, done + chunkBytes);
      for (long at = done; at < end; at += PART_BYTES) {
        if (!watcher.goesOn()) {
          throw new PoolException(
              Kind.CANCELLED,
              what,
              "It was given up after %d of %d bytes.".formatted(at, totalBytes),
              "");
        }
        part(io, at, Math.min(PART_BYTES, end - at));
      }
      done = end;
      if (spec.method().overwrites() && done == totalBytes) io.flush();
      watcher.wiped(progress(done));
    }
  }

  private void part(PlainIo io, long offset, long length) throws DeviceException {
    switch (spec.method()) {
      case NONE -> {}
      case WRITE_ZEROES -> io.writeZeroes(offset, length);
      case UNMAP -> io.unmap(offset, length);
      case WRITE_PATTERN -> io.writePattern(offset, length, spec.pattern());
      case CHECKSUM -> {
        for (long at = 0; at < length; at += PlainIo.IO_BYTES) {
          checksum.update(io.read(offset + at, (int) Math.min(PlainIo.IO_BYTES, length - at)));
        }
      }
    }
  }

  private WipeProgress progress(long done) {
    boolean sums = spec.method() == WipeSpec.Method.CHECKSUM;
    Optional<Integer> sum = sums ? Optional.of((int) checksum.getValue()) : Optional.empty();
    return new WipeProgress(totalBytes, chunkBytes, done, sum);
  }
}
