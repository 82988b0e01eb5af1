package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.Waiting;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Children that were lost come back while hosts read and write, and more goes wrong meanwhile. */
@Timeout(400)
class RebuildFaultsTest extends FaultTest {
  /** Much larger than what is written: a partial rebuild is not mistaken for a full one. */
  private static final Cluster.Shape LARGE = new Cluster.Shape(64, 0);

  /** Makes a rebuild last seconds, so that something can happen in the middle. */
  private static final String SLOW = "write:slow:50";

  private static final long A_PART_BYTES = 4L << 20;

  private static final long CLUSTER_BYTES = 1L << 20;

  /** Of the write log, and of a copy. */
  private static final int SEGMENT_PLACES = (64 << 10) / Ledger.PLACE_BYTES;

  @Test
  void aChildThatComesBackGetsWhatItHasMissedAndNotMuchMore() throws Exception {
    int half = PLACES / 2;
    int quarter = PLACES / 4;
    places = new HostLoad.Places(0, half);
    startUnderLoad(LARGE);
    lose(2);
    load.stayWithin(new HostLoad.Places(half, quarter));
    awaitMoreWrites();
    var missed = load.ledger();
    cluster.startAgain(2);
    load.stayWithin(new HostLoad.Places(half + quarter, quarter));
    cluster.online(2);
    awaitOpen(2);
    var rebuild = lastRebuild(2);
    assertEquals("COMPLETED", rebuild.state(), rebuild::toString);
    assertEquals("partial", rebuild.kind(), rebuild::toString);
    long least = bytes(missed, half, half + quarter);
    // The log reaches back to the last flush: at most to what was ever written before the child was
    // in again.
    long most = bytes(load.ledger(), 0, PLACES);
    assertTrue(least > 0 && least <= rebuild.copied(), () -> least + " were missed: " + rebuild);
    assertTrue(rebuild.copied() <= most, () -> most + " were ever written: " + rebuild);
    mustHaveServedWithAll();
  }

  /** Of the segments in which anything was written. */
  private static long bytes(Ledger ledger, int from, int to) {
    return IntStream.range(from, to)
            .filter(ledger::isAcknowledged)
            .map(place -> place / SEGMENT_PLACES)
            .boxed()
            .collect(Collectors.toSet())
            .size()
        * (long) SEGMENT_PLACES
        * Ledger.PLACE_BYTES;
  }

  @Test
  void aReplicaThatWasWipedGetsEverything() throws Exception {
    startUnderLoad(LARGE);
    lose(3);
    cluster.startAgain(3);
    cluster.remove(3);
    cluster.wipe(3);
    cluster.add(3);
    awaitOpen(3);
    var rebuild = lastRebuild(3);
    assertEquals("full", rebuild.kind(), rebuild::toString);
    // Where nothing was written there is nothing to copy; replicas know that by their clusters.
    long written = (long) PLACES * Ledger.PLACE_BYTES;
    assertTrue(rebuild.copied() >= written / 2, rebuild::toString);
    assertTrue(rebuild.copied() <= written + CLUSTER_BYTES, rebuild::toString);
    mustHaveServedWithAll();
  }

  @Test
  void twoChildrenAreRebuiltAtTheSameTime() throws Exception {
    startUnderLoad(LARGE, 2, 3);
    returnWiped(2);
    returnWiped(3);
    cluster.add(2);
    cluster.add(3);
    Waiting.until(
        "both are being copied",
        () -> copied(2) > 0 && copied(3) > 0 && cluster.rebuilds().size() == 2,
        cluster::describe);
    healthyDisk(2, 3);
    awaitOpen(2);
    awaitOpen(3);
    mustHaveServedWithAll();
  }

  @Test
  void aRebuildGoesOnFromAnotherChildWhenOneOfItsSourcesDies() throws Exception {
    startUnderLoad(LARGE, 2);
    comeBackWiped(2);
    awaitTheMiddle(2);
    lose(3);
    healthyDisk(2);
    awaitOpen(2);
    assertEquals("COMPLETED", lastRebuild(2).state(), cluster::describe);
    mustHaveServedWithout(3);
  }

