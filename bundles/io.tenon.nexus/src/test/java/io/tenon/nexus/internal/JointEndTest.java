package io.tenon.nexus.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.BrittleDisks;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.Waiting;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.NexusState;
import io.tenon.nvme.internal.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A node stops with nexuses whose children do not answer. */
class JointEndTest {
  private static final int HANGING = 8;

  private final TestDevices devices = new TestDevices();
  private final BrittleDisks disks = new BrittleDisks(new MallocProvider());
  private final TestStore store = new TestStore();

  private Nexus nexus(NexusService service, int number) throws Exception {
    var uris = new ArrayList<String>();
    for (int i = 0; i < 2; i++) {
      uris.add(
          "malloc:///d%d-%d?size_mb=8&uuid=%s".formatted(number, i, new UUID(number + 1, i + 1)));
    }
    for (var uri : uris) {
      if (number < HANGING) devices.adopt(disks.open(DeviceUri.parse(uri)), uri);
      else devices.create(uri);
    }
    return service.create(
        new NexusSpec(
            "v" + number,
            new UUID(7, number),
            1 << 20,
            uris,
            1,
            2,
            ReadPolicy.ROUND_ROBIN,
            Optional.of(key(number)),
            Optional.empty()));
  }

  private static String key(int number) {
    return "/nexus/" + number + "/info";
  }

  private boolean endedInOrder(int number) throws Exception {
    return store.record(key(number)).cleanShutdown();
  }

  @Test
  void nexusesWhoseChildrenHangDoNotAddUpAndAreNotRecordedAsEndedInOrder() throws Exception {
    try (var reactors = TestReactors.start(2)) {
      var target = new Target("", 16, "test");
      var service =
          new NexusService(devices, target, reactors.reactors(), Thread::startVirtualThread, false);
      service.storeCame(store);
      var nexuses = new ArrayList<Nexus>();
      for (int i = 0; i <= HANGING; i++) nexuses.add(nexus(service, i));
      var volumes = new ArrayList<TestVolume>();
      var writes = new ArrayList<CompletableFuture<IoStatus>>();
      disks.hanging = true;
      // Half of them have a write under way, the others only hang when they flush.
      for (int i = 0; i < HANGING; i += 2) {
        var volume = new TestVolume(nexuses.get(i).device(), reactors.get(i / 2 % 2));
        volumes.add(volume);
        var request = volume.request(4096);
        writes.add(request.start(io -> io.prepareWrite(8, 8, request.memory(), 4096)));
      }
      long beganNs = System.nanoTime();
      service.close();
      long tookS = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beganNs);
      assertTrue(tookS < 2 * JointEnd.WITHIN.toSeconds(), tookS + " s");
      assertTrue(endedInOrder(HANGING));
      assertEquals(List.of(), service.all().stream().filter(JointEndTest::isDown).toList());
      for (int i = 0; i < HANGING; i++) assertFalse(endedInOrder(i), "v" + i);
      for (var write : writes) assertFalse(write.isDone());
      disks.hanging = false;
      for (var write : writes) assertEquals(IoStatus.SUCCESS, write.get(60, TimeUnit.SECONDS));
      for (int i = 0; i < HANGING; i++) {
        int number = i;
        Waiting.until("v" + i + " ends in order", () -> isDown(nexuses.get(number)));
        assertTrue(endedInOrder(i), "v" + i);
      }
      volumes.forEach(TestVolume::close);
    }
  }

  private static boolean isDown(Nexus nexus) {
    return nexus.state() == NexusState.SHUTDOWN;
  }
}
