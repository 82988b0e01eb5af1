package io.tenon.transport.nvmetcp.internal.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.DeviceUri;
import io.tenon.transport.nvmetcp.internal.FakeTarget;
import io.tenon.transport.nvmetcp.internal.TestReactors;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Hosts that send rubbish: whatever comes, a connection goes on or ends, nothing throws, and no buffer and no command is
 * left. A failure is replayed by its seed.
 */
class TargetFuzzTest {
  private static final int HOSTS_PER_SEED = 150;
  private static final int DEPTH = 8;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void whateverAHostSendsNothingThrowsAndNothingIsLeft(long seed) throws Exception {
    var random = new Random(seed);
    try (var reactors = new Reactors()) {
      long buffers = reactors.free();
      var device = new MallocProvider().open(DeviceUri.parse("malloc:///fuzz?size_mb=8"));
      var target = new FakeTarget(device);
      if (random.nextBoolean()) target.withoutShortCuts();
      var options = TargetOptions.of(TestTargetConfig.ofDepth(DEPTH), name -> null, 131_072);
      var port = new TargetPort(reactors.service, target, options);
      for (int i = 0; i < HOSTS_PER_SEED; i++) {
        try (var host = new RawHost(port.listening().get(0))) {
          rubbish(host, random);
        } catch (IOException e) {
          // The target has closed while we were sending: as it should.
          assertTrue(i >= 0, e.getMessage());
        }
      }
      port.close();
      var open = new CompletableFuture<Integer>();
      reactors.service.main().execute(() -> open.complete(target.openCommands()));
      assertEquals(0, open.get(10, TimeUnit.SECONDS));
      assertEquals(0, port.connections());
      assertEquals(buffers, reactors.free());
      for (String end : target.ends()) {
        assertTrue(!end.contains("an error in this node"), end);
      }
      device.close();
    }
  }

  private static final class Reactors implements AutoCloseable {
    final io.tenon.reactor.internal.ReactorService service;

    Reactors() throws Exception {
      service = TestReactors.start("", 32, 8);
    }

    long free() {
      return service.stats().get(0).buffersFree();
    }

    @Override
    public void close() throws Exception {
      service.close();
    }
  }

  private static void rubbish(RawHost host, Random random) throws IOException {
    if (random.nextInt(10) == 0) {
      byte[] noise = new byte[random.nextInt(3000)];
      random.nextBytes(noise);
      host.send(noise);
      return;
    }
    int digests = random.nextInt(4);
    host.initialize(random.nextInt(32), digests);
    if (host.connectQueue(random.nextInt(3), 2 + random.nextInt(DEPTH - 1)).status() != 0) return;
    for (int i = random.nextInt(12); i >= 0; i--) {
      byte[] bytes = commands(host, random);
      if (random.nextInt(3) == 0) mutate(bytes, random);
      int cut = random.nextInt(6) == 0 ? random.nextInt(bytes.length) : bytes.length;
      host.send(Arrays.copyOf(bytes, cut));
      if (random.nextInt(4) == 0 && cut == bytes.length) answer(host, random);
    }
  }

  /** Well-formed PDUs, a few together. */
  private static byte[] commands(RawHost host, Random random) {
    var all = new ByteArrayOutputStream();
    for (int i = random.nextInt(3); i >= 0; i--) {
      int id = random.nextInt(DEPTH);
      int blocks = 1 + random.nextInt(256);
      int bytes = blocks * 512;
      long lba = random.nextInt(16384);
      switch (random.nextInt(5)) {
        case 0 -> all.writeBytes(host.capsule(io(RawHost.READ, id, lba, blocks), new byte[0]));
        case 1 -> all.writeBytes(host.capsule(io(RawHost.WRITE, id, lba, blocks), new byte[0]));
        case 2 -> {
          int small = (1 + random.nextInt(8)) * 512;
          byte[] sqe = RawHost.io(RawHost.WRITE, id, lba, small / 512, RawHost.CAPSULE_SGL, small);
          all.writeBytes(host.capsule(sqe, new byte[small]));
        }
        case 3 -> {
          byte[] data = new byte[Math.min(bytes, 1 + random.nextInt(131_072))];
          all.writeBytes(
              host.h2cData(
                  id, random.nextInt(DEPTH), random.nextInt(4), data, random.nextBoolean()));
        }
        default -> {
          byte[] sqe = new byte[64];
          random.nextBytes(sqe);
          all.writeBytes(host.capsule(sqe, new byte[random.nextInt(4096)]));
        }
      }
    }
    return all.toByteArray();
  }

  private static byte[] io(int opcode, int id, long lba, int blocks) {
    return RawHost.io(opcode, id, lba, blocks, RawHost.TRANSPORT_SGL, blocks * 512);
  }

  private static void mutate(byte[] bytes, Random random) {
    for (int i = random.nextInt(4); i >= 0; i--) {
      int reach = random.nextBoolean() ? Math.min(80, bytes.length) : bytes.length;
      bytes[random.nextInt(reach)] = (byte) random.nextInt();
    }
  }

  /** Takes one PDU; answers an R2T, not always as it should be. */
  private static void answer(RawHost host, Random random) throws IOException {
    host.patience(50);
    RawHost.Received pdu;
    try {
      pdu = host.receive();
    } catch (java.net.SocketTimeoutException e) {
      return; // nothing was due
    }
    if (pdu.type() != Pdu.R2T) return;
    int length = pdu.view().getInt(16);
    int sent = random.nextInt(4) == 0 ? random.nextInt(1, length + 1) : length;
    byte[] data =
        host.h2cData(pdu.commandId(), pdu.view().getShort(10), 0, new byte[sent], sent == length);
    if (random.nextInt(4) == 0) mutate(data, random);
    host.send(data);
  }
}
