package io.tenon.block.testing;

import io.tenon.block.AllocationQuery;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.reactor.Reactor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A slot with one channel, read and written by a test's thread in plain calls. */
public final class TestVolume implements AutoCloseable {
  private static final int MAX_BYTES = 1 << 20;

  private final DeviceSlot slot;
  private final Reactor reactor;
  private final IoChannel channel;
  private final TestRequest request;
  private final int blockBytes;

  public TestVolume(DeviceSlot slot, Reactor reactor) {
    this.slot = slot;
    this.reactor = reactor;
    this.channel = TestReactors.on(reactor, () -> slot.channel(reactor));
    this.request = request(MAX_BYTES);
    this.blockBytes = slot.geometry().blockBytes();
  }

  public DeviceSlot slot() {
    return slot;
  }

  public Reactor reactor() {
    return reactor;
  }

  public IoChannel channel() {
    return channel;
  }

  /** A further request on this channel. */
  public TestRequest request(int bytes) {
    return new TestRequest(reactor, channel, bytes);
  }

  private int bytes(long blocks) {
    return (int) blocks * blockBytes;
  }

  public IoStatus write(long lba, byte[] content) {
    request.put(content);
    int length = content.length;
    return request.run(io -> io.prepareWrite(lba, length / blockBytes, request.memory(), length));
  }

  public IoStatus read(long lba, long blocks) {
    request.fill(0xEE, bytes(blocks));
    return request.run(io -> io.prepareRead(lba, blocks, request.memory(), bytes(blocks)));
  }

  /** What the last {@link #read} brought. */
  public byte[] content(long blocks) {
    return request.bytes(bytes(blocks));
  }

  public IoStatus writeZeroes(long lba, long blocks) {
    return request.run(io -> io.prepareWriteZeroes(lba, blocks));
  }

  public IoStatus unmap(long lba, long blocks) {
    return request.run(io -> io.prepareUnmap(lba, blocks));
  }

  public IoStatus flush() {
    return request.run(io -> io.prepareFlush());
  }

  public IoStatus compare(long lba, byte[] expected) {
    request.put(expected);
    int length = expected.length;
    return request.run(io -> io.prepareCompare(lba, length / blockBytes, request.memory(), length));
  }

  /**
   * @param both what is expected, then what to write
   */
  public IoStatus compareAndWrite(long lba, byte[] both) {
    request.put(both);
    int length = both.length;
    return request.run(
        io -> io.prepareCompareAndWrite(lba, length / blockBytes / 2, request.memory(), length));
  }

  /**
   * The runs of blocks of a range that may hold data, as the device says: all others read as zeroes.
   *
   * @return each as its first block and the one behind its last, in ascending order, with gaps between them
   */
  public List<long[]> allocation(long lba, long blocks) {
    var runs = new ArrayList<long[]>();
    long at = lba;
    while (at < lba + blocks) {
      long from = at;
      long left = lba + blocks - at;
      var answer = new CompletableFuture<Boolean>();
      var query =
          new AllocationQuery() {
            @Override
            protected void answered() {
              answer.complete(reactor.isCurrent());
            }
          };
      TestReactors.run(
          reactor,
          () -> {
            query.prepare(from, left);
            channel.ask(query);
          });
      if (!TestReactors.await(answer)) throw new AssertionError("answered on another thread");
      at += query.alike();
      if (!query.isAllocated()) continue;
      if (runs.isEmpty() || runs.getLast()[1] < from) runs.add(new long[] {from, at});
      else runs.getLast()[1] = at;
    }
    return runs;
  }

  @Override
  public void close() {
    TestReactors.run(reactor, channel::close);
  }
}
