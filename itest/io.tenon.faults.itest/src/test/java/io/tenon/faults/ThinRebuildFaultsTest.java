package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.BlockDevice;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestRequest;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A large volume with little in it: what a rebuild reads and writes is what is there. */
class ThinRebuildFaultsTest extends FaultTest {
  private static final Cluster.Shape LARGE = new Cluster.Shape(1024, 0);
  private static final int PIECE_BYTES = 1 << 20;
  private static final int PIECES = 32;

  /** One in so many MiB of the volume holds data. */
  private static final int APART = 31;

  private static final long DATA_BYTES = (long) PIECES * PIECE_BYTES;

  /** What a nexus looks at on its children beside. */
  private static final long LITTLE_BYTES = 1 << 20;

  private void start() throws Exception {
    cluster = Cluster.start(LARGE, Set.of());
    host = Host.start();
    var volume = host.open(cluster.uri());
    for (int i = 0; i < PIECES; i++) write(volume, place(i), content(i));
    host.close(volume);
  }

  private static long place(int piece) {
    return (long) piece * APART * PIECE_BYTES;
  }

  private static byte[] content(int piece) {
    var content = new byte[PIECE_BYTES];
    new Random(piece + 1).nextBytes(content);
    return content;
  }

  private interface Work {
    IoStatus on(TestRequest request);
  }

  private void with(BlockDevice device, Work work) {
    var reactor = host.reactor();
    IoChannel channel = TestReactors.on(reactor, () -> device.channel(reactor));
    assertEquals(IoStatus.SUCCESS, work.on(new TestRequest(reactor, channel, PIECE_BYTES)));
    TestReactors.run(reactor, channel::close);
  }

  private void write(BlockDevice device, long at, byte[] content) {
    with(
        device,
        request -> {
          request.put(content);
          return request.run(
              io -> io.prepareWrite(at / 512, PIECE_BYTES / 512, request.memory(), PIECE_BYTES));
        });
  }

  private byte[] read(BlockDevice device, long at) {
    var content = new byte[1][];
    with(
        device,
        request -> {
          request.fill(0xEE, PIECE_BYTES);
          var status =
              request.run(
                  io -> io.prepareRead(at / 512, PIECE_BYTES / 512, request.memory(), PIECE_BYTES));
          content[0] = request.bytes(PIECE_BYTES);
          return status;
        });
    return content[0];
  }

  /** All of it, on the child alone; nobody else uses it any more. */
  private void mustHoldEverything(int node) throws Exception {
    cluster.remove(node);
    var child = host.open(cluster.childUri(node));
    for (long at = 0; at < LARGE.nexusBytes(); at += PIECE_BYTES) {
      int piece = (int) (at / place(1));
      boolean holds = at == place(piece) && piece < PIECES;
      assertArrayEquals(
          holds ? content(piece) : new byte[PIECE_BYTES],
          read(child, Cluster.DATA_OFFSET_BYTES + at),
          "at " + at);
    }
    host.close(child);
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
    var child = host.open(cluster.childUri(3));
    for (int i = 0; i < PIECES; i += 3) {
      write(child, Cluster.DATA_OFFSET_BYTES + place(i) + 7L * PIECE_BYTES, content(100 + i));
      write(child, Cluster.DATA_OFFSET_BYTES + place(i), content(200 + i));
    }
    host.close(child);
    long before = cluster.bytesRead(1);
    var rebuild = rebuild(3);
    mustHaveReadLittle(1, before);
    long zeroed = (PIECES + 2) / 3 * (long) PIECE_BYTES;
    assertEquals(DATA_BYTES + zeroed, rebuild.copied(), rebuild::toString);
    mustHoldEverything(3);
  }
}
