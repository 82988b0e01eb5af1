package io.tenon.transport.nvmetcp.internal.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceUri;
import io.tenon.reactor.internal.ReactorService;
import io.tenon.transport.nvmetcp.internal.FakeTarget;
import io.tenon.transport.nvmetcp.internal.TestReactors;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.io.ByteArrayOutputStream;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** A target over memory, and hosts that send bytes of their own. */
abstract class ConnectedTarget {
  static final int DEPTH = 16;

  ReactorService reactors;
  private BlockDevice device;
  FakeTarget target;
  TargetPort port;
  private long buffersAtStart;

  final void start(boolean shortCuts, int depth, int maxIo, int smallBuffers, int largeBuffers)
      throws Exception {
    reactors = TestReactors.start("", smallBuffers, largeBuffers);
    buffersAtStart = reactors.stats().get(0).buffersFree();
    device = new MallocProvider().open(DeviceUri.parse("malloc:///m?size_mb=16"));
    target = new FakeTarget(device);
    if (!shortCuts) target.withoutShortCuts();
    port = new TargetPort(reactors, target, options(depth, maxIo));
  }

  final void start() throws Exception {
    start(true, DEPTH, 131_072, 64, 16);
  }

  private static TargetOptions options(int depth, int maxIo) throws Exception {
    var config = new TestTargetConfig("127.0.0.1", 0, depth, maxIo, 4096);
    return TargetOptions.of(config, name -> null, 131_072);
  }

  /** As {@link #start()} makes it. */
  final TargetPort open() throws Exception {
    return new TargetPort(reactors, target, options(DEPTH, 131_072));
  }

  /** Whatever a test did: every connection ends, every command was ended, every buffer is back. */
  @AfterEach
  void nothingIsLeft() throws Exception {
    if (reactors == null) return;
    port.close();
    assertEquals(0, port.connections());
    var left = new CompletableFuture<String>();
    reactors.main().execute(() -> left.complete(target.openCommands() + " " + target.queues()));
    assertEquals("0 0", left.get(5, TimeUnit.SECONDS));
    assertEquals(buffersAtStart, reactors.stats().get(0).buffersFree());
    device.close();
    reactors.close();
  }

  final RawHost host(int hpda, int digests) throws Exception {
    var host = new RawHost(port.listening().get(0));
    assertEquals(Pdu.IC_RESP, host.initialize(hpda, digests).type());
    return host;
  }

  final RawHost ioQueue(int digests) throws Exception {
    var host = host(0, digests);
    assertEquals(0, host.connectQueue(1, DEPTH).status());
    return host;
  }

  static byte[] pattern(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static byte[] join(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) all.writeBytes(part);
    return all.toByteArray();
  }

  static void assertRead(RawHost.Received data, int commandId, byte[] expected) {
    assertEquals(Pdu.C2H_DATA, data.type());
    assertEquals(commandId, data.commandId());
    assertEquals(Pdu.LAST_FLAG | Pdu.SUCCESS_FLAG, data.flags() & ~3);
    assertArrayEquals(expected, data.data());
  }
}
