package io.tenon.nvme.internal;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.block.ReservationStatus;
import io.tenon.block.ReservationType;
import io.tenon.block.testing.TestReactors;
import io.tenon.linux.Memory;
import io.tenon.nvme.ConnectData;
import io.tenon.nvme.Feature;
import io.tenon.nvme.IdentifyController;
import io.tenon.nvme.IdentifyNamespace;
import io.tenon.nvme.LogPage;
import io.tenon.nvme.NvmeStatus;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.Opcode;
import io.tenon.nvme.Property;
import io.tenon.nvme.ReservationLayout;
import io.tenon.nvme.Sqe;
import io.tenon.nvme.TargetException;
import io.tenon.nvme.internal.reservation.ReservationFiles;
import io.tenon.nvme.internal.reservation.ReservationStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reservations as hosts use them: two hosts, each with queues on both reactors. */
class ReservationsTest extends TargetFixture {
  private static final UUID A = new UUID(1, 0xA);
  private static final UUID B = new UUID(1, 0xB);
  private static final int EXCLUSIVE = ReservationType.EXCLUSIVE_ACCESS.code();
  private static final int EVENT = 6 | LogPage.RESERVATION_NOTIFICATION << 16;

  @TempDir Path folder;

  /** What is to be kept waits here, when a test wants it to. */
  private volatile @Nullable BlockingQueue<Runnable> held;

  @Override
  ShareOptions options() {
    return new ShareOptions(
        Set.of(), 1, 20, true, ShareOptions.anyHost().origin(), Optional.of(Path.of("it.json")));
  }

  @Override
  ReservationStore reservationStore() {
    return new ReservationFiles(
        folder,
        task -> {
          var waiting = held;
          if (waiting == null) Thread.ofVirtual().start(task);
          else waiting.add(task);
        });
  }

  /** A host with one controller: its I/O queue is on another reactor than the admin queue. */
  private final class Host {
    final TestHost admin;
    final TestHost io;

    Host(UUID id, int ioReactor) {
      String nqn = "nqn.2014-08.org.nvmexpress:uuid:" + id;
      admin = new TestHost(target, reactors.get(1 - ioReactor), id);
      var connected = admin.connect(subsystem.nqn(), nqn, 0, ConnectData.DYNAMIC_CONTROLLER, 0);
      admin.property(Property.CC, Property.CC_ENTRY_SIZES | Property.CC_ENABLE);
      io = new TestHost(target, reactors.get(ioReactor), id);
      assertEquals(0, io.connect(subsystem.nqn(), nqn, 1, (int) connected.result(), 0).status());
    }

    TestHost.Command command(int opcode, int word, long key, long other) {
      int bytes = opcode == Opcode.RESERVATION_RELEASE ? 8 : 16;
      var command =
          io.command(
              opcode,
              bytes,
              sqe -> {
                Memory.putInt(sqe + Sqe.NSID, 1);
                Memory.putInt(sqe + Sqe.CDW10, word);
              });
      Memory.putLong(command.data, key);
      Memory.putLong(command.data + 8, other);
      return command;
    }

    int register(long key) {
      return code(io.call(command(Opcode.RESERVATION_REGISTER, 0, 0, key)));
    }

    int registerForGood(long key) {
      int word = ReservationLayout.PERSISTENCE_ON << ReservationLayout.PERSISTENCE_SHIFT;
      return code(io.call(command(Opcode.RESERVATION_REGISTER, word, 0, key)));
    }

    int acquire(long key, int type) {
      return code(io.call(command(Opcode.RESERVATION_ACQUIRE, type << 8, key, 0)));
    }

    TestHost.Command preempt(long key, long preempted, boolean abort) {
      int action = abort ? ReservationLayout.PREEMPT_AND_ABORT : ReservationLayout.PREEMPT;
      return command(Opcode.RESERVATION_ACQUIRE, action | EXCLUSIVE << 8, key, preempted);
    }

    int release(long key, int type) {
      return code(io.call(command(Opcode.RESERVATION_RELEASE, type << 8, key, 0)));
    }

