package io.tenon.block.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tenon.block.BlockDevice;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceException.Kind;
import io.tenon.block.DeviceProvider;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.Geometry;
import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every backend does, whatever it stands for. A backend's test extends this and says how to make a device; a device
 * is always used as in production, by way of a slot, on real reactors.
 */
public abstract class BlockDeviceContract {
  /** Bytes of a device under test. */
  protected static final long DEVICE_BYTES = 8 << 20;

  private static final UUID GIVEN = UUID.fromString("5c0ffee0-0000-4000-8000-00000000abcd");
  private static final int DEPTH = 128;
  private static final Duration SETTLES_WITHIN = Duration.ofSeconds(30);

  private final List<DeviceSlot> slots = new ArrayList<>();
  private final List<TestVolume> volumes = new ArrayList<>();
  private TestReactors reactors = noReactors();
  private DeviceProvider provider = noProvider();

  @SuppressWarnings("NullAway") // set before each test
  private static TestReactors noReactors() {
    return null;
  }

  @SuppressWarnings("NullAway") // set before each test
  private static DeviceProvider noProvider() {
    return null;
  }

  /** The backend under test; made anew for each test. */
  protected abstract DeviceProvider provider(TestReactors reactors) throws Exception;

  /**
   * A URI of a device of {@link #DEVICE_BYTES} in blocks of {@code blockBytes}, which need not exist yet; the same name
   * means the same device. With a query, to which parameters can be added by {@code &}.
   */
  protected abstract String uri(String name, int blockBytes) throws Exception;

  /** False for a device that forgets what is written. */
  protected boolean keepsData() {
    return true;
  }

  /** False for a device whose content ends with it. */
  protected boolean outlivesClosing() {
    return true;
  }

  /** False for schemes that ignore parameters that they do not know, as Mayastor's do for remote devices. */
  protected boolean refusesUnknownParameters() {
    return true;
  }

