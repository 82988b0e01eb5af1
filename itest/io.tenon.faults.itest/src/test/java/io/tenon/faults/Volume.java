package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.block.BlockDevice;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestRequest;
import java.util.Random;

/** A device as a host has it open, read and written a MiB at a time by the test's thread. */
final class Volume implements AutoCloseable {
  static final int PIECE_BYTES = 1 << 20;
  private static final int SECTOR_BYTES = 512;
  private static final int SECTORS = PIECE_BYTES / SECTOR_BYTES;

  private final Host host;
  private final BlockDevice device;
  private final IoChannel channel;
  private final TestRequest request;

  Volume(Host host, String uri) throws Exception {
    this.host = host;
    device = host.open(uri);
    var reactor = host.reactor();
    channel = TestReactors.on(reactor, () -> device.channel(reactor));
    request = new TestRequest(reactor, channel, PIECE_BYTES);
  }

  /** What cannot be mistaken for another piece. */
  static byte[] content(int piece) {
    var content = new byte[PIECE_BYTES];
    new Random(piece + 1).nextBytes(content);
    return content;
  }

  void write(long atBytes, byte[] content) {
    request.put(content);
    assertEquals(
        IoStatus.SUCCESS,
        request.run(
            io -> io.prepareWrite(atBytes / SECTOR_BYTES, SECTORS, request.memory(), PIECE_BYTES)));
  }

  byte[] read(long atBytes) {
    request.fill(0xEE, PIECE_BYTES);
    assertEquals(
        IoStatus.SUCCESS,
        request.run(
            io -> io.prepareRead(atBytes / SECTOR_BYTES, SECTORS, request.memory(), PIECE_BYTES)));
    return request.bytes(PIECE_BYTES);
  }

  @Override
  public void close() {
    TestReactors.run(host.reactor(), channel::close);
    host.close(device);
  }
}
