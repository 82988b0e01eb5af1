package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.Geometry;
import io.tenon.block.IoOperation;
import io.tenon.reactor.Reactor;
import io.tenon.simulation.ByteMedium;
import io.tenon.simulation.SimDisk;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimThreads;
import io.tenon.simulation.SimWorld;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** Hosts on several reactors read, write and unmap while snapshots, clones and deletions go on; everything they see is checked. */
final class StoreSimulation {
  static final int PAGES_PER_CLUSTER = 16;
  static final int BLOCK_BYTES = 512;
  private static final int REACTORS = 3;
  private static final int MOST_VOLUMES = 5;
  private static final long MOST_EVENTS = 20_000_000;

  /** What is done most. */
  enum Scenario {
    /** A bit of everything. */
    MIXED(146, 9, 300_000, 3, 0.02),
    /** Clusters go from blob to blob, on a disk that is late now and then. */
    CHURN(66, 12, 60_000, 6, 0.1),
    /** Snapshots come and go quickly, and what reads from them is late. */
    LATE_READERS(66, 12, 30_000, 2, 0.2);

    final int clusters;
    final int hosts;
    final long mostPauseNs;
    final int unmapsOfTwenty;
    final double dawdling;

    Scenario(int clusters, int hosts, long mostPauseNs, int unmapsOfTwenty, double dawdling) {
      this.clusters = clusters;
      this.hosts = hosts;
      this.mostPauseNs = mostPauseNs;
      this.unmapsOfTwenty = unmapsOfTwenty;
      this.dawdling = dawdling;
    }

    Set<IoOperation> late() {
      return switch (this) {
        case MIXED -> EnumSet.allOf(IoOperation.class);
        case CHURN -> EnumSet.of(IoOperation.WRITE);
        case LATE_READERS -> EnumSet.of(IoOperation.READ);
      };
    }
  }

  final Scenario scenario;
  final SimWorld world;
  final ByteMedium medium;
  final SimDisk disk;
  final Map<BlobId, SimVolume> volumes = new TreeMap<>();

  /** Content of snapshots, as first seen. */
  final Map<BlobId, long[]> snapshots = new TreeMap<>();

  private final SplittableRandom random;
  private final SimReactors node;
  private final SimThreads threads;
  private final List<VolumeHost> hosts = new ArrayList<>();

  /** What metadata operations under way are about. */
  private final List<BlobId> unsettled = new ArrayList<>();

  private int metadataLeft;
  private long stamp = 1;
  private long powerLasts = Long.MAX_VALUE;
  private CompletableFuture<OpenStore> opened = new CompletableFuture<>();
  private CompletableFuture<ServedStore> served = new CompletableFuture<>();
  boolean stopped;
  int hostsRunning;
  int metadataDone;
  int reads;
  int writes;
  int unmaps;
  int refused;

  StoreSimulation(long seed, Scenario scenario, int metadataOperations) throws BlobstoreException {
    this.scenario = scenario;
    world = new SimWorld(new SplittableRandom(seed));
    random = world.chance();
    node = world.node("node", REACTORS);
    threads = new SimThreads(node);
    metadataLeft = metadataOperations;
    var empty = new MemoryDisk((long) scenario.clusters * PAGES_PER_CLUSTER * 4096, BLOCK_BYTES);
    Format.run(empty, PAGES_PER_CLUSTER * 4096, 100, "TEST").unload();
    medium = new ByteMedium(BLOCK_BYTES);
    SimContent.put(empty, medium);
    disk =
        new SimDisk(
            "disk",
            new Geometry(BLOCK_BYTES, empty.sizeBytes() / BLOCK_BYTES),
            medium,
            world,
            new SimDisk.Faults(
                0,
                scenario == Scenario.LATE_READERS ? 6_000 : 60_000,
                0,
                0,
                0,
                0,
                0,
                0,
                seed % 2 == 0),
            SimDisk.Observer.NOBODY,
            false);
    disk.dawdle(scenario.dawdling, 9_000_000, scenario.late());
  }

  /** Events until the power fails. */
  void powerFailsAfter(long events) {
    powerLasts = events;
  }

  /**
   * Until nothing is left to happen or the power fails.
   *
   * @return false when the power has failed
   */
  boolean run() {
    threads.start(this::metadataLife);
    var _ = world.runUntil(() -> --powerLasts <= 0, MOST_EVENTS);
    if (powerLasts <= 0) disk.crash();
    return powerLasts > 0;
  }

  OpenStore store() {
    return opened.join();
  }

  private ServedStore served() {
    return served.join();
  }

  private Reactor reactor(int index) {
    return node.all().get(index);
  }

  void on(int reactor, long delayNs, Runnable task) {
    var _ = reactor(reactor).schedule(delayNs, task);
  }

  long nextStamp() {
    return ++stamp;
  }

