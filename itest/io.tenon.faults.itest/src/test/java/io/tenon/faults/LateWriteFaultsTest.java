package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.BlockDevice;
import io.tenon.block.testing.Waiting;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A write that a nexus has given up does not come to the replica after all, when the child is complete again and holds something newer. The
 * kernel repeats what was not confirmed for as long as somebody owns the connection, seconds after the network is there again.
 */
@Tag("faults")
@Timeout(300)
class LateWriteFaultsTest {
  private static final int NODE = 2;

  /** Few, so that what was under way is written again before the child is back. */
  private static final int PLACES = 64;

  private static final int SOME_WRITES = 500;

  /** Attempts to repeat come after 0.2 s, 0.6 s, 1.4 s, 3 s, 6.2 s, or somewhat later. */
  private static final long REPEATED_WITHIN_MS = 9_000;

  private static NetworkCluster all;
  private static final Ledger ledger = new Ledger(1, PLACES);
  private BlockDevice volume;
  private HostLoad load;

  @BeforeAll
  static void begin() throws Exception {
    all = NetworkCluster.start();
  }

  @AfterAll
  static void end() throws Exception {
    if (all != null) all.close();
  }

  /** Nothing of the old connections arrives until the child is whole again over new ones. */
  @Test
  void overAConnectionThatWorksAgainWhenItIsForgotten() throws Exception {
    var network = all.network();
    var cut = Set.of(Network.Cut.ofOldConnections(Trouble.NEXUS, NODE));
    startLoad();
    long cutNs = System.nanoTime();
    network.cut(cut);
    await("FAULTED");
    awaitMoreWrites();
    network.useOtherPorts(Trouble.NEXUS);
    comeBack();
    network.heal(cut);
    // Nothing says that nothing comes any more.
    TimeUnit.NANOSECONDS.sleep(
        cutNs + TimeUnit.MILLISECONDS.toNanos(REPEATED_WITHIN_MS) - System.nanoTime());
    mustHoldAll();
  }

  @Test
  void toANodeThatStoodStill() throws Exception {
    var node = all.cluster().node(NODE);
    startLoad();
    node.freeze();
    await("FAULTED");
    awaitMoreWrites();
    node.thaw();
    comeBack();
    mustHoldAll();
  }

  private void startLoad() throws Exception {
    volume = all.host().open(all.cluster().uri());
    load = HostLoad.start(all.host().allReactors(), volume, ledger, 1);
    awaitMoreWrites();
  }

  /** Ends the load as soon as the child is whole: what comes late stays. */
  private void comeBack() throws Exception {
    all.cluster().online(NODE);
    await("OPEN");
    var report = load.stop();
    assertEquals(0, report.wrong() + report.errors(), report::toString);
    all.host().close(volume);
  }

  private void mustHoldAll() throws Exception {
    for (int place = 0; place < PLACES; place++) assertTrue(ledger.isAcknowledged(place));
    var share = all.host().open(all.cluster().childUri(NODE));
    var found = new Sweep(ledger).device(all.host().reactor(), share, Cluster.DATA_OFFSET_BYTES);
    all.host().close(share);
    assertEquals(List.of(), found);
  }

  private void await(String state) throws Exception {
    Waiting.until(
        "the child is " + state,
        Waiting.LONG_PATIENCE,
        () -> all.cluster().nexus().child(NODE).state().equals(state),
        all.cluster()::describe);
  }

  private void awaitMoreWrites() throws Exception {
    long goal = load.acknowledged() + SOME_WRITES;
    Waiting.until("the host writes", () -> load.acknowledged() >= goal, load::toString);
  }
}
