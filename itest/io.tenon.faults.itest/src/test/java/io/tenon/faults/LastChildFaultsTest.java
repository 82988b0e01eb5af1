package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.Waiting;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The last healthy child goes too: hosts get errors and not silence, and what was acknowledged is where it was. */
class LastChildFaultsTest extends FaultTest {
  private static final int SOME_ERRORS = 100;

  @Test
  void whenTheLastDiskFailsHostsGetErrorsInTimeAndTheDiskHasAllThatWasAcknowledged()
      throws Exception {
    startUnderLoad(1);
    cluster.node(2).kill();
    cluster.node(3).kill();
    awaitFaulted(2);
    awaitFaulted(3);
    awaitMoreWrites();
    cluster.node(1).diskFault("read:error write:error");
    mustFailInTime(SLACK_MS);
    mustBeKept(1, "DEGRADED");
    cluster.node(1).diskFault("");
    nothingAcknowledgedIsMissing(Set.of(1));
  }

  @Test
  void whenTheLastNodeFallsSilentHostsGetErrorsInTimeAndItServesAgainWhenItIsBack()
      throws Exception {
    startUnderLoad(1);
    cluster.node(1).diskFault("write:error");
    awaitFaulted(1);
    cluster.node(3).kill();
    awaitFaulted(3);
    awaitMoreWrites();
    cluster.node(2).freeze();
    mustFailInTime(Cluster.IO_TIMEOUT_MS + SLACK_MS);
    mustBeKept(2, "FAULTED");
    cluster.node(2).thaw();
    mustServeAgain();
    nothingAcknowledgedIsMissing(Set.of(2));
  }

  /** Nothing hangs: I/O ends with errors, one after the other, and all of it ends. */
  private void mustFailInTime(long boundMs) throws Exception {
    Waiting.until("hosts get errors", () -> load.errors() >= SOME_ERRORS, cluster::describe);
    var report = load.stop();
    assertEquals(0, report.wrong(), report::toString);
    assertTrue(report.longestGapMs() <= boundMs, report::toString);
  }

  /**
   * @param state FAULTED when it is out of reach; a disk that is there and reports errors may do other I/O
   */
  private void mustBeKept(int node, String state) throws Exception {
    var nexus = cluster.nexus();
    assertEquals(state, nexus.state(), nexus::toString);
    assertEquals("OPEN", nexus.child(node).state(), nexus::toString);
    assertTrue(nexus.child(node).detail().startsWith("Kept"), nexus::toString);
  }

  private void mustServeAgain() throws Exception {
    var sweep = new Sweep(ledger);
    var nexus = host.open(cluster.uri());
    Waiting.until(
        "the nexus serves again",
        () -> sweep.device(host.reactor(), nexus, 0).isEmpty(),
        cluster::describe);
    assertEquals("DEGRADED", cluster.nexus().state(), cluster::describe);
  }
}