  BlobView view(SimVolume volume) {
    try {
      return store().blob(volume.id).view();
    } catch (BlobstoreException e) {
      throw new AssertionError(e);
    }
  }

  boolean writes(SimVolume volume, int page) {
    return hosts.stream().anyMatch(host -> host.isWriting(volume, page));
  }

  // ---- metadata

  private void pause(long ns) {
    var over = new CompletableFuture<Void>();
    world.schedule(ns, () -> over.complete(null));
    var _ = over.handle((_, _) -> true).join();
  }

  private void metadataLife() {
    try {
      var blocking = new BlockingThreads(threads.factory());
      var slot = new DeviceSlot(disk, "sim:///disk", world.clock(), threads::start);
      var reactorDisk = new ReactorDisk(slot, reactor(0), blocking);
      opened.complete(OpenStore.load(reactorDisk, "TEST"));
      served.complete(new ServedStore(slot, reactorDisk, opened.join(), blocking));
    } catch (BlobstoreException e) {
      throw new AssertionError(e);
    }
    for (int i = 0; i < scenario.hosts; i++) {
      var host = new VolumeHost(this, i % REACTORS);
      hosts.add(host);
      host.later();
      hostsRunning++;
    }
    while (metadataLeft-- > 0) {
      metadataStep();
      pause(random.nextLong(scenario == Scenario.LATE_READERS ? 50_000 : 3_000_000));
    }
    stopped = true;
  }

  private void metadataStep() {
    try {
      metadata();
      metadataDone++;
    } catch (BlobstoreException e) {
      if (e.kind() != Kind.NO_SPACE && e.kind() != Kind.NO_METADATA_PAGE) {
        throw new AssertionError(e);
      }
      refused++;
    }
  }

  private interface Change {
    void run() throws BlobstoreException;
  }

  /** What is known of the blob is in doubt until it has ended. */
  private void change(BlobId id, Change change) throws BlobstoreException {
    unsettled.add(id);
    var volume = volumes.get(id);
    if (volume != null) volume.shape++;
    change.run();
    if (volume != null) volume.shape++;
    unsettled.remove(id);
  }

  private void metadata() throws BlobstoreException {
    var open = volumes.values().stream().filter(volume -> !volume.closing).toList();
    int choice = random.nextInt(100);
    if (scenario == Scenario.LATE_READERS && choice >= 40) choice = 25 + random.nextInt(50);
    if (open.isEmpty() || (choice < 15 && volumes.size() < MOST_VOLUMES)) {
      create();
      return;
    }
    var volume = open.get(random.nextInt(open.size()));
    if (choice < 40) snapshot(volume);
    else if (choice < 50) cloneOne();
    else if (choice < 75) deleteSnapshot();
    else if (choice < 80 && open.size() > 1) close(volume);
    else if (choice < 86) grow(volume);
    else if (choice < 92 && served().blob(volume.id).parent().isPresent()) {
      change(volume.id, () -> served().decouple(volume.id));
    } else if (choice < 94 && volume.pages() < 6 * PAGES_PER_CLUSTER) {
      change(volume.id, () -> served().inflate(volume.id));
    } else {
      served().xattrs(volume.id, Map.of("seen", Optional.of("yes".getBytes(UTF_8))));
    }
  }

  private void create() throws BlobstoreException {
    int clusters = 1 + random.nextInt(8);
    boolean thin = random.nextInt(4) != 0;
    var id = served().create(thin ? BlobSpec.thin(clusters) : BlobSpec.thick(clusters));
    var content = new long[clusters * PAGES_PER_CLUSTER];
    if (!thin) Arrays.fill(content, SimVolume.UNKNOWN);
    open(id, content);
  }

  private void open(BlobId id, long[] content) throws BlobstoreException {
    var device = served().open(id, "blob-" + id, new UUID(2, id.value()));
    var slot = new DeviceSlot(device, "sim:///" + id, world.clock(), threads::start);
    var volume = new SimVolume(id, slot, REACTORS, content);
    volumes.put(id, volume);
    for (int i = 0; i < REACTORS; i++) {
      int index = i;
      on(
          index,
          random.nextLong(100_000),
          () -> volume.channels[index] = slot.channel(reactor(index)));
    }
  }

  private void snapshot(SimVolume volume) throws BlobstoreException {
    volume.snapshotBegins();
    var made = new ArrayList<BlobId>();
    var allowed = volume.forSnapshot;
    try {
      change(
          volume.id,
          () -> made.add(served().snapshot(volume.id, Map.of("of", "x".getBytes(UTF_8)))));
    } finally {
      volume.forSnapshot = null;
    }
    if (allowed == null) throw new AssertionError("nobody recorded");
    var id = made.getFirst();
    var content = content(store().blob(id).view(), SimContent.of(medium, disk), allowed.size());
    for (int page = 0; page < content.length; page++) {
      check(allowed.get(page), content[page], "snapshot %s page %d".formatted(id, page));
    }
    snapshots.put(id, content);
  }

