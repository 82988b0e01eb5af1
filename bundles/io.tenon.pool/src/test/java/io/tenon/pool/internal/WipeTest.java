package io.tenon.pool.internal;

import static io.tenon.pool.internal.TestNode.MIB;
import static io.tenon.pool.internal.TestNode.ok;
import static io.tenon.pool.internal.TestNode.random;
import static io.tenon.pool.internal.TestNode.refused;
import static io.tenon.pool.internal.TestNode.thick;
import static io.tenon.pool.internal.TestNode.thin;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.pool.Pool;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolException.Kind;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaSpec;
import io.tenon.pool.WipeProgress;
import io.tenon.pool.WipeSpec;
import io.tenon.pool.WipeSpec.Method;
import io.tenon.pool.WipeWatcher;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Wiping a replica of 4 MiB. */
class WipeTest {
  private static final int BLOCKS_PER_MIB = (int) (MIB / 512);

  private TestNode node;
  private Pool pool;

  /** Remembers all, and gives up after so many. */
  private static final class Watcher implements WipeWatcher {
    final List<WipeProgress> seen = new ArrayList<>();
    private final int most;

    Watcher(int most) {
      this.most = most;
    }

    @Override
    public void wiped(WipeProgress progress) {
      seen.add(progress);
    }

    @Override
    public boolean goesOn() {
      return seen.size() < most;
    }
  }

  @BeforeEach
  void start() throws Exception {
    node = new TestNode();
    pool =
        node.pools.create(PoolSpec.of("fast0", "malloc:///disk?size_mb=64").withClusterBytes(MIB));
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
  }

  private byte[] filled(Replica replica) throws Exception {
    var content = random(7, (int) (4 * MIB));
    try (var volume = node.volume(replica)) {
      for (int i = 0; i < 4; i++) {
        int from = (int) (i * MIB);
        ok(
            volume.write(
                (long) i * BLOCKS_PER_MIB, Arrays.copyOfRange(content, from, from + (int) MIB)));
      }
    }
    return content;
  }

  private byte[] mib(Replica replica, int index) {
    try (var volume = node.volume(replica)) {
      ok(volume.read((long) index * BLOCKS_PER_MIB, BLOCKS_PER_MIB));
      return volume.content(BLOCKS_PER_MIB);
    }
  }

  private static List<WipeProgress> wipe(Replica replica, WipeSpec spec) throws PoolException {
    var watcher = new Watcher(Integer.MAX_VALUE);
    replica.wipe(spec, watcher);
    return watcher.seen;
  }

  @Test
  void zeroesArriveChunkByChunkAndTheWatcherIsToldBeforeTheFirstAndAfterEach() throws Exception {
    var replica = pool.create(thick("r1", 4 * MIB));
    filled(replica);
    var seen = wipe(replica, new WipeSpec(Method.WRITE_ZEROES, 3 * MIB, 0));
    assertEquals(
        List.of(0L, 3 * MIB, 4 * MIB), seen.stream().map(WipeProgress::wipedBytes).toList());
    assertEquals(2, seen.getLast().totalChunks());
    assertEquals(MIB, seen.getLast().lastChunkBytes());
    for (int i = 0; i < 4; i++) assertArrayEquals(new byte[(int) MIB], mib(replica, i));
  }

