package io.tenon.transport.nvmetcp.internal.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceUri;
import io.tenon.error.TenonException;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.TransportHandover;
import io.tenon.reactor.internal.ReactorService;
import io.tenon.transport.nvmetcp.internal.FakeTarget;
import io.tenon.transport.nvmetcp.internal.TestReactors;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetConnectionTest {
  private static final int DEPTH = 16;

  private ReactorService reactors;
  private BlockDevice device;
  private FakeTarget target;
  private TargetPort port;
  private long buffersAtStart;

  private void start(boolean shortCuts, int depth, int maxIo, int smallBuffers, int largeBuffers)
      throws Exception {
    reactors = TestReactors.start("", smallBuffers, largeBuffers);
    buffersAtStart = reactors.stats().get(0).buffersFree();
    device = new MallocProvider().open(DeviceUri.parse("malloc:///m?size_mb=16"));
    target = new FakeTarget(device);
    if (!shortCuts) target.withoutShortCuts();
    var config = new TestTargetConfig("127.0.0.1", 0, depth, maxIo, 4096);
    var options = TargetOptions.of(config, name -> null, 131_072);
    port = new TargetPort(reactors, target, options);
  }

  private void start() throws Exception {
    start(true, DEPTH, 131_072, 64, 16);
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

  private RawHost host(int hpda, int digests) throws Exception {
    var host = new RawHost(port.listening().get(0));
    assertEquals(Pdu.IC_RESP, host.initialize(hpda, digests).type());
    return host;
  }

  private RawHost ioQueue(int digests) throws Exception {
    var host = host(0, digests);
    assertEquals(0, host.connectQueue(1, DEPTH).status());
    return host;
  }

  static byte[] pattern(int seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] join(byte[]... parts) {
    var all = new ByteArrayOutputStream();
    for (byte[] part : parts) all.writeBytes(part);
    return all.toByteArray();
  }

  @ParameterizedTest
  @CsvSource({"true,0", "true,1", "true,2", "true,3", "false,0", "false,3"})
  void whatIsWrittenIsReadBack(boolean shortCuts, int digests) throws Exception {
    start(shortCuts, DEPTH, 131_072, 64, 16);
    try (var host = ioQueue(digests)) {
      byte[] small = pattern(1, 4096);
      host.send(host.capsule(RawHost.io(1, 1, 8, 8, RawHost.CAPSULE_SGL, 4096), small));
      assertEquals(0, host.receive().status());
      byte[] large = pattern(2, 131_072);
      host.send(
          host.capsule(RawHost.io(1, 2, 64, 256, RawHost.TRANSPORT_SGL, 131_072), new byte[0]));
      var r2t = host.receive();
      assertEquals(Pdu.R2T, r2t.type());
      assertEquals(2, r2t.commandId());
      assertEquals(0, r2t.view().getInt(12));
      assertEquals(131_072, r2t.view().getInt(16));
      int tag = r2t.view().getShort(10);
      for (int at = 0; at < large.length; at += 32768) {
        byte[] piece = Arrays.copyOfRange(large, at, at + 32768);
        host.send(host.h2cData(2, tag, at, piece, at + 32768 == large.length));
      }
      assertEquals(0, host.receive().status());
      host.send(
          join(
              host.capsule(RawHost.io(2, 3, 8, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]),
              host.capsule(
                  RawHost.io(2, 4, 64, 256, RawHost.TRANSPORT_SGL, 131_072), new byte[0])));
      assertRead(host.receive(), 3, small);
      assertRead(host.receive(), 4, large);
    }
  }

  private static void assertRead(RawHost.Received data, int commandId, byte[] expected) {
    assertEquals(Pdu.C2H_DATA, data.type());
    assertEquals(commandId, data.commandId());
    assertEquals(Pdu.LAST_FLAG | Pdu.SUCCESS_FLAG, data.flags() & ~3);
    assertArrayEquals(expected, data.data());
  }

  @Test
  void dataInOneSmallPieceAndByteByByteIsTheSame() throws Exception {
    start();
    try (var host = ioQueue(3)) {
      byte[] data = pattern(3, 4096);
      byte[] pdu = host.capsule(RawHost.io(1, 1, 0, 8, RawHost.CAPSULE_SGL, 4096), data);
      for (int at = 0; at < pdu.length; at += 97) {
        host.send(Arrays.copyOfRange(pdu, at, Math.min(pdu.length, at + 97)));
      }
      assertEquals(0, host.receive().status());
      host.send(host.capsule(RawHost.io(2, 2, 0, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]));
      assertRead(host.receive(), 2, data);
    }
  }

  @Test
  void dataOffsetFollowsTheAlignmentThatTheHostWants() throws Exception {
    start();
    try (var host = host(31, 1)) {
      assertEquals(0, host.connectQueue(1, DEPTH).status());
      host.send(host.capsule(RawHost.io(2, 1, 0, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]));
      var data = host.receive();
      assertEquals(128, data.pdo());
      assertEquals(128 + 4096, data.length());
    }
  }

  @Test
  void aReadThatFailsAnswersByACapsuleWithoutData() throws Exception {
    start();
    try (var host = ioQueue(0)) {
      host.send(
          host.capsule(RawHost.io(2, 9, 1L << 40, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]));
      var answer = host.receive();
      assertEquals(Pdu.CAPSULE_RESP, answer.type());
      assertEquals(9, answer.commandId());
      assertEquals(0x80, answer.status() & 0x7FF);
    }
  }

  @Test
  void moreDataThanOneR2tAllowsIsAskedForPieceByPiece() throws Exception {
    start(false, DEPTH, 8192, 64, 16);
    try (var host = ioQueue(0)) {
      assertEquals(8192, host.maxH2cData);
      byte[] data = pattern(4, 8192);
      host.send(host.capsule(RawHost.io(1, 1, 0, 16, RawHost.TRANSPORT_SGL, 8192), new byte[0]));
      var r2t = host.receive();
      assertEquals(8192, r2t.view().getInt(16));
      host.send(host.h2cData(1, r2t.view().getShort(10), 0, data, true));
      assertEquals(0, host.receive().status());
    }
  }

  @Test
  void aHostThatDoesNotReadStopsNobodyAndGetsWhatItAskedFor() throws Exception {
    start(true, DEPTH, 131_072, 64, 4);
    byte[] data = pattern(5, 131_072);
    try (var slow = ioQueue(0);
        var other = ioQueue(0)) {
      write128k(other, 1, data);
      for (int round = 0; round < 6; round++) {
        for (int i = 0; i < DEPTH; i++) {
          slow.send(
              slow.capsule(RawHost.io(2, i, 0, 256, RawHost.TRANSPORT_SGL, 131_072), new byte[0]));
        }
        other.send(other.capsule(RawHost.io(2, 3, 0, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]));
        assertRead(other.receive(), 3, Arrays.copyOf(data, 4096));
        for (int i = 0; i < DEPTH; i++) assertRead(slow.receive(), i, data);
      }
    }
  }

  private static void write128k(RawHost host, int commandId, byte[] data) throws Exception {
    byte[] sqe = RawHost.io(1, commandId, 0, 256, RawHost.TRANSPORT_SGL, 131_072);
    host.send(host.capsule(sqe, new byte[0]));
    var r2t = host.receive();
    host.send(host.h2cData(commandId, r2t.view().getShort(10), 0, data, true));
    assertEquals(0, host.receive().status());
  }

  @Test
  void moreWritesThanBuffersWaitAndAllSucceed() throws Exception {
    start(false, DEPTH, 131_072, 16, 4);
    byte[] data = pattern(6, 131_072);
    try (var host = ioQueue(0)) {
      for (int i = 0; i < DEPTH; i++) {
        byte[] sqe = RawHost.io(1, i, i * 256L, 256, RawHost.TRANSPORT_SGL, 131_072);
        host.send(host.capsule(sqe, new byte[0]));
      }
      int done = 0;
      while (done < DEPTH) {
        var pdu = host.receive();
        if (pdu.type() == Pdu.R2T) {
          host.send(host.h2cData(pdu.commandId(), pdu.view().getShort(10), 0, data, true));
        } else {
          assertEquals(0, pdu.status());
          done++;
        }
      }
    }
  }

  @Test
  void largeWritesSendTheirDataEightAtATimeAndNothingElseWaitsForThem() throws Exception {
    start();
    byte[] data = pattern(9, 131_072);
    try (var host = ioQueue(0)) {
      int writes = DEPTH - 1;
      for (int i = 0; i < writes; i++) {
        byte[] sqe = RawHost.io(1, i, i * 256L, 256, RawHost.TRANSPORT_SGL, 131_072);
        host.send(host.capsule(sqe, new byte[0]));
      }
      var asked = new ArrayDeque<RawHost.Received>();
      for (int i = 0; i < 8; i++) asked.add(host.receive());
      host.send(
          host.capsule(RawHost.io(2, writes, 0, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]));
      assertRead(host.receive(), writes, new byte[4096]);
      for (int done = 0; done < writes; ) {
        var r2t = asked.remove();
        assertEquals(Pdu.R2T, r2t.type());
        host.send(host.h2cData(r2t.commandId(), r2t.view().getShort(10), 0, data, true));
        var answer = host.receive();
        while (answer.type() == Pdu.R2T) {
          asked.add(answer);
          answer = host.receive();
        }
        assertEquals(0, answer.status());
        done++;
        boolean oneMoreIsAsked = done + asked.size() < writes && asked.size() < 8;
        if (oneMoreIsAsked) asked.add(host.receive());
      }
    }
  }

  @Test
  void aWrongDataDigestFailsTheCommandAndTheConnectionLives() throws Exception {
    start();
    try (var host = ioQueue(2)) {
      byte[] pdu =
          host.capsule(RawHost.io(1, 1, 0, 8, RawHost.CAPSULE_SGL, 4096), pattern(7, 4096));
      pdu[pdu.length - 1] ^= 1;
      host.send(pdu);
      var answer = host.receive();
      assertEquals(0x22, answer.status());
      host.send(host.capsule(RawHost.io(1, 2, 0, 16, RawHost.TRANSPORT_SGL, 8192), new byte[0]));
      var r2t = host.receive();
      byte[] data = host.h2cData(2, r2t.view().getShort(10), 0, pattern(8, 8192), true);
      data[100] ^= 1;
      host.send(data);
      assertEquals(0x22, host.receive().status());
      host.send(host.capsule(RawHost.io(2, 3, 0, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]));
      assertRead(host.receive(), 3, new byte[4096]);
    }
  }

  private static void assertTerminated(RawHost host, int fes, int fei) throws Exception {
    RawHost.Received answer = host.receive();
    while (answer.type() != Pdu.C2H_TERM_REQ) answer = host.receive();
    assertEquals(fes, answer.view().getShort(8));
    assertEquals(fei, answer.view().getInt(10));
  }

  @ParameterizedTest
  @CsvSource({
    // index, value, fes, fei
    "0, 5, 1, 0",
    "0, 9, 1, 0",
    "0, 77, 1, 0",
    "0, 0, 2, 0",
    "1, 1, 1, 1",
    "2, 24, 1, 2",
    "2, 0, 1, 2",
    "4, 71, 1, 4",
    "6, 100, 1, 4",
    "7, -1, 1, 4",
    "3, 71, 1, 3",
    "3, 73, 1, 3"
  })
  void aCapsuleWithAWrongHeaderTerminates(int index, int value, int fes, int fei) throws Exception {
    start();
    try (var host = ioQueue(0)) {
      byte[] pdu = host.capsule(RawHost.io(1, 1, 0, 8, RawHost.CAPSULE_SGL, 64), new byte[64]);
      pdu[index] = (byte) value;
      host.send(pdu);
      assertTerminated(host, fes, fei);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 0, 1, 1",
    "8, 3, 1, 8",
    "10, 77, 1, 10",
    "12, 4, 4, 0",
    "16, 1, 1, 4",
    "2, 8, 1, 2",
    "3, 20, 1, 3"
  })
  void dataWithAWrongHeaderTerminates(int index, int value, int fes, int fei) throws Exception {
    start();
    try (var host = ioQueue(0)) {
      host.send(host.capsule(RawHost.io(1, 1, 0, 16, RawHost.TRANSPORT_SGL, 8192), new byte[0]));
      var r2t = host.receive();
      byte[] pdu = host.h2cData(1, r2t.view().getShort(10), 0, new byte[8192], true);
      pdu[index] = (byte) value;
      host.send(pdu);
      assertTerminated(host, fes, fei);
    }
  }

  @Test
  void dataThatNobodyAskedForTerminates() throws Exception {
    start();
    try (var host = ioQueue(0)) {
      host.send(host.h2cData(1, 0, 0, new byte[512], true));
      assertTerminated(host, 1, 10);
      // The host should close now. When it does not, the target does, after a while.
      assertTrue(host.isAtEnd());
    }
  }

  @Test
  void aWrongHeaderDigestTerminatesWithTheDigestThatCame() throws Exception {
    start();
    try (var host = ioQueue(1)) {
      byte[] pdu = host.capsule(RawHost.io(2, 1, 0, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]);
      pdu[50] ^= 1;
      int sent = RawHost.le(pdu).getInt(72);
      host.send(pdu);
      assertTerminated(host, 3, sent);
    }
  }

  @Test
  void anythingBeforeInitializationTerminates() throws Exception {
    start();
    try (var host = new RawHost(port.listening().get(0))) {
      host.send(host.capsule(RawHost.io(2, 1, 0, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]));
      assertTerminated(host, 2, 0);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 9})
  void anUnknownProtocolFormatTerminates(int index) throws Exception {
    start();
    try (var host = new RawHost(port.listening().get(0))) {
      byte[] pdu = RawHost.icReq(0, 0, 0);
      pdu[index] = 1;
      host.send(pdu);
      assertTerminated(host, 6, 8);
    }
  }

  @Test
  void moreCommandsThanEntriesTerminate() throws Exception {
    start(false, 2, 131_072, 64, 16);
    try (var host = host(0, 0)) {
      assertEquals(0, host.connectQueue(1, 2).status());
      for (int i = 0; i < 3; i++) {
        host.send(host.capsule(RawHost.io(1, i, 0, 16, RawHost.TRANSPORT_SGL, 8192), new byte[0]));
      }
      assertTerminated(host, 5, 0);
    }
  }

  @Test
  void aHostThatLeavesInTheMiddleOfAWriteLeavesNothingBehind() throws Exception {
    start();
    for (int i = 0; i < 20; i++) {
      try (var host = ioQueue(0)) {
        host.send(
            host.capsule(RawHost.io(1, 1, 0, 256, RawHost.TRANSPORT_SGL, 131_072), new byte[0]));
        var r2t = host.receive();
        byte[] data = host.h2cData(1, r2t.view().getShort(10), 0, pattern(9, 131_072), true);
        host.send(Arrays.copyOf(data, data.length / 20 * (i + 1) - 1));
      }
    }
  }

  /** A target goes and its successor comes. */
  private void replace() throws Exception {
    target.handOver(port.leave());
    port = new TargetPort(reactors, target, options());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void aCapsuleOfWhichHalfHasComeIsCompletedByTheSuccessor(int digests) throws Exception {
    start();
    try (var host = ioQueue(digests)) {
      byte[] data = pattern(7, 4096);
      byte[] pdu = host.capsule(RawHost.io(1, 1, 0, 8, RawHost.CAPSULE_SGL, 4096), data);
      for (int cut : new int[] {1, 8, 71, 72, 77, 2000, pdu.length - 1}) {
        host.send(Arrays.copyOf(pdu, cut));
        replace();
        host.send(Arrays.copyOfRange(pdu, cut, pdu.length));
        assertEquals(0, host.receive().status());
        replace();
        host.send(host.capsule(RawHost.io(2, 2, 0, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]));
        assertRead(host.receive(), 2, data);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void dataThatWasAskedForComesToThePredecessorAndWhatFollowsGoesOnLater(int digests)
      throws Exception {
    start();
    try (var host = ioQueue(digests)) {
      byte[] data = pattern(8, 65_536);
      host.send(host.capsule(RawHost.io(1, 1, 0, 128, RawHost.TRANSPORT_SGL, 65_536), new byte[0]));
      var r2t = host.receive();
      int tag = r2t.view().getShort(10);
      var replaced = CompletableFuture.runAsync(this::replaceUnchecked);
      host.send(host.h2cData(1, tag, 0, Arrays.copyOf(data, 32_768), false));
      // Behind data that is on its way: these must be taken to get at the rest of it, and begin
      // anew later.
      host.send(
          join(
              host.capsule(RawHost.io(2, 2, 512, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]),
              host.capsule(
                  RawHost.io(1, 3, 1024, 128, RawHost.TRANSPORT_SGL, 65_536), new byte[0])));
      host.send(host.h2cData(1, tag, 32_768, Arrays.copyOfRange(data, 32_768, data.length), true));
      var seen = new TreeSet<Integer>();
      int secondTag = -1;
      for (int i = 0; i < 3; i++) {
        var answer = host.receive();
        if (answer.type() == Pdu.R2T) secondTag = answer.view().getShort(10);
        else assertTrue(seen.add(answer.commandId()));
      }
      assertEquals(Set.of(1, 2), seen);
      host.send(host.h2cData(3, secondTag, 0, data, true));
      assertEquals(0, host.receive().status());
      replaced.get(20, TimeUnit.SECONDS);
      for (int lba : new int[] {0, 1024}) {
        host.send(
            host.capsule(RawHost.io(2, 4, lba, 128, RawHost.TRANSPORT_SGL, 65_536), new byte[0]));
        assertRead(host.receive(), 4, data);
      }
    }
  }

  /** Data that it has asked for does not come; what comes behind is held back until it is known that the connection stays. */
  @Test
  void oneThatDoesNotComeToRestIsNotLentAndGoesOn() throws Exception {
    start();
    try (var host = ioQueue(0)) {
      byte[] data = pattern(8, 65_536);
      host.send(host.capsule(RawHost.io(1, 1, 0, 128, RawHost.TRANSPORT_SGL, 65_536), new byte[0]));
      int first = host.receive().view().getShort(10);
      var loans = new SubsystemLoans(target, port.hosts());
      var lent =
          CompletableFuture.supplyAsync(
              () -> assertThrows(TenonException.class, () -> loans.lend("nqn.fake", loans)));
      host.send(
          join(
              host.capsule(RawHost.io(2, 2, 512, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]),
              host.capsule(
                  RawHost.io(1, 3, 1024, 128, RawHost.TRANSPORT_SGL, 65_536), new byte[0])));
      int second = -1;
      boolean read = false;
      for (int i = 0; i < 2; i++) {
        var answer = host.receive();
        if (answer.type() == Pdu.R2T) second = answer.view().getShort(10);
        else read = answer.commandId() == 2;
      }
      assertTrue(read);
      String why = lent.get(20, TimeUnit.SECONDS).getMessage();
      assertTrue(why.contains("do not come to rest"), why);
      host.send(host.h2cData(3, second, 0, data, true));
      assertEquals(3, host.receive().commandId());
      host.send(host.h2cData(1, first, 0, data, true));
      assertEquals(1, host.receive().commandId());
      assertEquals(1, port.connections());
    }
  }

  private void replaceUnchecked() {
    try {
      replace();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aRequestForAnEventIsMadeToTheSuccessorOnceMore() throws Exception {
    start();
    try (var host = host(0, 0)) {
      assertEquals(0, host.connectQueue(0, DEPTH).status());
      host.send(host.capsule(RawHost.sqe(0x0C, 9, 0, 0), new byte[0]));
      host.send(host.capsule(RawHost.sqe(0x18, 10, 0, 0), new byte[0]));
      assertEquals(10, host.receive().commandId());
      replace();
      // One more is more than this target holds: the first one, which it has again, is answered.
      host.send(host.capsule(RawHost.sqe(0x0C, 11, 0, 0), new byte[0]));
      assertEquals(9, host.receive().commandId());
    }
  }

  @Test
  void aHostBetweenItsTwoFirstPdusAndOneThatComesMeanwhileAreServedByTheSuccessor()
      throws Exception {
    start();
    try (var early = host(0, 3)) {
      var left = port.leave();
      try (var late = new RawHost(left.port().local())) {
        late.send(RawHost.icReq(0, 0, 0));
        target.handOver(left);
        port = new TargetPort(reactors, target, options());
        assertEquals(Pdu.IC_RESP, late.receive().type());
        assertEquals(0, late.connectQueue(1, DEPTH).status());
        assertEquals(0, early.connectQueue(2, DEPTH).status());
      }
    }
  }

  private static TargetOptions options() throws Exception {
    var config = new TestTargetConfig("127.0.0.1", 0, DEPTH, 131_072, 4096);
    return TargetOptions.of(config, name -> null, 131_072);
  }

  @Test
  void aHostThatLeavesBetweenTwoTargetsIsForgotten() throws Exception {
    start();
    var host = ioQueue(0);
    var left = port.leave();
    host.close();
    target.handOver(left);
    port = new TargetPort(reactors, target, options());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (port.connections() > 0) {
      assertTrue(System.nanoTime() < deadline, "a connection without a host stays");
      Thread.onSpinWait();
    }
  }

  @Test
  void whatIsNotUnderstoodIsLeftForOneWhoUnderstandsIt() throws Exception {
    start();
    try (var host = ioQueue(0)) {
      var left = port.leave();
      byte[] record = left.connections().get(0).record();
      byte[] later = record.clone();
      later[0] = 99;
      target.handOver(withRecord(left, later));
      var refused =
          assertThrows(TenonException.class, () -> new TargetPort(reactors, target, options()));
      assertTrue(refused.getMessage().contains("version 99"), refused.getMessage());
      var still = target.takeOver("nvmf+tcp").orElseThrow();
      target.handOver(withRecord(still, record));
      port = new TargetPort(reactors, target, options());
      host.send(host.capsule(RawHost.io(2, 2, 0, 8, RawHost.TRANSPORT_SGL, 4096), new byte[0]));
      assertEquals(2, host.receive().commandId());
    }
  }

  /** The same with another record for its one connection. */
  private TransportHandover withRecord(TransportHandover left, byte[] record) throws Exception {
    var parked = left.connections().get(0);
    var changed = new CompletableFuture<ParkedConnection>();
    left.reactor()
        .execute(
            () ->
                changed.complete(
                    ParkedConnection.park(
                        parked.socket(),
                        parked.adopt(parked),
                        parked.limits(),
                        record,
                        parked.socket().reactor().nowNs())));
    return new TransportHandover(
        left.type(),
        left.uriScheme(),
        left.reactor(),
        left.port(),
        List.of(changed.get(20, TimeUnit.SECONDS)));
  }
}
