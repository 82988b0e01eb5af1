package io.tenon.transport.nvmetcp.internal.target;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.transport.nvmetcp.internal.HostLoad;
import io.tenon.transport.nvmetcp.internal.initiator.InitiatorForTests;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Targets that follow each other while a real initiator does I/O: it must not notice. */
class HandoverTest {
  private static final String DEVICE = "malloc:///m?size_mb=8";
  private static final long PATIENCE_S = 120;
  private static final int ROUNDS = 20;
  private static final int BLOCK_BYTES = 512;

  private TestReactors reactors;
  private TargetNode node;
  private DeviceProvider provider;
  private DeviceSlot slot;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    node = new TargetNode(reactors.reactors(), 32);
    provider = InitiatorForTests.open(reactors.reactors());
    slot = new DeviceSlot(provider.open(DeviceUri.parse(node.uri(DEVICE))), "remote");
  }

  @AfterEach
  void stop() throws Exception {
    TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    InitiatorForTests.close(provider);
    node.close();
    reactors.close();
  }

  @Test
  void hostsOnEveryReactorGoOnThroughTwentyTargets() throws Exception {
    var loads =
        new HostLoad[] {
          new HostLoad(slot, reactors, 0, 0),
          new HostLoad(slot, reactors, 1, 1024),
          new HostLoad(slot, reactors, 0, 2048),
          new HostLoad(slot, reactors, 1, 3072)
        };
    int connections = node.connections();
    for (int round = 0; round < ROUNDS; round++) {
      Arrays.stream(loads).forEach(HostLoad::goesOn);
      node.replace();
    }
    Arrays.stream(loads).forEach(HostLoad::goesOn);
    for (var load : loads) load.end();
    assertEquals(connections, node.connections());
  }

  @Test
  void aHostHearsOfEventsFromTheSuccessor() throws Exception {
    node.replace();
    long before = slot.geometry().blockCount();
    node.resize(DEVICE, "malloc:///m?size_mb=16&resize");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
    while (slot.geometry().blockCount() == before) {
      assertTrue(System.nanoTime() < deadline, "the host has not heard that its device has grown");
      Thread.onSpinWait();
    }
    assertEquals(2 * before, slot.geometry().blockCount());
  }

  @Test
  void ioWaitsWhileThereIsNoTarget() throws Exception {
    try (var volume = new TestVolume(slot, reactors.get(0))) {
      byte[] content = new byte[4096];
      new Random(1).nextBytes(content);
      assertEquals(IoStatus.SUCCESS, volume.write(0, content));
      node.leave();
      var answer =
          CompletableFuture.supplyAsync(() -> volume.read(0, content.length / BLOCK_BYTES));
      node.start();
      assertEquals(IoStatus.SUCCESS, answer.get(PATIENCE_S, TimeUnit.SECONDS));
      assertArrayEquals(content, volume.content(content.length / BLOCK_BYTES));
    }
  }
}