  @Test
  void aRebuildWhoseLastSourceFailsIsOverAndTheSourceStays() throws Exception {
    startUnderLoad(LARGE, 1, 2);
    lose(3);
    comeBackWiped(2);
    awaitTheMiddle(2);
    cluster.node(1).diskFault("read:error");
    awaitFaulted(2);
    mustBeOut(2, "REBUILD_FAILED");
    assertEquals("FAILED", lastRebuild(2).state(), cluster::describe);
    assertEquals("OPEN", cluster.nexus().child(1).state(), cluster::describe);
    healthyDisk(1, 2);
    var report = load.stop();
    assertEquals(0, report.wrong(), report::toString);
    cluster.online(2);
    awaitOpen(2);
    startLoad();
    mustHaveServedWithout(3);
  }

  @Test
  void aChildThatDiesAgainWhileItIsRebuiltBeginsOnceMore() throws Exception {
    startUnderLoad(LARGE, 2);
    comeBackWiped(2);
    awaitTheMiddle(2);
    lose(2);
    assertEquals("FAILED", lastRebuild(2).state(), cluster::describe);
    healthyDisk(2);
    comeBack(2);
    awaitOpen(2);
    var rebuild = lastRebuild(2);
    assertEquals("full", rebuild.kind(), rebuild::toString);
    mustHaveServedWithAll();
  }

  /**
   * The test is the control plane: it knows which child held everything, and trusts one, since writes that were under way may be on some only.
   */
  @Test
  void aNexusThatIsMadeAgainAfterItsNodeDiedInARebuildEndsWithEqualChildren() throws Exception {
    startUnderLoad(LARGE, 2);
    comeBackWiped(2);
    awaitTheMiddle(2);
    cluster.node(1).kill();
    Waiting.until("the host has lost its disk", () -> load.errors() > 0, load::toString);
    healthyDisk(2);
    cluster.startAgain(1);
    cluster.makeNexus(List.of(3));
    awaitMoreWrites();
    cluster.add(1);
    cluster.add(2);
    awaitOpen(1);
    awaitOpen(2);
    awaitMoreWrites();
    var report = load.stop();
    assertEquals(0, report.wrong(), report::toString);
    assertEquals("ONLINE", cluster.nexus().state(), cluster::describe);
    nothingAcknowledgedIsMissing(Set.of(1, 2, 3));
  }

  private void lose(int node) throws Exception {
    cluster.node(node).kill();
    awaitFaulted(node);
  }

  private void comeBack(int node) throws Exception {
    cluster.startAgain(node);
    cluster.online(node);
  }

  /** Its replica holds nothing any more, and takes its time. */
  private void returnWiped(int node) throws Exception {
    lose(node);
    cluster.startAgain(node);
    cluster.remove(node);
    cluster.wipe(node);
    cluster.node(node).diskFault(SLOW);
  }

  private void comeBackWiped(int node) throws Exception {
    returnWiped(node);
    cluster.add(node);
  }

  private void healthyDisk(int... nodes) throws Exception {
    for (int node : nodes) cluster.node(node).diskFault("");
  }

  private void awaitOpen(int node) throws Exception {
    Waiting.until(
        "the child on node " + node + " is complete",
        Waiting.LONG_PATIENCE,
        () -> cluster.nexus().child(node).state().equals("OPEN"),
        cluster::describe);
  }

  private void awaitTheMiddle(int node) throws Exception {
    Waiting.until(
        "a part of the child on node " + node + " is copied",
        () -> copied(node) > A_PART_BYTES,
        cluster::describe);
    assertTrue(copied(node) < LARGE.nexusBytes(), cluster::describe);
  }

  /** By the rebuild that is under way. */
  private long copied(int node) throws Exception {
    return cluster.rebuilds().stream()
        .filter(rebuild -> rebuild.child().equals(cluster.childUri(node)))
        .mapToLong(Cluster.Rebuild::copied)
        .sum();
  }

  private Cluster.Rebuild lastRebuild(int node) throws Exception {
    return cluster.pastRebuilds().stream()
        .filter(rebuild -> rebuild.child().equals(cluster.childUri(node)))
        .findFirst()
        .orElseThrow(() -> new AssertionError(cluster.describe()));
  }
}
