package io.tenon.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.BlockDevice;
import io.tenon.block.IoChannel;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestRequest;
import io.tenon.block.testing.Waiting;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two nexuses of one volume on two nodes: only one of them is the truth, whatever became of the other's node. */
@Tag("faults")
@Timeout(300)
class FencingFaultsTest {
  private static final String KEY = "/volume/v1/nexus/n1/info";
  private static final long DISK_BYTES = 48L << 20;
  private static final int BYTES = 64 << 10;
  private static final int BLOCKS = BYTES / 512;
  private static final long PLACE = 4096;

  private final List<Node> nodes = new ArrayList<>();
  private Host host;

  @AfterEach
  void stop() throws Exception {
    // Who knows what state they are in. The nodes first: a host that leaves would wait for one that
    // hangs.
    for (Node node : nodes) node.kill();
    if (host != null) host.close();
  }

  private Node node() throws Exception {
    var made = NodePool.start();
    nodes.add(made);
    return made;
  }

  private Node startAgain(Node stopped) throws Exception {
    var again = NodePool.startAgain(stopped);
    nodes.add(again);
    again.awaitReady();
    return again;
  }

  /** Of a replica of a new pool. */
  private static String sharedReplica(Node node) throws Exception {
    var shell = node.shell();
    shell.must("tenon:pool create pool 'aio://" + node.makeDisk(DISK_BYTES) + "' --cluster 1MiB");
    shell.must("tenon:replica create pool replica --size 32MiB");
    return String.valueOf(shell.show("tenon:replica share replica").get("uri"));
  }

  private static Map<String, Object> create(Node node, String options, String... children)
      throws Exception {
    var line = new StringBuilder("tenon:nexus create v1 --size 16MiB");
    line.append(" --info-key ").append(KEY).append(' ').append(options);
    for (String child : children) line.append(" --child '").append(child).append('\'');
    return node.shell().show(line.toString());
  }

  private static String publish(Node node) throws Exception {
    return String.valueOf(node.shell().show("tenon:nexus publish v1").get("uri"));
  }

  private static String state(Node node) throws Exception {
    return String.valueOf(node.shell().show("tenon:nexus show v1").get("state"));
  }

  /** A published nexus as the host has it. */
  private final class Volume {
    private final IoChannel channel;

    Volume(String uri) throws Exception {
      BlockDevice device = host.open(uri);
      channel = TestReactors.on(host.reactor(), () -> device.channel(host.reactor()));
    }

    TestRequest request() {
      return new TestRequest(host.reactor(), channel, BYTES);
    }

    void write(int stamp) {
      var request = request();
      request.fill(stamp, BYTES);
      assertEquals(
          IoStatus.SUCCESS,
          request.run(io -> io.prepareWrite(PLACE, BLOCKS, request.memory(), BYTES)));
    }

    void mustHold(int stamp) {
      // Each child is asked.
      for (int i = 0; i < 4; i++) {
        var request = request();
        assertEquals(
            IoStatus.SUCCESS,
            request.run(io -> io.prepareRead(PLACE, BLOCKS, request.memory(), BYTES)));
        assertArrayEquals(all(stamp), request.bytes(BYTES));
      }
    }
  }

  private static byte[] all(int stamp) {
    var bytes = new byte[BYTES];
    Arrays.fill(bytes, (byte) stamp);
    return bytes;
  }

  /**
   * @param local the first nexus reads from a child of its own, which nobody can take from it
   */
  @ParameterizedTest(name = "with a local child: {0}")
  @ValueSource(booleans = {false, true})
  void aFrozenNodeThatWakesUpFindsItsChildrenTakenAndShowsNobodyWhatIsStale(boolean local)
      throws Exception {
    var first = node();
    var second = node();
    var disks = List.of(node(), node());
    for (Node node : nodes) node.awaitReady();
    host = Host.start();
    var children = new ArrayList<String>();
    for (Node node : disks) children.add(sharedReplica(node));
    String[] uris = children.toArray(String[]::new);
    if (local) {
      var own = new ArrayList<>(children);
      own.add("aio://" + first.makeDisk(DISK_BYTES));
      create(first, "--reservation-key 0x11 --read LOCAL_FIRST", own.toArray(String[]::new));
    } else {
      create(first, "--reservation-key 0x11 --read ROUND_ROBIN", uris);
    }
    var old = new Volume(publish(first));
    old.write(1);
    old.mustHold(1);

    first.freeze();
    var read = old.request();
    var readEnds = read.start(io -> io.prepareRead(PLACE, BLOCKS, read.memory(), BYTES));
    var write = old.request();
    write.fill(2, BYTES);
    var writeEnds = write.start(io -> io.prepareWrite(PLACE, BLOCKS, write.memory(), BYTES));

    var made = create(second, "--reservation-key 0x22 --preempt holder --read ROUND_ROBIN", uris);
    assertEquals("ONLINE", made.get("state"), made::toString);
    assertTrue(made.toString().contains("with key 0x11"), made::toString);
    var next = new Volume(publish(second));
    next.mustHold(1);
    next.write(3);
    next.mustHold(3);

    first.thaw();
    Waiting.until(
        "the first nexus stops", () -> state(first).equals("SHUTDOWN"), () -> first + " " + second);
    assertNotEquals(IoStatus.SUCCESS, readEnds.get(60, TimeUnit.SECONDS));
    assertNotEquals(IoStatus.SUCCESS, writeEnds.get(60, TimeUnit.SECONDS));
    var why = first.shell().list("tenon:nexus why v1").getFirst();
    assertTrue(why.toString().contains("another host holds its reservation"), why::toString);
    next.mustHold(3);
    assertEquals("ONLINE", state(second));
    next.write(4);
    next.mustHold(4);
    // It has nothing to give back.
    first.shell().must("tenon:nexus destroy v1");
    next.write(5);
    next.mustHold(5);
  }

  @Test
  void aNodeThatStopsInOrderSaysSoAndOneThatIsKilledIsBelievedHalf() throws Exception {
    var node = node();
    node.awaitReady();
    host = Host.start();
    String one = "aio://" + node.makeDisk(DISK_BYTES);
    String two = "aio://" + node.makeDisk(DISK_BYTES);
    create(node, "", one, two);
    new Volume(publish(node)).write(1);
    assertTrue(record(node).contains("\"clean_shutdown\":false"), record(node));
    node.terminate();

    node = startAgain(node);
    var kept = record(node);
    assertTrue(kept.contains("\"clean_shutdown\":true"), kept);
    assertEquals("ONLINE", create(node, "", one, two).get("state"));
    new Volume(publish(node)).mustHold(1);
    node.kill();

    node = startAgain(node);
    kept = record(node);
    assertTrue(kept.contains("\"clean_shutdown\":false"), kept);
    var again = create(node, "", one, two);
    assertTrue(
        again.get("state").equals("ONLINE") || again.toString().contains("did not end in order"),
        again::toString);
    var running = node;
    Waiting.until("it is whole again", () -> state(running).equals("ONLINE"), running::toString);
    assertEquals(
        1, running.shell().list("tenon:rebuild history v1").size(), "one child was made equal");
    new Volume(publish(node)).mustHold(1);
  }

  private static String record(Node node) throws Exception {
    return String.valueOf(node.shell().show("tenon:store get " + KEY).get("value"));
  }
}