  @Test
  void aPatternIsRepeatedFromItsLowestByteOn() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    wipe(replica, new WipeSpec(Method.WRITE_PATTERN, 0, 0xDEADBEEF));
    var read = mib(replica, 3);
    var expected = new byte[] {(byte) 0xEF, (byte) 0xBE, (byte) 0xAD, (byte) 0xDE};
    for (int i = 0; i < read.length; i += 4) {
      assertArrayEquals(expected, Arrays.copyOfRange(read, i, i + 4));
    }
  }

  @Test
  void unmappingAThinReplicaGivesItsSpaceBack() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    long free = pool.info().freeBytes();
    filled(replica);
    assertEquals(free - 4 * MIB, pool.info().freeBytes());
    wipe(replica, new WipeSpec(Method.UNMAP, 0, 0));
    assertEquals(free, pool.info().freeBytes());
    assertArrayEquals(new byte[(int) MIB], mib(replica, 2));
  }

  @Test
  void theChecksumIsThatOfTheContentAndNothingChanges() throws Exception {
    var replica = pool.create(thick("r1", 4 * MIB));
    var content = filled(replica);
    var expected = new CRC32C();
    expected.update(content);
    replica.share(Set.of());
    var seen = wipe(replica, new WipeSpec(Method.CHECKSUM, MIB, 0));
    assertEquals(5, seen.size());
    assertEquals((int) expected.getValue(), seen.getLast().checksum().orElseThrow());
    assertArrayEquals(Arrays.copyOf(content, (int) MIB), mib(replica, 0));
    assertTrue(wipe(replica, new WipeSpec(Method.NONE, MIB, 0)).getLast().checksum().isEmpty());
  }

  @Test
  void aWipeThatIsGivenUpEndsThereAndTheReplicaIsFree() throws Exception {
    var replica = pool.create(thick("r1", 4 * MIB));
    var content = filled(replica);
    var watcher = new Watcher(3);
    refused(Kind.CANCELLED, () -> replica.wipe(new WipeSpec(Method.WRITE_ZEROES, MIB, 0), watcher));
    assertEquals(2 * MIB, watcher.seen.getLast().wipedBytes());
    assertArrayEquals(new byte[(int) MIB], mib(replica, 1));
    assertArrayEquals(
        Arrays.copyOfRange(content, (int) (2 * MIB), (int) (3 * MIB)), mib(replica, 2));
    assertTrue(replica.device().orElseThrow().claimedBy().isEmpty());
    replica.destroy();
  }

  @Test
  void whatSomebodyUsesOrNeverChangesIsNotOverwritten() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    var zeroes = new WipeSpec(Method.WRITE_ZEROES, 0, 0);
    replica.share(Set.of());
    refused(Kind.IN_USE, () -> wipe(replica, zeroes));
    replica.unshare();
    try (var _ = replica.device().orElseThrow().claim("nexus 7")) {
      refused(Kind.IN_USE, () -> wipe(replica, zeroes));
    }
    var snapshot = replica.snapshot(TestNode.snapshot("s1"));
    refused(Kind.READ_ONLY, () -> wipe(snapshot, zeroes));
    assertFalse(wipe(replica, zeroes).isEmpty());
  }

  @Test
  void nobodyElseUsesAReplicaThatIsBeingWiped() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    var during = new ArrayList<Kind>();
    replica.wipe(
        new WipeSpec(Method.WRITE_ZEROES, 2 * MIB, 0),
        new WipeWatcher() {
          @Override
          public void wiped(WipeProgress progress) {
            if (progress.wipedBytes() != 2 * MIB) return;
            during.add(refused(Kind.IN_USE, replica::destroy).kind());
            during.add(refused(Kind.SHARE, () -> replica.share(Set.of())).kind());
          }

          @Override
          public boolean goesOn() {
            return true;
          }
        });
    assertEquals(List.of(Kind.IN_USE, Kind.SHARE), during);
    replica.destroy();
  }

  @Test
  void chunksThatAreNoWholeBlocksAreRefused() throws Exception {
    var replica = pool.create(thin("r1", 4 * MIB));
    for (long chunk : new long[] {-1, 100, 5 * MIB}) {
      refused(
          Kind.INVALID_ARGUMENT, () -> wipe(replica, new WipeSpec(Method.WRITE_ZEROES, chunk, 0)));
    }
  }

  @Test
  void aThickReplicaIsZeroesToItsEndWhenThatWasAskedFor() throws Exception {
    var former = pool.create(thick("former", 40 * MIB));
    try (var volume = node.volume(former)) {
      for (int i = 0; i < 40; i++) {
        ok(volume.write((long) i * BLOCKS_PER_MIB, random(i, (int) MIB)));
      }
    }
    former.destroy();
    var spec = new ReplicaSpec("r1", TestNode.uuid("r1"), 40 * MIB, false, Optional.empty(), true);
    var replica = pool.create(spec);
    for (int i = 0; i < 40; i++) assertArrayEquals(new byte[(int) MIB], mib(replica, i));
  }
}
