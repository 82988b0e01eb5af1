package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.ReservationStatus.Registrant;
import io.tenon.block.ReservationType;
import io.tenon.block.testing.TestReactors;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.internal.Target;
import io.tenon.nvme.internal.reservation.ReservationFiles;
import io.tenon.nvme.testing.SilentTarget;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What hosts have reserved of a published nexus, and asked to be kept, is there after a restart of its node. */
class KeptReservationsTest {
  private static final UUID NEXUS = new UUID(7, 1);
  private static final String VOLUME = "0d7f9a3e-1111-4222-8333-444455556666";
  private static final UUID HOST = new UUID(9, 9);

  @TempDir private Path folder;
  private TestReactors reactors;
  private Target target;
  private NexusService service;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(1);
    startNode();
  }

  private void startNode() throws Exception {
    target =
        SilentTarget.open(new ReservationFiles(folder, Runnable::run), Thread::startVirtualThread);
    service = new NexusService(new TestDevices(), target, reactors.reactors(), false);
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
    target.close();
    reactors.close();
  }

  private void restartNode() throws Exception {
    service.close();
    target.close();
    startNode();
  }

  private Nexus published(UUID uuid) throws Exception {
    var nexus =
        service.create(
            new NexusSpec(
                VOLUME,
                uuid,
                8 << 20,
                List.of("malloc:///a?size_mb=16"),
                1,
                2,
                ReadPolicy.LOCAL_FIRST));
    nexus.publish(Set.of());
    return nexus;
  }

  private Path file() {
    return folder.resolve("nexus").resolve(NEXUS + ".json");
  }

  /** As a host's commands have it written, in the words of Mayastor's io-engine. */
  private void hostReserves() throws Exception {
    Files.createDirectories(file().getParent());
    Files.writeString(
        file(),
        """
        {"ptpl": true, "rtype": 2, "crkey": 77, "bdev_uuid": "%s", "holder_uuid": "%s",
         "registrants": [{"rkey": 77, "host_uuid": "%s"}]}
        """
            .formatted(VOLUME, HOST, HOST));
  }

  private List<Registrant> registrants() {
    return target.find(NvmeTarget.NQN_PREFIX + VOLUME).orElseThrow().reservations().registrants();
  }

  @Test
  void theyAreThereWhenTheNodeComesBackAndWhenTheNexusIsPublishedAgain() throws Exception {
    var nexus = published(NEXUS);
    assertEquals(List.of(), registrants());
    nexus.unpublish();
    hostReserves();
    nexus.publish(Set.of());
    assertEquals(77, registrants().getFirst().key());
    restartNode();
    var again = published(NEXUS);
    assertEquals(HOST, registrants().getFirst().hostId());
    var status = target.find(NvmeTarget.NQN_PREFIX + VOLUME).orElseThrow().reservations();
    assertEquals(ReservationType.EXCLUSIVE_ACCESS, status.type().orElseThrow());
    assertTrue(status.persists());
    again.unpublish();
    again.publish(Set.of());
    assertEquals(HOST, registrants().getFirst().hostId());
  }

  @Test
  void theyGoWithTheNexusAndAreNotThoseOfAnother() throws Exception {
    hostReserves();
    var other = published(new UUID(7, 2));
    assertEquals(List.of(), registrants());
    other.destroy();
    assertTrue(Files.exists(file()));
    published(NEXUS).destroy();
    assertFalse(Files.exists(file()));
    published(NEXUS);
    assertEquals(List.of(), registrants());
  }
}