    int clear(long key) {
      return code(io.call(command(Opcode.RESERVATION_RELEASE, ReservationLayout.CLEAR, key, 0)));
    }

    ReservationStatus report() {
      int bytes = 1024;
      var report = io.call(reportCommand(bytes, ReservationLayout.EXTENDED));
      assertEquals(0, report.status());
      return ReservationLayout.read(report.data, bytes, true);
    }

    TestHost.Command reportCommand(int bytes, int extended) {
      return io.command(
          Opcode.RESERVATION_REPORT,
          bytes,
          sqe -> {
            Memory.putInt(sqe + Sqe.NSID, 1);
            Memory.putInt(sqe + Sqe.CDW10, bytes / 4 - 1);
            Memory.putInt(sqe + Sqe.CDW11, extended);
          });
    }

    int tries(int opcode) {
      return code(io.call(io.io(opcode, 0, 1, 0)));
    }

    List<Integer> notices(int count) {
      var found = new ArrayList<Integer>();
      for (int i = 0; i < count; i++) {
        var page = admin.logPage(LogPage.RESERVATION_NOTIFICATION, 0, 0, 64);
        found.add(Memory.getU8(page.data + 8));
      }
      return found;
    }
  }

  @Test
  void statesWhatItCan() {
    var a = new Host(A, 0);
    var controller = a.admin.call(Opcode.IDENTIFY, 4096, sqe -> Memory.putInt(sqe + Sqe.CDW10, 1));
    assertTrue(IdentifyController.hasReservations(controller.data));
    var namespace = a.admin.call(Opcode.IDENTIFY, 4096, sqe -> Memory.putInt(sqe + Sqe.NSID, 1));
    assertTrue(IdentifyNamespace.keepsReservations(namespace.data));
    assertEquals(0xFF, Memory.getU8(namespace.data + 31));
  }

  @Test
  void whoDoesNotHoldItNeitherReadsNorWrites() {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    assertEquals(0, a.register(10));
    assertEquals(0, b.register(20));
    assertEquals(0, a.acquire(10, EXCLUSIVE));
    int conflict = NvmeStatus.RESERVATION_CONFLICT;
    for (int opcode :
        new int[] {Opcode.READ, Opcode.WRITE, Opcode.COMPARE, Opcode.WRITE_ZEROES, Opcode.FLUSH}) {
      assertEquals(0, a.tries(opcode), () -> "opcode " + opcode);
      assertEquals(conflict, b.tries(opcode), () -> "opcode " + opcode);
    }
    var late = new Host(new UUID(1, 0xC), 0);
    assertEquals(conflict, late.tries(Opcode.READ), "a queue that comes later knows of it");
    var path = new Host(A, 1);
    assertEquals(0, path.tries(Opcode.WRITE), "another path of the holder");
    assertEquals(conflict, b.acquire(20, EXCLUSIVE));
    assertEquals(0, a.release(10, EXCLUSIVE));
    assertEquals(0, b.tries(Opcode.WRITE));
  }

  @Test
  void aReportTellsAllAndIsCutWhereThereIsNoRoom() {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    assertEquals(0, a.register(10));
    assertEquals(0, b.register(20));
    assertEquals(0, b.acquire(20, EXCLUSIVE));
    var report = a.report();
    assertEquals(2, report.generation());
    assertEquals(Optional.of(ReservationType.EXCLUSIVE_ACCESS), report.type());
    assertFalse(report.persists());
    assertEquals(subsystem.reservations(), report);
    assertEquals(20, report.holder().orElseThrow().key());
    assertEquals(B, report.holder().orElseThrow().hostId());
    assertEquals(0xFFFF, report.holder().orElseThrow().controllerId());
    var cut = a.io.call(a.reportCommand(64 + 64, ReservationLayout.EXTENDED));
    assertEquals(2, ReservationLayout.registrants(cut.data));
    assertEquals(1, ReservationLayout.read(cut.data, 128, true).registrants().size());
    var brief = a.io.call(a.reportCommand(4, ReservationLayout.EXTENDED));
    assertEquals(2, Memory.getInt(brief.data));
  }

