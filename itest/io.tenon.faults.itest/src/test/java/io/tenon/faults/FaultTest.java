package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.Waiting;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the tests have in common: a fresh nexus under verified load, and what must hold after each fault. */
@Tag("faults")
@Timeout(180)
abstract class FaultTest {
  private static final long SEED = Long.getLong("tenon.faults.seed", 1);
  static final int PLACES = 2048;
  private static final Set<Integer> ALL = Set.of(1, 2, 3);

  /** So many acknowledged writes are some under way at any moment, and every place several times. */
  static final int SOME_WRITES = 3_000;

  /** What scheduling on a busy machine adds to a time-out. */
  static final long SLACK_MS = 4_000;

  final Ledger ledger = new Ledger(SEED, PLACES);
  Cluster cluster;
  Host host;
  HostLoad load;

  /** Where the load begins. */
  HostLoad.Places places = new HostLoad.Places(0, PLACES);

  @RegisterExtension
  final AfterEachCallback end =
      context -> {
        if (context.getExecutionException().isPresent()) killAll();
        else if (cluster != null) release();
      };

  private void release() throws Exception {
    host.close();
    cluster.release();
  }

  /** Who knows what state they are in. The nodes first: a host that leaves would wait for one that hangs. */
  private void killAll() throws Exception {
    if (cluster != null) cluster.kill();
    if (host != null) host.close();
  }

  /** Starts all, and returns when the load is well under way. */
  final void startUnderLoad(Integer... faultyDisks) throws Exception {
    startUnderLoad(Cluster.Shape.USUAL, faultyDisks);
  }

  final void startUnderLoad(Cluster.Shape shape, Integer... faultyDisks) throws Exception {
    cluster = Cluster.start(shape, new TreeSet<>(Set.of(faultyDisks)));
    host = Host.start();
    startLoad();
    assertEquals("ONLINE", cluster.nexus().state(), cluster::describe);
  }

  final void startLoad() throws Exception {
    load = HostLoad.start(host.allReactors(), host.open(cluster.uri()), ledger, SEED, places);
    awaitMoreWrites();
  }

  final void awaitMoreWrites() throws Exception {
    awaitMoreWrites(SOME_WRITES);
  }

  final void awaitMoreWrites(int count) throws Exception {
    long goal = load.acknowledged() + count;
    Waiting.until(
        count + " more acknowledged writes",
        () -> load.acknowledged() >= goal,
        () -> load.acknowledged() + " of " + goal + "; " + cluster.describe());
  }

  final void awaitFaulted(int node) throws Exception {
    Waiting.until(
        "the child on node " + node + " is out",
        () -> cluster.nexus().child(node).state().equals("FAULTED"),
        cluster::describe);
  }

  /** The child is out, for one of the reasons, with a sentence and a time. */
  final void mustBeOut(int node, String... reasons) throws Exception {
    var child = cluster.nexus().child(node);
    assertEquals("FAULTED", child.state(), cluster::describe);
    assertTrue(List.of(reasons).contains(child.reason()), cluster::describe);
    assertFalse(child.detail().isBlank(), cluster::describe);
    assertFalse(child.since().isBlank(), cluster::describe);
  }

  /**
   * Ends the load. The host saw no error, no wrong data and no broken connection; the nexus is degraded; every acknowledged write
   * is read through the nexus and from each healthy child, and from them alone.
   *
   * @param lost nodes whose child is out
   */
  final HostLoad.Report mustHaveServedWithout(Integer... lost) throws Exception {
    awaitMoreWrites();
    HostLoad.Report report = load.stop();
    assertEquals(0, report.errors(), report::toString);
    assertEquals(0, report.wrong(), report::toString);
    assertTrue(report.reads() > SOME_WRITES / 4, report::toString);
    assertEquals(List.of(), host.interruptions());
    var healthy = new TreeSet<>(ALL);
    healthy.removeAll(Set.of(lost));
    assertEquals("DEGRADED", cluster.nexus().state(), cluster::describe);
    for (int node : healthy) {
      assertEquals("OPEN", cluster.nexus().child(node).state(), cluster::describe);
    }
    nothingAcknowledgedIsMissing(healthy);
    for (int node : lost) {
      assertFalse(
          cluster.sweepDisk(node, new Sweep(ledger)).isEmpty(),
          "the check would not notice a child that is stale: node " + node);
    }
    return report;
  }

  /** Ends the load; nothing was lost, no child either. */
  final HostLoad.Report mustHaveServedWithAll() throws Exception {
    awaitMoreWrites();
    var report = load.stop();
    assertEquals(0, report.errors() + report.wrong(), report::toString);
    assertEquals(List.of(), host.interruptions());
    assertEquals("ONLINE", cluster.nexus().state(), cluster::describe);
    nothingAcknowledgedIsMissing(ALL);
    return report;
  }

  /** Through the nexus, through the share of each child that has one, and on the disk of each. */
  final void nothingAcknowledgedIsMissing(Set<Integer> healthy) throws Exception {
    long acknowledged = 0;
    for (int place = 0; place < PLACES; place++) if (ledger.isAcknowledged(place)) acknowledged++;
    assertTrue(acknowledged > PLACES / 2, acknowledged + " places were written");
    var sweep = new Sweep(ledger);
    var volume = host.open(cluster.uri());
    assertEquals(List.of(), Sweep.asHost(ledger).device(host.reactor(), volume, 0), "nexus");
    for (int node : healthy) {
      String child = "child on node " + node;
      assertEquals(List.of(), cluster.sweepDisk(node, sweep), child);
      if (node == 1) continue;
      var share = host.open(cluster.childUri(node));
      assertEquals(
          List.of(), sweep.device(host.reactor(), share, Cluster.DATA_OFFSET_BYTES), child);
    }
  }
}
