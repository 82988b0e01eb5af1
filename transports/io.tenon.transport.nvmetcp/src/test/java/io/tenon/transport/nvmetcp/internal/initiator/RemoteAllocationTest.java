package io.tenon.transport.nvmetcp.internal.initiator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.block.AllocationQuery;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import io.tenon.block.testing.ThinDevice;
import io.tenon.transport.nvmetcp.internal.target.TargetNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where the device of another node holds data. */
class RemoteAllocationTest {
  private static final String DEVICE = "malloc:///remote?size_mb=48";
  private static final long BLOCKS = 48 * 2048;
  private static final long PIECE = 128;

  private final List<TestVolume> volumes = new ArrayList<>();
  private TestReactors reactors;
  private TargetNode node;
  private RemoteProvider provider;
  private DeviceSlot slot;
  private ThinDevice thin;

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    node = new TargetNode(reactors.reactors(), 32);
  }

  @AfterEach
  void stop() throws Exception {
    volumes.forEach(TestVolume::close);
    if (slot != null) TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    if (provider != null) provider.close();
    node.close();
    reactors.close();
  }

  private void open(Map<String, Object> settings) throws Exception {
    provider = new RemoteProvider(reactors.reactors(), TestInitiatorConfig.options(settings));
    String uri = node.uri(DEVICE);
    slot = new DeviceSlot(provider.open(DeviceUri.parse(uri)), uri);
  }

  private void openThin() throws Exception {
    node.between(
        plain -> {
          thin = new ThinDevice(plain, PIECE);
          return thin;
        });
    open(Map.of());
  }

  private TestVolume volume(int reactor) {
    var volume = new TestVolume(slot, reactors.get(reactor));
    volumes.add(volume);
    return volume;
  }

  private static void write(TestVolume volume, long lba) {
    assertEquals(IoStatus.SUCCESS, volume.write(lba, new byte[512]));
  }

  private static void assertHolds(TestVolume volume, long[]... runs) {
    assertArrayEquals(runs, volume.allocation(0, BLOCKS).toArray());
  }

  /** A device of more blocks than one command can name. */
  @Test
  void bothReactorsHearWhatTheOtherNodesDeviceSays() throws Exception {
    openThin();
    for (int reactor = 0; reactor < 2; reactor++) {
      var volume = volume(reactor);
      write(volume, 5 * PIECE + 1);
      write(volume, 6 * PIECE);
      write(volume, 600 * PIECE - 1);
      // The block behind a run is taken for data, too: see LbaStatus.
      assertHolds(
          volume, new long[] {5 * PIECE, 7 * PIECE + 1}, new long[] {599 * PIECE, 600 * PIECE + 1});
    }
    assertTrue(thin.questions() > 0);
  }

  @Test
  void aDeviceThatDoesNotKnowHoldsDataEverywhere() throws Exception {
    open(Map.of());
    assertHolds(volume(0), new long[] {0, BLOCKS});
  }

  @Test
  void withoutAConnectionEverythingMayHoldData() throws Exception {
    openThin();
    var volume = volume(0);
    assertHolds(volume);
    node.stop();
    long deadlineNs = System.nanoTime() + 60_000_000_000L;
    while (volume.allocation(0, BLOCKS).isEmpty()) {
      assertTrue(System.nanoTime() < deadlineNs, "it never noticed");
    }
    assertHolds(volume, new long[] {0, BLOCKS});
  }

  /** More at once than the admin queue has entries. */
  @Test
  void manyQuestionsAreAnsweredOnceEach() throws Exception {
    openThin();
    var volume = volume(0);
    write(volume, 0);
    var answers = IntStream.range(0, 200).mapToObj(_ -> new CompletableFuture<Boolean>()).toList();
    TestReactors.run(
        volume.reactor(),
        () -> {
          for (int i = 0; i < answers.size(); i++) {
            var answer = answers.get(i);
            var query =
                new AllocationQuery() {
                  @Override
                  protected void answered() {
                    answer.complete(isAllocated());
                  }
                };
            query.prepare(i % 2 * 10L * PIECE, PIECE);
            volume.channel().ask(query);
          }
        });
    var all = new boolean[answers.size()];
    for (int i = 0; i < all.length; i++) all[i] = TestReactors.await(answers.get(i));
    var expected = new boolean[all.length];
    for (int i = 0; i < all.length; i += 2) expected[i] = true;
    assertArrayEquals(expected, all, Arrays.toString(all));
  }
}