  @Test
  void idsOfHostsDoNotFitIntoAShortReport() {
    var a = new Host(A, 0);
    assertEquals(NvmeStatus.HOST_ID_INCONSISTENT, code(a.io.call(a.reportCommand(1024, 0))));
  }

  @Test
  void aHostWithoutAnIdCannotReserve() {
    var nobody = new Host(new UUID(0, 0), 0);
    assertEquals(NvmeStatus.COMMAND_SEQUENCE_ERROR, nobody.register(10));
    assertEquals(List.of(), nobody.report().registrants());
  }

  @Test
  void preemptingWaitsForWhatThePreemptedHostHasWithTheDevice() {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    assertEquals(0, a.register(10));
    assertEquals(0, a.acquire(10, EXCLUSIVE));
    assertEquals(0, b.register(20));
    device.hold();
    var write = a.io.send(a.io.io(Opcode.WRITE, 0, 1, 0));
    var preempt = b.io.send(b.preempt(20, 10, false));
    settle();
    assertFalse(preempt.answered.isDone(), "the write may still be applied");
    assertEquals(NvmeStatus.RESERVATION_CONFLICT, a.tries(Opcode.WRITE), "but no other one begins");
    device.letGo();
    assertEquals(0, TestReactors.await(preempt.answered).status());
    assertTrue(write.answered.isDone());
    assertEquals(0, TestReactors.await(write.answered).status());
    assertEquals(0, b.tries(Opcode.WRITE));
    assertEquals(Set.of(B), ids(b.report()));
  }

  private static Set<UUID> ids(ReservationStatus report) {
    var ids = new LinkedHashSet<UUID>();
    for (var one : report.registrants()) ids.add(one.hostId());
    return ids;
  }

  @Test
  void whatComesWhileAPreemptWaitsDoesNotHoldItUp() {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    assertEquals(0, a.register(10));
    int type = ReservationType.WRITE_EXCLUSIVE.code();
    assertEquals(0, a.acquire(10, type));
    assertEquals(0, b.register(20));
    device.hold();
    var write = a.io.send(a.io.io(Opcode.WRITE, 0, 1, 0));
    var preempt =
        b.io.send(
            b.command(Opcode.RESERVATION_ACQUIRE, ReservationLayout.PREEMPT | type << 8, 20, 10));
    settle();
    var read = a.io.send(a.io.io(Opcode.READ, 0, 1, 0));
    device.letGo();
    TestReactors.await(preempt.answered);
    assertTrue(write.answered.isDone());
    assertEquals(0, TestReactors.await(read.answered).status());
  }

  @Test
  void preemptAndAbortWaitsForWhatIsStillAllowedAsWell() {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    for (boolean abort : new boolean[] {false, true}) {
      assertEquals(0, a.register(10));
      assertEquals(0, b.register(20));
      device.hold();
      var read = a.io.send(a.io.io(Opcode.READ, 0, 1, 0));
      var preempt = b.io.send(b.preempt(20, 10, abort));
      settle();
      assertEquals(!abort, preempt.answered.isDone(), "nobody holds it, nothing is forbidden");
      device.letGo();
      assertEquals(0, TestReactors.await(preempt.answered).status());
      assertEquals(0, TestReactors.await(read.answered).status());
      assertEquals(0, b.clear(20));
    }
  }

