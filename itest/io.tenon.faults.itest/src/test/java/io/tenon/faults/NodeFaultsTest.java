package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.Waiting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A node goes: killed, or silent. */
class NodeFaultsTest extends FaultTest {
  @ParameterizedTest(name = "killed node {0}")
  @ValueSource(ints = {2, 3})
  void aNodeThatIsKilledCostsItsChildAndNothingElse(int node) throws Exception {
    startUnderLoad();
    cluster.node(node).kill();
    awaitFaulted(node);
    var report = mustHaveServedWithout(node);
    mustBeOut(node, "ADMIN_FAILED");
    assertTrue(report.longestGapMs() <= SLACK_MS, report::toString);
  }

  @ParameterizedTest(name = "silent node {0}")
  @ValueSource(ints = {2, 3})
  void aNodeThatFallsSilentIsGivenUpAfterTheTimeOutAndItsStaleChildStaysOut(int node)
      throws Exception {
    startUnderLoad();
    cluster.node(node).freeze();
    awaitFaulted(node);
    var out = cluster.nexus().child(node);
    awaitMoreWrites();
    cluster.node(node).thaw();
    awaitAnswer(node);
    var report = mustHaveServedWithout(node);
    mustBeOut(node, "TIMED_OUT");
    assertEquals(out, cluster.nexus().child(node), "it is out since then, and was not in again");
    assertTrue(report.longestGapMs() <= Cluster.IO_TIMEOUT_MS + SLACK_MS, report::toString);
  }

  @Test
  void aNodeThatIsSilentForLessThanTheTimeOutKeepsItsChild() throws Exception {
    startUnderLoad();
    cluster.node(2).freeze();
    Waiting.until(
        "I/O waits for it", () -> load.quietMs() > Cluster.IO_TIMEOUT_MS / 4, load::toString);
    cluster.node(2).thaw();
    mustHaveServedWithAll();
  }

  @Test
  void aNodeThatIsKilledWhileNobodyReadsOrWritesIsMissedAllTheSame() throws Exception {
    startUnderLoad();
    var before = load.stop();
    assertEquals(0, before.errors() + before.wrong(), before::toString);
    cluster.node(3).kill();
    awaitFaulted(3);
    startLoad();
    mustHaveServedWithout(3);
    mustBeOut(3, "ADMIN_FAILED");
  }

  /** It runs again: it answers its shell. */
  private void awaitAnswer(int node) throws Exception {
    var answer = cluster.node(node).shell().say("tenon:share list");
    assertEquals(0, answer.status(), answer::toString);
  }

  @Test
  void twoNodesThatGoOneAfterTheOtherLeaveTheLastChildServing() throws Exception {
    startUnderLoad();
    cluster.node(2).kill();
    awaitFaulted(2);
    awaitMoreWrites();
    cluster.node(3).freeze();
    awaitFaulted(3);
    var report = mustHaveServedWithout(2, 3);
    mustBeOut(2, "ADMIN_FAILED");
    mustBeOut(3, "TIMED_OUT");
    assertTrue(report.longestGapMs() <= Cluster.IO_TIMEOUT_MS + SLACK_MS, report::toString);
  }
}
