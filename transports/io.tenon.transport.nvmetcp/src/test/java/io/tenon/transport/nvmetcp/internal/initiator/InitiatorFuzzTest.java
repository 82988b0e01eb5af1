package io.tenon.transport.nvmetcp.internal.initiator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Sqe;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.internal.ReactorService;
import io.tenon.transport.nvmetcp.internal.TestReactors;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Controllers that answer rubbish: whatever comes, every command ends exactly once, nothing throws, and no byte is written
 * outside of the memory that a command was given.
 */
class InitiatorFuzzTest {
  private static final int CONTROLLERS_PER_SEED = 150;
  private static final int COMMANDS = 6;
  private static final int BYTES = 8192;
  private static final int GUARD_BYTES = 4096;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void whateverAControllerSendsEveryCommandEndsOnce(long seed) throws Exception {
    var random = new Random(seed);
    var reactors = TestReactors.one();
    try (var server = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
        var arena = Arena.ofShared()) {
      for (int i = 0; i < CONTROLLERS_PER_SEED; i++) {
        var host = new Host(reactors, server.getLocalPort(), random.nextBoolean(), arena);
        try (var socket = server.accept()) {
          answer(socket, host.digests, random);
          socket.shutdownOutput();
          String reason = host.down.get(10, TimeUnit.SECONDS);
          assertFalse(reason.contains("an error in this node"), reason);
        } catch (IOException e) {
          // The initiator has closed while we were sending: as it should.
          assertFalse(host.down.get(10, TimeUnit.SECONDS).isEmpty(), e.getMessage());
        }
        host.check();
      }
    }
    reactors.close();
  }

  /** A queue with some commands, and what became of them. */
  private static final class Host implements HostQueue.Owner, HostCommand.Owner {
    final boolean digests;
    final CompletableFuture<String> down = new CompletableFuture<>();
    private final Reactor reactor;
    private final long memory;
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();

    Host(ReactorService reactors, int port, boolean digests, Arena arena) {
      this.digests = digests;
      this.reactor = reactors.main();
      int each = BYTES + GUARD_BYTES;
      this.memory = arena.allocate((long) each * COMMANDS + GUARD_BYTES).address();
      var parameters =
          new QueueParameters(1, 32, 4096, 65536, TimeUnit.SECONDS.toNanos(30), digests, digests);
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      reactor.execute(
          () -> {
            try {
              var _ =
                  HostQueue.connect(
                      reactor, address, parameters, TimeUnit.SECONDS.toNanos(20), this);
            } catch (Exception e) {
              down.completeExceptionally(e);
            }
          });
    }

    private long buffer(int index) {
      return memory + GUARD_BYTES + (long) index * (BYTES + GUARD_BYTES);
    }

    @Override
    public void ready(HostQueue queue) {
      for (int i = 0; i < COMMANDS; i++) {
        var command = queue.take(this);
        long sqe = command.prepare(i % 2 == 0 ? Opcode.READ : Opcode.WRITE, 1);
        Memory.putShort(sqe + Sqe.CDW12, BYTES / 512 - 1);
        if (i % 2 == 0) command.reads(buffer(i), BYTES);
        else command.writes(buffer(i), BYTES);
        queue.submit(command);
        sent.incrementAndGet();
      }
    }

    @Override
    public void down(HostQueue queue, String reason, IoStatus status) {
      // After the commands that are told now.
      reactor.execute(() -> down.complete(reason));
    }

    @Override
    public void answered(HostCommand command, long result, int status) {
      ended.incrementAndGet();
    }

    @Override
    public void lost(HostCommand command, IoStatus status) {
      ended.incrementAndGet();
    }

    void check() {
      assertEquals(sent.get(), ended.get());
      for (int i = 0; i <= COMMANDS; i++) {
        long guard = buffer(i) - GUARD_BYTES;
        for (int at = 0; at < GUARD_BYTES; at += Long.BYTES) {
          assertEquals(0, Memory.getLong(guard + at), "guard " + i);
        }
      }
    }
  }

