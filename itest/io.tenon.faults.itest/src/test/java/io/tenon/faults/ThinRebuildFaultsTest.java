package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.testing.Waiting;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A large volume with little in it: what a rebuild reads and writes is what is there. */
class ThinRebuildFaultsTest extends FaultTest {
  private static final Cluster.Shape LARGE = new Cluster.Shape(1024, 0);
  private static final int PIECES = 32;

  /** One in so many MiB of the volume holds data. */
  private static final int APART = 31;

  private static final long DATA_BYTES = (long) PIECES * Volume.PIECE_BYTES;

  /** What a nexus looks at on its children beside. */
  private static final long LITTLE_BYTES = 1 << 20;

  private void start() throws Exception {
    cluster = Cluster.start(LARGE, Set.of());
    host = Host.start();
    try (var volume = new Volume(host, cluster.uri())) {
      for (int i = 0; i < PIECES; i++) volume.write(place(i), Volume.content(i));
    }
  }

  private static long place(int piece) {
    return (long) piece * APART * Volume.PIECE_BYTES;
  }

  /** From this byte on, and nothing else. */
  private void mustHoldEverything(String uri, long from) throws Exception {
    try (var child = new Volume(host, uri)) {
      for (long at = 0; at < LARGE.nexusBytes(); at += Volume.PIECE_BYTES) {
        int piece = (int) (at / place(1));
        boolean holds = at == place(piece) && piece < PIECES;
        byte[] expected = holds ? Volume.content(piece) : new byte[Volume.PIECE_BYTES];
        assertArrayEquals(expected, child.read(from + at), "at " + at);
      }
    }
  }

  /** On the child alone; nobody else uses it any more. */
  private void mustHoldEverything(int node) throws Exception {
    cluster.remove(node);
    mustHoldEverything(cluster.childUri(node), Cluster.DATA_OFFSET_BYTES);
  }

  private Cluster.Rebuild rebuild(int node) throws Exception {
    cluster.add(node);
    Waiting.until(
        "the child on node " + node + " is complete",
        Waiting.LONG_PATIENCE,
        () -> cluster.nexus().child(node).state().equals("OPEN"),
        cluster::describe);
    var rebuild = cluster.pastRebuilds().getFirst();
    assertEquals(cluster.childUri(node), rebuild.child());
    assertEquals("full", rebuild.kind(), rebuild::toString);
    return rebuild;
  }

  private void mustHaveReadLittle(int source, long before) throws Exception {
    long read = cluster.bytesRead(source) - before;
    assertTrue(
        read >= DATA_BYTES && read <= DATA_BYTES + LITTLE_BYTES,
        "%d bytes were read of the source on node %d".formatted(read, source));
  }

  @Test
  void ofASourceOnTheNodeOfTheNexusOnlyWhatItHoldsIsRead() throws Exception {
    start();
    cluster.remove(3);
    cluster.wipe(3);
    long before = cluster.bytesRead(1);
    var rebuild = rebuild(3);
    mustHaveReadLittle(1, before);
    assertEquals(DATA_BYTES, rebuild.copied(), rebuild::toString);
    mustHoldEverything(3);
  }

  @Test
  void ofASourceOnAnotherNodeOnlyWhatItHoldsIsRead() throws Exception {
    start();
    cluster.destroyNexus();
    cluster.makeNexus(List.of(2, 3));
    cluster.remove(3);
    cluster.wipe(3);
    long before = cluster.bytesRead(2);
    var rebuild = rebuild(3);
    mustHaveReadLittle(2, before);
    assertEquals(DATA_BYTES, rebuild.copied(), rebuild::toString);
    mustHoldEverything(3);
  }

  @Test
  void whatAChildHeldBeforeIsGoneAlsoWhereItsSourceHoldsNothing() throws Exception {
    start();
    cluster.remove(3);
    int changed = 0;
    try (var child = new Volume(host, cluster.childUri(3))) {
      for (int i = 0; i < PIECES; i += 3) {
        long at = Cluster.DATA_OFFSET_BYTES + place(i);
        child.write(at, Volume.content(100 + i));
        child.write(at + 7L * Volume.PIECE_BYTES, Volume.content(200 + i));
        changed++;
      }
    }
    long before = cluster.bytesRead(1);
    var rebuild = rebuild(3);
    mustHaveReadLittle(1, before);
    long zeroed = (long) changed * Volume.PIECE_BYTES;
    assertEquals(DATA_BYTES + zeroed, rebuild.copied(), rebuild::toString);
    mustHoldEverything(3);
  }

  /** The replica on node 3 is filled from a snapshot on node 2. */
  @Test
  void ofASnapshotOnAnotherNodeOnlyWhatItHoldsIsRead() throws Exception {
    start();
    cluster.destroyNexus();
    String snapshot = cluster.snapshot(2);
    cluster.wipe(3);
    long before = cluster.bytesReadOfPool(2);
    cluster.fill(3, snapshot);
    cluster.unshareSnapshot(2);
    long read = cluster.bytesReadOfPool(2) - before;
    assertTrue(
        read >= DATA_BYTES && read <= DATA_BYTES + 4 * LITTLE_BYTES,
        read + " bytes were read of the pool on node 2");
    mustHoldEverything(cluster.childUri(3), Cluster.DATA_OFFSET_BYTES);
  }
}