  static long[] content(BlobView view, MemoryDisk from, int pages) {
    var content = new long[pages];
    for (int page = 0; page < pages; page++) {
      int cluster = view.find(page / PAGES_PER_CLUSTER);
      if (cluster == 0) continue;
      long at = (long) cluster * PAGES_PER_CLUSTER + page % PAGES_PER_CLUSTER;
      content[page] = Long.reverseBytes(from.stampAt(at));
    }
    return content;
  }

  static void check(Set<Long> allowed, long found, String where) {
    if (allowed.contains(found) || allowed.contains(SimVolume.UNKNOWN)) return;
    throw new AssertionError("%s holds %d instead of one of %s".formatted(where, found, allowed));
  }

  private void cloneOne() throws BlobstoreException {
    if (snapshots.isEmpty() || volumes.size() >= MOST_VOLUMES) return;
    var ids = List.copyOf(snapshots.keySet());
    var snapshot = ids.get(random.nextInt(ids.size()));
    var clone = served().cloneOf(snapshot, Map.of());
    var content = snapshots.get(snapshot);
    if (content == null) throw new AssertionError("unknown " + snapshot);
    open(clone, content);
  }

  private void deleteSnapshot() throws BlobstoreException {
    for (BlobId id : List.copyOf(snapshots.keySet())) {
      if (served().blob(id).children().size() > 1 || random.nextBoolean()) continue;
      change(id, () -> served().delete(id));
      snapshots.remove(id);
      return;
    }
  }

  private void grow(SimVolume volume) throws BlobstoreException {
    int clusters = volume.pages() / PAGES_PER_CLUSTER;
    if (clusters > 12 || !served().blob(volume.id).thin()) return;
    change(volume.id, () -> served().resize(volume.id, clusters + 2));
    volume.grow((clusters + 2) * PAGES_PER_CLUSTER);
  }

  /** When hosts have done with it, it is closed and deleted. */
  private void close(SimVolume volume) {
    volume.closing = true;
    closeWhenIdle(volume);
  }

  private void closeWhenIdle(SimVolume volume) {
    if (volume.underWay > 0 || Arrays.stream(volume.channels).anyMatch(one -> one == null)) {
      world.schedule(100_000, () -> closeWhenIdle(volume));
      return;
    }
    for (int i = 0; i < REACTORS; i++) {
      var channel = volume.channels[i];
      if (channel != null) on(i, 1, channel::close);
    }
    world.schedule(
        1_000_000,
        () -> {
          var closed = volume.slot.fail("closed").toCompletableFuture();
          var _ = closed.thenRun(() -> threads.start(() -> delete(volume)));
        });
  }

  private void delete(SimVolume volume) {
    try {
      change(volume.id, () -> served().delete(volume.id));
      volumes.remove(volume.id);
    } catch (BlobstoreException e) {
      throw new AssertionError(e);
    }
  }

  // ---- what must be true

  /** Looks at everything at rest. */
  void checkAll() throws BlobstoreException {
    var now = SimContent.of(medium, disk);
    for (var volume : volumes.values()) {
      var found = content(view(volume), now, volume.pages());
      for (int page = 0; page < found.length; page++) {
        check(volume.now(page), found[page], "%s page %d".formatted(volume.id, page));
      }
    }
    checkSnapshots(store().blobs(), now);
  }

  /** After a power failure: what was acknowledged and flushed is there, and of the rest each page's former or later content. */
  void checkAfterPowerFailure(LoadedStore found, MemoryDisk left) {
    for (var volume : volumes.values()) {
      if (unsettled.contains(volume.id) && volume.closing) continue;
      var blob = found.blobs.get(volume.id);
      if (blob == null) throw new AssertionError("volume lost: " + volume.id);
      int pages = Math.min(volume.pages(), blob.map().clusters() * PAGES_PER_CLUSTER);
      if (pages < volume.pages()) throw new AssertionError("volume cut: " + volume.id);
      var content = content(blob.view(), left, pages);
      for (int page = 0; page < pages; page++) {
        check(
            volume.possible.get(page),
            content[page],
            "%s page %d after a power failure".formatted(volume.id, page));
      }
    }
    checkSnapshots(found.blobs, left);
  }

  void checkSnapshots(Map<BlobId, StoredBlob> blobs, MemoryDisk from) {
    for (var snapshot : snapshots.entrySet()) {
      if (unsettled.contains(snapshot.getKey())) continue;
      var blob = blobs.get(snapshot.getKey());
      if (blob == null) throw new AssertionError("snapshot lost: " + snapshot.getKey());
      var found = content(blob.view(), from, snapshot.getValue().length);
      if (!Arrays.equals(found, snapshot.getValue())) {
        throw new AssertionError("snapshot %s has changed".formatted(snapshot.getKey()));
      }
    }
  }
}