  @Test
  void preemptAndAbortEndsWhatWaitsForTheEndOfAPause() throws Exception {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    int type = ReservationType.WRITE_EXCLUSIVE.code();
    assertEquals(0, a.registerForGood(10));
    assertEquals(0, a.acquire(10, type));
    assertEquals(0, b.register(20));
    var waiting = new LinkedBlockingQueue<Runnable>();
    held = waiting;
    int word = ReservationLayout.PREEMPT_AND_ABORT | type << 8;
    var preempt = b.io.send(b.command(Opcode.RESERVATION_ACQUIRE, word, 20, 10));
    var storing = Objects.requireNonNull(waiting.poll(10, SECONDS), "it is not stored");
    TestReactors.await(subsystem.pause().toCompletableFuture());
    var read = a.io.send(a.io.io(Opcode.READ, 0, 1, 0));
    settle();
    assertFalse(read.answered.isDone());
    storing.run();
    assertEquals(0, TestReactors.await(preempt.answered).status());
    assertEquals(NvmeStatus.ABORTED_BY_PREEMPT, code(TestReactors.await(read.answered)));
    subsystem.resume();
  }

  @Test
  void hostsAreToldOfWhatHappensToThem() {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    assertEquals(0, a.register(10));
    assertEquals(0, a.acquire(10, ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY.code()));
    assertEquals(0, b.register(20));
    var event = awaitEvent(b.admin);
    assertEquals(0, a.release(10, ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY.code()));
    assertEquals(EVENT, TestReactors.await(event.answered).result());
    assertEquals(0, a.clear(10));
    settle();
    var page = b.admin.logPage(LogPage.RESERVATION_NOTIFICATION, 1 << 15, 0, 64);
    assertEquals(1, Memory.getLong(page.data), "count");
    assertEquals(1, Memory.getU8(page.data + 9), "one more");
    assertEquals(1, Memory.getInt(page.data + 12), "namespace");
    assertEquals(List.of(2, 3, 0), b.notices(3), "released, preempted, no more");
    assertEquals(List.of(0), a.notices(1), "who does it is not told");
    assertEquals(EVENT, TestReactors.await(awaitEvent(b.admin).answered).result());
  }

  @Test
  void aHostMasksWhatItDoesNotWantToHear() {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    assertEquals(0, a.register(10));
    assertEquals(0, b.register(20));
    var set =
        b.admin.call(
            Opcode.SET_FEATURES,
            0,
            sqe -> {
              Memory.putInt(sqe + Sqe.NSID, 0xFFFF_FFFF);
              Memory.putInt(sqe + Sqe.CDW10, Feature.RESERVATION_NOTIFICATION_MASK);
              Memory.putInt(sqe + Sqe.CDW11, 1 << 1);
            });
    assertEquals(0, set.status());
    assertEquals(2, feature(b, Feature.RESERVATION_NOTIFICATION_MASK));
    assertEquals(0, code(a.io.call(a.preempt(10, 20, false))));
    settle();
    assertEquals(List.of(0), b.notices(1));
    assertEquals(0, b.register(21));
    assertEquals(0, a.clear(10));
    settle();
    assertEquals(List.of(3), b.notices(1));
  }

  private static long feature(Host host, int id) {
    var got =
        host.admin.call(
            Opcode.GET_FEATURES,
            0,
            sqe -> {
              Memory.putInt(sqe + Sqe.NSID, 1);
              Memory.putInt(sqe + Sqe.CDW10, id);
            });
    assertEquals(0, got.status());
    return got.result();
  }

  private static int persistence(Host host, int value) {
    return code(
        host.admin.call(
            Opcode.SET_FEATURES,
            0,
            sqe -> {
              Memory.putInt(sqe + Sqe.NSID, 1);
              Memory.putInt(sqe + Sqe.CDW10, Feature.RESERVATION_PERSISTENCE);
              Memory.putInt(sqe + Sqe.CDW11, value);
            }));
  }

  private void shareAgain() throws TargetException {
    target.unshare(subsystem);
    subsystem = target.share(subsystem.device(), options());
  }

