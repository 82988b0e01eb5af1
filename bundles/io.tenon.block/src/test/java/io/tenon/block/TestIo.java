package io.tenon.block;

import io.tenon.error.Check;
import io.tenon.linux.Memory;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/** One request with memory of its own, that remembers how it ended. */
final class TestIo extends IoRequest {
  private final Arena arena = Arena.ofAuto();
  final long memory = arena.allocate(64 << 10, 4096).address();
  @Nullable IoStatus status;
  int completions;
  Runnable then = () -> {};

  @Override
  protected void completed(IoStatus result) {
    Check.that(status == null, "completed twice");
    status = result;
    completions++;
    then.run();
  }

  private TestIo go(IoChannel channel) {
    status = null;
    channel.submit(this);
    return this;
  }

  TestIo read(IoChannel channel, long lba, long blocks) {
    prepareRead(lba, blocks, memory, (int) blocks * 512);
    return go(channel);
  }

  TestIo lentRead(IoChannel channel, long lba, long blocks) {
    prepareLentRead(lba, blocks, (int) blocks * 512);
    return go(channel);
  }

  TestIo write(IoChannel channel, long lba, long blocks, int fill) {
    Memory.segment(memory, blocks * 512).fill((byte) fill);
    prepareWrite(lba, blocks, memory, (int) blocks * 512);
    return go(channel);
  }

  TestIo flush(IoChannel channel) {
    prepareFlush();
    return go(channel);
  }

  TestIo unmap(IoChannel channel, long lba, long blocks) {
    prepareUnmap(lba, blocks);
    return go(channel);
  }

  TestIo writeZeroes(IoChannel channel, long lba, long blocks) {
    prepareWriteZeroes(lba, blocks);
    return go(channel);
  }

  TestIo compare(IoChannel channel, long lba, long blocks, int expected) {
    Memory.segment(memory, blocks * 512).fill((byte) expected);
    prepareCompare(lba, blocks, memory, (int) blocks * 512);
    return go(channel);
  }

  TestIo compareAndWrite(IoChannel channel, long lba, long blocks, int expected, int fill) {
    Memory.segment(memory, blocks * 512).fill((byte) expected);
    Memory.segment(memory + blocks * 512, blocks * 512).fill((byte) fill);
    prepareCompareAndWrite(lba, blocks, memory, (int) blocks * 1024);
    return go(channel);
  }

  boolean holds(int fill, long blocks) {
    for (long i = 0; i < blocks * 512; i++) {
      if (Memory.getByte(memory + i) != (byte) fill) return false;
    }
    return true;
  }
}
