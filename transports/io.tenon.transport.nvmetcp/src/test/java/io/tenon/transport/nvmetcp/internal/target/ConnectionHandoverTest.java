package io.tenon.transport.nvmetcp.internal.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.TenonException;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.TransportHandover;
import io.tenon.transport.nvmetcp.internal.pdu.Pdu;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A connection between two targets, whatever of a PDU has come until then. */
class ConnectionHandoverTest extends ConnectedTarget {
  /** A target goes and its successor comes. */
  private void replace() throws Exception {
    target.handOver(port.leave());
    port = open();
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
        port = open();
        assertEquals(Pdu.IC_RESP, late.receive().type());
        assertEquals(0, late.connectQueue(1, DEPTH).status());
        assertEquals(0, early.connectQueue(2, DEPTH).status());
      }
    }
  }

  @Test
  void aHostThatLeavesBetweenTwoTargetsIsForgotten() throws Exception {
    start();
    var host = ioQueue(0);
    var left = port.leave();
    host.close();
    target.handOver(left);
    port = open();
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
      var refused = assertThrows(TenonException.class, () -> open());
      assertTrue(refused.getMessage().contains("version 99"), refused.getMessage());
      var still = target.takeOver("nvmf+tcp").orElseThrow();
      target.handOver(withRecord(still, record));
      port = open();
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