  @Test
  void whatPersistsSurvivesARestart() throws Exception {
    var a = new Host(A, 0);
    assertEquals(0, a.registerForGood(10));
    assertEquals(1, feature(a, Feature.RESERVATION_PERSISTENCE));
    assertEquals(0, a.acquire(10, EXCLUSIVE));
    shareAgain();
    var b = new Host(B, 1);
    assertEquals(NvmeStatus.RESERVATION_CONFLICT, b.tries(Opcode.WRITE));
    var report = b.report();
    assertTrue(report.persists());
    assertEquals(A, report.holder().orElseThrow().hostId());
    var again = new Host(A, 0);
    assertEquals(0, again.tries(Opcode.WRITE));
    assertEquals(0, persistence(again, 0));
    assertEquals(List.of(), files());
    shareAgain();
    var free = new Host(B, 1);
    assertEquals(0, free.tries(Opcode.WRITE));
    assertEquals(0, persistence(free, 1));
    assertEquals(List.of("it.json"), files());
  }

  @Test
  void whoHadItIsKnownUntilSomebodyCameAndWentInOrder() throws Exception {
    var shared = subsystem.device();
    assertEquals(0, new Host(A, 0).register(10));
    shareAgain();
    shareAgain();
    target.unshare(subsystem);
    assertTrue(target.wasReserved(shared));
    subsystem = target.share(shared, options());
    var b = new Host(B, 1);
    assertEquals(0, b.register(20));
    assertEquals(0, b.clear(20));
    target.unshare(subsystem);
    assertFalse(target.wasReserved(shared));
    subsystem = target.share(shared, options());
  }

  private List<String> files() throws Exception {
    try (var all = Files.list(folder)) {
      return all.map(one -> String.valueOf(one.getFileName())).toList();
    }
  }

  @Test
  void whatCannotBeKeptDoesNotHappen() throws Exception {
    var a = new Host(A, 0);
    Files.createDirectory(folder.resolve("it.json.new"));
    assertEquals(NvmeStatus.INTERNAL_ERROR, a.registerForGood(10));
    assertEquals(List.of(), a.report().registrants());
    assertEquals(0, a.register(10), "without persistence there is nothing to keep");
    Files.delete(folder.resolve("it.json.new"));
    assertEquals(0, a.registerForGood(10));
  }

  @Test
  void aFileThatIsNotUnderstoodStopsTheShare() throws Exception {
    target.unshare(subsystem);
    Files.writeString(folder.resolve("it.json"), "{\"ptpl\": true}");
    var refused =
        assertThrows(TargetException.class, () -> target.share(subsystem.device(), options()));
    assertEquals(TargetException.Kind.RESERVATIONS, refused.kind());
    assertEquals(Optional.empty(), subsystem.device().claimedBy(), "and gives the device back");
    Files.delete(folder.resolve("it.json"));
    subsystem = target.share(subsystem.device(), options());
  }

  @Test
  void onlyWhatWasAllowedAtItsTimeReachesTheDevice() {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    assertEquals(0, a.register(10));
    assertEquals(0, b.register(20));
    assertEquals(0, a.acquire(10, EXCLUSIVE));
    device.arrived.clear();
    assertEquals(NvmeStatus.RESERVATION_CONFLICT, b.tries(Opcode.WRITE));
    assertEquals(List.of(), device.arrived);
    assertEquals(0, a.tries(Opcode.WRITE));
    assertEquals(List.of(IoOperation.WRITE), device.arrived);
    device.answer(IoStatus.RESERVATION_CONFLICT);
    assertEquals(
        NvmeStatus.RESERVATION_CONFLICT, a.tries(Opcode.WRITE), "of a device behind the device");
  }

  @Test
  void twoHalvesOfAPairNeedTheRightToBoth() {
    var a = new Host(A, 0);
    var b = new Host(B, 1);
    assertEquals(0, a.register(10));
    assertEquals(0, a.acquire(10, ReservationType.WRITE_EXCLUSIVE.code()));
    var pair =
        b.io.sendAll(List.of(b.io.io(Opcode.COMPARE, 0, 1, 1), b.io.io(Opcode.WRITE, 0, 1, 2)));
    assertEquals(
        NvmeStatus.ABORTED_FAILED_FUSED, code(TestReactors.await(pair.getFirst().answered)));
    assertEquals(
        NvmeStatus.RESERVATION_CONFLICT, code(TestReactors.await(pair.getLast().answered)));
  }
}