  /** How many I/Os settle the compiler and measure the steady state; less for a slow device. */
  protected int steadyRequests() {
    return 60_000;
  }

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
    provider = provider(reactors);
  }

  @AfterEach
  void stop() throws Exception {
    closeAll();
    stopProvider(provider);
    reactors.close();
  }

  /** Closes what {@link #open} and {@link #volume} have opened. */
  protected final void closeAll() {
    volumes.forEach(TestVolume::close);
    volumes.clear();
    for (DeviceSlot slot : slots) {
      TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
    }
    slots.clear();
  }

  /** For a backend that must be closed. */
  protected void stopProvider(DeviceProvider used) throws Exception {}

  protected final DeviceProvider provider() {
    return provider;
  }

  protected final TestReactors reactors() {
    return reactors;
  }

  protected final DeviceSlot open(String uri) throws DeviceException {
    var slot = new DeviceSlot(provider.open(DeviceUri.parse(uri)), uri);
    slots.add(slot);
    return slot;
  }

  protected final TestVolume volume(DeviceSlot slot, int reactor) {
    var volume = new TestVolume(slot, reactors.get(reactor));
    volumes.add(volume);
    return volume;
  }

  private TestVolume volume(String name, int blockBytes) throws Exception {
    return volume(open(uri(name, blockBytes)), 0);
  }

  protected static byte[] random(long seed, long bytes) {
    var content = new byte[(int) bytes];
    new Random(seed).nextBytes(content);
    return content;
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void geometryAndNameAreWhatTheUriSays(int blockBytes) throws Exception {
    String uri = uri("geometry", blockBytes);
    var slot = open(uri);
    assertEquals(new Geometry(blockBytes, DEVICE_BYTES / blockBytes), slot.geometry());
    assertEquals(provider.deviceName(DeviceUri.parse(uri)), slot.name());
    assertFalse(slot.productName().isBlank());
  }

  @Test
  void theUuidIsTheOneOfTheUri() throws Exception {
    assertEquals(GIVEN, open(uri("uuid", 512) + "&uuid=" + GIVEN).uuid());
  }

  @Test
  void theUuidStaysWhenTheSameDeviceIsOpenedAgain() throws Exception {
    assumeTrue(outlivesClosing());
    var uri = DeviceUri.parse(uri("again", 512));
    var first = provider.open(uri);
    first.close();
    var second = provider.open(uri);
    second.close();
    assertEquals(first.uuid(), second.uuid());
  }

  @Test
  void unknownParametersAreRefusedByName() throws Exception {
    assumeTrue(refusesUnknownParameters());
    var uri = DeviceUri.parse(uri("unknown", 512) + "&colour=red&shape=round");
    var refusal = assertThrows(DeviceException.class, () -> provider.open(uri));
    assertEquals(Kind.INVALID_PARAMETER, refusal.kind());
    assertTrue(refusal.why().contains("colour, shape"), refusal.why());
  }

  @Test
  void aUuidThatIsNoneIsRefused() throws Exception {
    var uri = DeviceUri.parse(uri("bad", 512) + "&uuid=42");
    var refusal = assertThrows(DeviceException.class, () -> provider.open(uri));
    assertEquals(Kind.INVALID_PARAMETER, refusal.kind());
  }

  @Test
  void withoutSuchAWishAnOpenDeviceIsNotChanged() throws Exception {
    assertFalse(provider.changesOpenDevice(DeviceUri.parse(uri("change", 512))));
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void whatWasWrittenReadsBack(int blockBytes) throws Exception {
    assumeTrue(keepsData());
    var volume = volume("data", blockBytes);
    long last = DEVICE_BYTES / blockBytes - 8;
    for (long lba : new long[] {0, 1, 77, last}) {
      var content = random(lba, 8L * blockBytes);
      assertEquals(IoStatus.SUCCESS, volume.write(lba, content));
      assertEquals(IoStatus.SUCCESS, volume.read(lba, 8));
      assertArrayEquals(content, volume.content(8));
    }
    var large = random(5, 128 << 10);
    assertEquals(IoStatus.SUCCESS, volume.write(100, large));
    assertEquals(IoStatus.SUCCESS, volume.flush());
    assertEquals(IoStatus.SUCCESS, volume.read(100, large.length / blockBytes));
    assertArrayEquals(large, volume.content(large.length / blockBytes));
  }

  @Test
  void contentIsThereAfterReopening() throws Exception {
    assumeTrue(keepsData() && outlivesClosing());
    String uri = uri("durable", 512);
    var content = random(1, 4096);
    var slot = open(uri);
    var volume = volume(slot, 0);
    assertEquals(IoStatus.SUCCESS, volume.write(8, content));
    assertEquals(IoStatus.SUCCESS, volume.flush());
    TestReactors.await(slot.vacate("The test closes it.", "").toCompletableFuture());

    slot.restore(provider.open(DeviceUri.parse(uri)), "The test opens it again.");
    assertEquals(IoStatus.SUCCESS, volume.read(8, 8));
    assertArrayEquals(content, volume.content(8));
  }

  @ParameterizedTest
  @EnumSource(IoOperation.class)
  void beyondTheEndIsOutOfRange(IoOperation operation) throws Exception {
    var volume = volume("range", 512);
    assumeTrue(operation != IoOperation.FLUSH && volume.slot().supports(operation));
    long end = volume.slot().geometry().blockCount();
    var request = volume.request(8192);
    int bytes = operation == IoOperation.COMPARE_AND_WRITE ? 8192 : 4096;
    for (long lba : new long[] {end - 7, end, end + 1, Long.MAX_VALUE - 2, -1}) {
      var status =
          request.run(
              io -> {
                switch (operation) {
                  case READ -> io.prepareRead(lba, 8, request.memory(), bytes);
                  case WRITE -> io.prepareWrite(lba, 8, request.memory(), bytes);
                  case UNMAP -> io.prepareUnmap(lba, 8);
                  case WRITE_ZEROES -> io.prepareWriteZeroes(lba, 8);
                  case COMPARE -> io.prepareCompare(lba, 8, request.memory(), bytes);
                  case COMPARE_AND_WRITE ->
                      io.prepareCompareAndWrite(lba, 8, request.memory(), bytes);
                  case FLUSH -> throw new AssertionError("a flush has no range");
                }
              });
      assertEquals(IoStatus.OUT_OF_RANGE, status, operation + " at " + lba);
    }
    assertEquals(5, request.completions());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 2048, 4096})
  void writeZeroesZeroesItsRangeAndNothingElse(int blocks) throws Exception {
    assumeTrue(keepsData());
    var volume = volume("zeroes", 512);
    long lba = 33;
    for (long at = 0; at < 8192; at += 2048) {
      assertEquals(IoStatus.SUCCESS, volume.write(at, random(at, 1 << 20)));
    }
    assertEquals(IoStatus.SUCCESS, volume.writeZeroes(lba, blocks));
    assertEquals(IoStatus.SUCCESS, volume.read(lba - 1, 1));
    assertArrayEquals(
        Arrays.copyOfRange(random(0, 1 << 20), 32 * 512, 33 * 512), volume.content(1));
    for (long at = 0; at < blocks; at += 2048) {
      long count = Math.min(2048, blocks - at);
      assertEquals(IoStatus.SUCCESS, volume.read(lba + at, count));
      assertArrayEquals(new byte[(int) count * 512], volume.content(count));
    }
    long after = lba + blocks;
    assertEquals(IoStatus.SUCCESS, volume.read(after, 1));
    int within = (int) (after % 2048) * 512;
    assertArrayEquals(
        Arrays.copyOfRange(random(after / 2048 * 2048, 1 << 20), within, within + 512),
        volume.content(1));
  }

  @Test
  void unmapLeavesItsNeighboursAlone() throws Exception {
    var volume = volume("unmap", 512);
    assumeTrue(keepsData() && volume.slot().supports(IoOperation.UNMAP));
    var content = random(3, 1 << 20);
    assertEquals(IoStatus.SUCCESS, volume.write(0, content));
    assertEquals(IoStatus.SUCCESS, volume.unmap(9, 1000));
    assertEquals(IoStatus.SUCCESS, volume.read(0, 2048));
    var found = volume.content(2048);
    assertArrayEquals(Arrays.copyOf(content, 9 * 512), Arrays.copyOf(found, 9 * 512));
    assertArrayEquals(
        Arrays.copyOfRange(content, 1009 * 512, 1 << 20),
        Arrays.copyOfRange(found, 1009 * 512, 1 << 20));
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void whatIsNotAllocatedReadsAsZeroes(int blockBytes) throws Exception {
    assumeTrue(keepsData());
    var volume = volume("allocation", blockBytes);
    long blocks = DEVICE_BYTES / blockBytes;
    var content = random(8, 2L * blockBytes);
    var written = new long[] {3, blocks / 2 - 1, blocks - 2};
    for (long lba : written) assertEquals(IoStatus.SUCCESS, volume.write(lba, content));
    if (volume.slot().supports(IoOperation.UNMAP)) {
      assertEquals(IoStatus.SUCCESS, volume.unmap(blocks / 2, blocks / 4));
    }
    long at = 0;
    for (long[] run : volume.allocation(0, blocks)) {
      assertZeroes(volume, at, run[0]);
      at = run[1];
    }
    assertZeroes(volume, at, blocks);
    for (long lba : written) {
      assertEquals(1, volume.allocation(lba, 1).size(), "block " + lba + " was written");
    }
  }

  private static void assertZeroes(TestVolume volume, long from, long to) {
    long step = (1L << 20) / volume.slot().geometry().blockBytes();
    for (long lba = from; lba < to; lba += step) {
      long count = Math.min(step, to - lba);
      assertEquals(IoStatus.SUCCESS, volume.read(lba, count));
      int at = Arrays.mismatch(new byte[volume.content(count).length], volume.content(count));
      assertEquals(-1, at, "byte " + at + " from block " + lba + " on");
    }
  }

  @Test
  void compareTellsEqualFromDifferent() throws Exception {
    assumeTrue(keepsData());
    var volume = volume("compare", 512);
    var content = random(4, 16 << 10);
    assertEquals(IoStatus.SUCCESS, volume.write(3, content));
    assertEquals(IoStatus.SUCCESS, volume.compare(3, content));
    content[content.length - 1] ^= 1;
    assertEquals(IoStatus.MISCOMPARE, volume.compare(3, content));
  }

  @Test
  void compareAndWriteWritesOnlyWhenEqual() throws Exception {
    assumeTrue(keepsData());
    var volume = volume("swap", 512);
    var before = random(4, 1024);
    var after = random(5, 1024);
    assertEquals(IoStatus.SUCCESS, volume.write(3, before));
    var both = Arrays.copyOf(before, 2048);
    System.arraycopy(after, 0, both, 1024, 1024);

    assertEquals(IoStatus.SUCCESS, volume.compareAndWrite(3, both));
    assertEquals(IoStatus.MISCOMPARE, volume.compareAndWrite(3, both));
    assertEquals(IoStatus.SUCCESS, volume.read(3, 2));
    assertArrayEquals(after, volume.content(2));
  }

  /** As hosts use it for locks on shared disks: whoever wins, nobody's step gets lost. */
  @Test
  void compareAndWriteOnTwoReactorsLosesNoStep() throws Exception {
    assumeTrue(keepsData());
    var slot = open(uri("steps", 512));
    int each = 100;
    assertEquals(IoStatus.SUCCESS, volume(slot, 0).writeZeroes(7, 1));
    var counters = new ArrayList<Thread>();
    var failures = new ConcurrentLinkedQueue<Throwable>();
    for (int reactor = 0; reactor < 2; reactor++) {
      var volume = volume(slot, reactor);
      counters.add(
          Thread.ofVirtual()
              .uncaughtExceptionHandler((_, thrown) -> failures.add(thrown))
              .start(() -> countUp(volume, each)));
    }
    for (Thread counter : counters) counter.join();
    assertEquals(List.of(), List.copyOf(failures));
    var volume = volume(slot, 0);
    assertEquals(IoStatus.SUCCESS, volume.read(7, 1));
    assertEquals(2 * each, ByteBuffer.wrap(volume.content(1)).getInt(0));
  }

  private static void countUp(TestVolume volume, int times) {
    for (int done = 0; done < times; ) {
      assertEquals(IoStatus.SUCCESS, volume.read(7, 1));
      var both = ByteBuffer.allocate(1024).put(volume.content(1)).put(512, volume.content(1));
      both.putInt(512, both.getInt(0) + 1);
      if (volume.compareAndWrite(7, both.array()).isSuccess()) done++;
    }
  }

  @Test
  void allReactorsSeeTheSameDevice() throws Exception {
    assumeTrue(keepsData());
    var slot = open(uri("shared", 512));
    var here = volume(slot, 0);
    var there = volume(slot, 1);
    var content = random(6, 4096);
    assertEquals(IoStatus.SUCCESS, here.write(16, content));
    assertEquals(IoStatus.SUCCESS, there.read(16, 8));
    assertArrayEquals(content, there.content(8));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void manyAtATimeOnTwoReactorsEndOnceEachAndKeepTheirData(long seed) throws Exception {
    assumeTrue(keepsData());
    var slot = open(uri("load", 512));
    var here = volume(slot, 0);
    var there = volume(slot, 1);
    long half = slot.geometry().blockCount() / 2;
    int each = 100;
    var loads =
        List.of(
            new RandomLoad(here, 0, half, DEPTH, each, seed),
            new RandomLoad(there, half, half, 32, each, -seed));
    loads.forEach(RandomLoad::start);
    loads.forEach(RandomLoad::await);
    assertEquals(DEPTH * each, loads.get(0).completions());
    assertEquals(32 * each, loads.get(1).completions());
  }

  @Test
  void drainAndResumeUnderLoadLoseNothing() throws Exception {
    assumeTrue(keepsData());
    var slot = open(uri("drain", 4096));
    var volume = volume(slot, 0);
    var load = new RandomLoad(volume, 32, 400, 9);
    load.start();
    for (int i = 0; i < 20; i++) {
      TestReactors.await(slot.drain("The test drains it.").toCompletableFuture());
      assertEquals(0, slot.status().inFlight());
      slot.resume("The test goes on.");
    }
    load.await();
    assertEquals(32 * 400, load.completions());
  }

  /** As when its bundle is updated: nothing fails, nothing is lost, it only takes longer. */
  @Test
  void swapsUnderLoadLoseNothing() throws Exception {
    assumeTrue(keepsData());
    var uri = DeviceUri.parse(uri("swap-load", 4096));
    var slot = open(uri.text());
    var here = volume(slot, 0);
    var there = volume(slot, 1);
    long half = slot.geometry().blockCount() / 2;
    var loads =
        List.of(
            new RandomLoad(here, 0, half, 32, 400, 10),
            new RandomLoad(there, half, half, 32, 400, 11));
    loads.forEach(RandomLoad::start);
    for (int i = 0; i < 5; i++) {
      var left =
          TestReactors.await(slot.vacate("The test swaps it.", "the test").toCompletableFuture());
      var successor = left.isPresent() ? provider.adopt(uri, left.get()) : provider.open(uri);
      TestReactors.await(slot.restore(successor, "The test has swapped it.").toCompletableFuture());
    }
    for (RandomLoad load : loads) {
      load.await();
      assertEquals(32 * 400, load.completions());
    }
  }

  @Test
  void closingTwiceIsClosingOnce() throws Exception {
    BlockDevice device = provider.open(DeviceUri.parse(uri("close", 512)));
    device.close();
    device.close();
  }

  @Test
  void aChannelThatConsumesInlineHasReadAWriteWhenSubmitReturns() throws Exception {
    var volume = volume("inline", 512);
    assumeTrue(keepsData() && volume.channel().consumesInline());
    var request = volume.request(512);
    request.fill(0x42, 512);
    var ended =
        request.start(
            io -> {
              io.prepareWrite(5, 1, request.memory(), 512);
              assertTrue(volume.channel().consumesInline());
            });
    request.fill(0, 512);
    assertEquals(IoStatus.SUCCESS, TestReactors.await(ended));
    assertEquals(IoStatus.SUCCESS, volume.read(5, 1));
    assertEquals(0x42, volume.content(1)[511]);
  }

  @Test
  void lentMemoryHoldsTheDataUntilGivenBack() throws Exception {
    var volume = volume("lend", 512);
    assumeTrue(keepsData() && volume.channel().lendsMemory());
    var content = random(8, 4096);
    assertEquals(IoStatus.SUCCESS, volume.write(40, content));
    var request = volume.request(512);
    assertEquals(IoStatus.SUCCESS, request.run(io -> io.prepareLentRead(40, 8, 4096)));
    var found = new byte[4096];
    Memory.copy(request.address(), found, 0, 4096);
    assertArrayEquals(content, found);
    assertEquals(1, volume.slot().status().inFlight());
    TestReactors.run(volume.reactor(), request::giveBack);
    assertEquals(0, volume.slot().status().inFlight());
  }

  @Test
  void inTheSteadyStateNothingIsAllocated() throws Exception {
    var volume = volume("steady", 512);
    int measured = steadyRequests();
    long allocated = Long.MAX_VALUE;
    // Until the compiler has settled, objects that never leave a method are still made.
    long deadline = System.nanoTime() + SETTLES_WITHIN.toNanos();
    while (allocated >= measured / 2 && System.nanoTime() < deadline) {
      var load =
          new SteadyLoad(
              volume.reactor(),
              volume.channel(),
              volume.slot().geometry(),
              32,
              measured / 10,
              measured,
              8);
      load.run();
      allocated = load.allocatedBytes();
    }
    // Less than a byte for each: what remains is the measuring itself and the odd message of the
    // loop.
    assertTrue(allocated < measured / 2, allocated + " bytes for " + measured + " requests");
  }
}
