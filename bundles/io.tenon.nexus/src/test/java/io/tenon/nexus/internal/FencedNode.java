package io.tenon.nexus.internal;

import io.tenon.block.ReservationClaim;
import io.tenon.block.ReservationClaim.Policy;
import io.tenon.block.ReservationType;
import io.tenon.block.Reservations.Persistence;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.error.TenonException;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.internal.StoredRecord.Limits;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.internal.reservation.ReservationStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A node with nexuses that has some {@link FencedDisk}s open, as other nodes have. */
final class FencedNode {
  static final String KEY = "/volume/v/nexus/n/info";
  private static final Limits SHORT =
      new Limits(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofMillis(20));

  final UUID host;
  final TestDevices devices = new TestDevices();
  final Target target;
  NexusService service;
  private final TestStore store;
  private final TestReactors reactors;

  /** Long ago, unless the test starts it again. */
  private volatile long startedNs = System.nanoTime() - TimeUnit.HOURS.toNanos(1);

  FencedNode(int number, TestReactors reactors, TestStore store, FencedDisk... disks)
      throws TenonException {
    this(number, reactors, store, ReservationStore.NONE, disks);
  }

  /**
   * @param kept reservations of what the node shares
   */
  FencedNode(
      int number,
      TestReactors reactors,
      TestStore store,
      ReservationStore kept,
      FencedDisk... disks)
      throws TenonException {
    this.reactors = reactors;
    this.store = store;
    host = new UUID(9, number);
    target = new Target("", 16, "test", kept, Thread::startVirtualThread);
    service = service();
    for (var disk : disks) devices.adopt(disk.seenBy(host), disk.uri());
  }

  private NexusService service() {
    var made =
        new NexusService(
            devices,
            target,
            reactors.reactors(),
            Thread::startVirtualThread,
            false,
            new Timing(
                InstantSource.system(),
                SHORT,
                Vigil.WINDOW_NS,
                () -> System.nanoTime() - startedNs));
    made.storeCame(store);
    return made;
  }

  /** The first half of an update of the bundle. */
  void leaveNexuses() {
    service.leave();
  }

  /** What it has shared before is forgotten; its devices stay. */
  void restart() {
    service.close();
    startedNs = System.nanoTime();
    service = service();
  }

  /** The second half. */
  void takeUpNexuses() {
    service = service();
    service.takeUp();
  }

  Nexus create(ReservationClaim claim, FencedDisk... of) throws NexusException {
    return create(claim, List.of(of).stream().map(FencedDisk::uri).toList());
  }

  Nexus create(ReservationClaim claim, List<String> uris) throws NexusException {
    return service.create(
        new NexusSpec(
            "v1",
            new UUID(7, 1),
            8 << 20,
            uris,
            1,
            2,
            ReadPolicy.LOCAL_FIRST,
            Optional.of(KEY),
            Optional.of(claim)));
  }

  TestVolume volume(Nexus nexus) {
    return new TestVolume(nexus.device(), reactors.get(1));
  }

  static ReservationClaim holder(long key) {
    return claim(key, ReservationType.EXCLUSIVE_ACCESS, Policy.HOLDER);
  }

  static ReservationClaim claim(long key, ReservationType type, Policy policy) {
    return new ReservationClaim(key, type, policy, OptionalLong.empty(), Persistence.AS_IT_IS);
  }

  static byte[] random(long seed) {
    var content = new byte[8192];
    new Random(seed).nextBytes(content);
    return content;
  }
}
