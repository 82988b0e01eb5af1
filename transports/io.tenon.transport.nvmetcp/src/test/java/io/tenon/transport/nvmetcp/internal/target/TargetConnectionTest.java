package io.tenon.transport.nvmetcp.internal.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a connection does with what comes from a host, and what it leaves behind. */
class TargetConnectionTest extends ConnectedTarget {
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
}