  private static void answer(Socket socket, boolean digests, Random random) throws IOException {
    socket.setSoTimeout(10_000);
    var in = socket.getInputStream();
    if (in.readNBytes(128).length < 128) return;
    byte[] icResp = pdu(Pdu.IC_RESP, 0, 128, 0, 128);
    icResp[11] = (byte) (digests ? 3 : 0);
    le(icResp).putInt(12, 4096 << random.nextInt(4));
    if (random.nextInt(8) == 0) mutate(icResp, 16, random);
    socket.getOutputStream().write(icResp);
    for (int i = random.nextInt(20); i >= 0; i--) {
      byte[] bytes = pdus(digests, random);
      if (random.nextInt(4) == 0) mutate(bytes, random.nextBoolean() ? 24 : bytes.length, random);
      socket.getOutputStream().write(bytes);
    }
  }

  private static void mutate(byte[] bytes, int reach, Random random) {
    for (int i = random.nextInt(4); i >= 0; i--) {
      bytes[random.nextInt(Math.min(reach, bytes.length))] = (byte) random.nextInt();
    }
  }

  private static byte[] pdus(boolean digests, Random random) {
    var all = new ByteArrayOutputStream();
    for (int i = random.nextInt(3); i >= 0; i--) {
      int id = random.nextInt(COMMANDS + 1);
      switch (random.nextInt(4)) {
        case 0 -> all.writeBytes(header(Pdu.CAPSULE_RESP, 0, (long) id << 32, digests, random));
        case 1 -> all.writeBytes(r2t(id, digests, random));
        case 2 -> all.writeBytes(data(id, digests, random));
        default -> {
          byte[] noise = new byte[random.nextInt(64)];
          if (random.nextInt(10) == 0) random.nextBytes(noise);
          all.writeBytes(noise.length == 0 || noise[0] == 0 ? data(id, digests, random) : noise);
        }
      }
    }
    return all.toByteArray();
  }

  private static byte[] header(int type, int flags, long word, boolean digests, Random random) {
    byte[] pdu = pdu(type, flags | (digests ? 1 : 0), 24, 0, digests ? 28 : 24);
    le(pdu).putShort(20, (short) (word >>> 32)).putShort(22, (short) (random.nextInt(3) / 2));
    seal(pdu, 24, digests);
    return pdu;
  }

  private static byte[] r2t(int id, boolean digests, Random random) {
    byte[] pdu = pdu(Pdu.R2T, digests ? 1 : 0, 24, 0, digests ? 28 : 24);
    int offset = random.nextInt(3) == 0 ? random.nextInt(BYTES) : 0;
    int length = random.nextInt(3) == 0 ? random.nextInt(2 * BYTES) : BYTES;
    le(pdu).putShort(8, (short) id).putInt(12, offset).putInt(16, length);
    seal(pdu, 24, digests);
    return pdu;
  }

  private static byte[] data(int id, boolean digests, Random random) {
    int length = random.nextInt(3) == 0 ? 1 + random.nextInt(2 * BYTES) : BYTES;
    int offset = random.nextInt(4) == 0 ? random.nextInt(BYTES) : 0;
    int head = digests ? 28 : 24;
    int flags = (digests ? 3 : 0) | (random.nextBoolean() ? 12 : random.nextInt(4) << 2);
    byte[] pdu = pdu(Pdu.C2H_DATA, flags, 24, head, head + length + (digests ? 4 : 0));
    le(pdu).putShort(8, (short) id).putInt(12, offset).putInt(16, length);
    seal(pdu, 24, digests);
    byte[] content = new byte[length];
    random.nextBytes(content);
    System.arraycopy(content, 0, pdu, head, length);
    if (digests) {
      var crc = new CRC32C();
      crc.update(content);
      le(pdu).putInt(head + length, (int) crc.getValue());
    }
    return pdu;
  }

  private static void seal(byte[] pdu, int headerBytes, boolean digests) {
    if (!digests) return;
    var crc = new CRC32C();
    crc.update(pdu, 0, headerBytes);
    le(pdu).putInt(headerBytes, (int) crc.getValue());
  }

  private static byte[] pdu(int type, int flags, int hlen, int pdo, int plen) {
    byte[] pdu = new byte[plen];
    le(pdu).put((byte) type).put((byte) flags).put((byte) hlen).put((byte) pdo).putInt(plen);
    return pdu;
  }

  private static ByteBuffer le(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
