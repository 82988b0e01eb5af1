package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.Waiting;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A disk goes, by a backend that was dropped into the running node; the local child's is on node 1. */
class DiskFaultsTest extends FaultTest {
  @ParameterizedTest(name = "node {0} {1}")
  @CsvSource({
    "1, read:error",
    "1, write:error",
    "1, read:error write:error",
    "2, read:error",
    "2, write:error",
    "3, write:error"
  })
  void aDiskThatReportsErrorsCostsItsChildAndNothingElse(int node, String words) throws Exception {
    startUnderLoad(node);
    cluster.node(node).diskFault(words);
    awaitFaulted(node);
    var report = mustHaveServedWithout(node);
    mustBeOut(node, "IO_FAILURE");
    assertTrue(report.longestGapMs() <= SLACK_MS, report::toString);
  }

  @Test
  void aRemoteDiskThatHangsIsGivenUpAfterTheTimeOut() throws Exception {
    startUnderLoad(3);
    cluster.node(3).diskFault("read:hang write:hang");
    awaitFaulted(3);
    awaitMoreWrites();
    cluster.node(3).diskFault("");
    var report = mustHaveServedWithout(3);
    mustBeOut(3, "TIMED_OUT");
    assertTrue(report.longestGapMs() <= Cluster.IO_TIMEOUT_MS + SLACK_MS, report::toString);
  }

  @Test
  void aSlowDiskIsNotAFailedDisk() throws Exception {
    startUnderLoad(1);
    cluster.node(1).diskFault("read:slow:50 write:slow:100");
    awaitMoreWrites(10 * HostLoad.DEPTH);
    cluster.node(1).diskFault("");
    mustHaveServedWithAll();
  }

  /** The local disk has no time-out of its own: the kernel's driver has. */
  @Test
  void hostsWaitForALocalDiskThatDoesNotAnswerAndThenAllGoesOn() throws Exception {
    startUnderLoad(1);
    cluster.node(1).diskFault("read:hang write:hang");
    Waiting.until(
        "nothing ends any more",
        () -> load.quietMs() > Cluster.IO_TIMEOUT_MS + HostLoad.DEPTH,
        load::toString);
    cluster.node(1).diskFault("");
    mustHaveServedWithAll();
  }
}
