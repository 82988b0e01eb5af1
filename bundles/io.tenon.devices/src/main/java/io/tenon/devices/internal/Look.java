package io.tenon.devices.internal;

import io.tenon.block.BlockDevice;
import io.tenon.block.IoChannel;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.LinuxException;
import io.tenon.linux.Mapping;
import io.tenon.linux.Memory;
import io.tenon.reactor.Reactor;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * Reads a few blocks, from the first to the last, of a device that nobody else uses just now. The reactor's thread only, but for
 * {@link #at}.
 */
final class Look {
  private static final int PLACES = 8;
  private static final int ALIGNMENT = 4096;

  private final int blockBytes;
  private final long blocks;
  private final Reactor reactor;
  private final IoChannel channel;
  private final Mapping memory;
  private final long[] sums = new long[PLACES];
  private final CompletableFuture<Sample> taken;
  private IoStatus worst = IoStatus.SUCCESS;
  private int left = PLACES;

  private Look(BlockDevice device, long blocks, Reactor reactor, CompletableFuture<Sample> taken)
      throws LinuxException {
    this.blockBytes = device.geometry().blockBytes();
    this.blocks = blocks;
    this.reactor = reactor;
    this.taken = taken;
    int bytes = Math.max(blockBytes, ALIGNMENT);
    memory = Mapping.ordinary((long) PLACES * bytes);
    channel = device.channel(reactor);
    for (int i = 0; i < PLACES; i++)
      channel.submit(new Read(i, memory.address() + (long) i * bytes));
  }

  /**
   * Any thread.
   *
   * @param blocks of the device, or as many as it had before
   * @return done when the look has left nothing behind in the device; never, when the device does not answer. Fails when a block
   *     could not be read
   */
  static CompletableFuture<Sample> at(BlockDevice device, long blocks, Reactor reactor) {
    var taken = new CompletableFuture<Sample>();
    if (blocks == 0) {
      taken.complete(Sample.EMPTY);
      return taken;
    }
    reactor.execute(
        () -> {
          try {
            var _ = new Look(device, blocks, reactor, taken);
          } catch (LinuxException | RuntimeException | LinkageError e) {
            // Whatever strange code a new backend brings: it must not reach the event loop.
            taken.completeExceptionally(e);
          }
        });
    return taken;
  }

  private final class Read extends IoRequest {
    private final int place;

    Read(int place, long address) {
      this.place = place;
      long lba = place == PLACES - 1 ? blocks - 1 : (blocks - 1) / (PLACES - 1) * place;
      prepareRead(lba, 1, address, blockBytes);
    }

    @Override
    protected void completed(IoStatus status) {
      if (status.isSuccess()) sums[place] = sum();
      else worst = status;
      // A channel is not closed from within a completion.
      if (--left == 0) reactor.execute(Look.this::end);
    }

    /** FNV-1a, eight bytes at a time. */
    private long sum() {
      long sum = 0xcbf29ce484222325L;
      for (int at = 0; at < lengthBytes(); at += Long.BYTES) {
        sum = (sum ^ Memory.getLong(address() + at)) * 0x100000001b3L;
      }
      return sum;
    }
  }

  private void end() {
    channel.close();
    memory.close();
    if (worst.isSuccess()) taken.complete(new Sample(blocks, sums));
    else taken.completeExceptionally(new IOException("a block was read with " + worst));
  }
}
