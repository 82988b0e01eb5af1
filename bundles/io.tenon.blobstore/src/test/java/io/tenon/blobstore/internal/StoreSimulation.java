package io.tenon.blobstore.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoOperation;
import io.tenon.block.IoRequest;
import io.tenon.block.IoStatus;
import io.tenon.linux.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Hosts on several reactors read and write while snapshots, clones and deletions go on; everything they see is checked. */
final class StoreSimulation {
  private static final int REACTORS = 3;
  private static final int HOSTS = 9;
  private static final int PAGES_PER_CLUSTER = 16;
  private static final int MOST_PAGES = 20;
  private static final int MOST_VOLUMES = 5;

  final SimWorld world;
  final SimDisk disk;
  final OpenStore store;
  private final ServedStore served;
  final Map<BlobId, SimVolume> volumes = new TreeMap<>();

  /** Content of snapshots, as first seen. */
  final Map<BlobId, long[]> snapshots = new TreeMap<>();

  /** What the metadata operation under way is about. */
  final TreeSet<BlobId> unsettled = new TreeSet<>();

  private final InstantSource clock = () -> Instant.EPOCH;
  private final ReactorDisk reactorDisk;
  private int metadataLeft;
  private int hostsRunning;
  private long stamp = 1;
  private boolean stopped;
  int metadataDone;
  int reads;
  int writes;
  int refused;

  StoreSimulation(long seed, int metadataOperations) throws BlobstoreException {
    world = new SimWorld(seed, REACTORS);
    metadataLeft = metadataOperations;
    var empty = new MemoryDisk(150L * PAGES_PER_CLUSTER * 4096, 4096);
    Format.run(empty, PAGES_PER_CLUSTER * 4096, 100, "TEST").unload();
    disk = new SimDisk(world, empty);
    var slot = new DeviceSlot(disk, "sim:///disk", clock, world::execute);
    reactorDisk = new ReactorDisk(slot, world.reactor(0), world);
    store = OpenStore.load(reactorDisk, "TEST");
    served = new ServedStore(slot, reactorDisk, store, world);
  }

  void run() throws BlobstoreException {
    world.execute(this::metadataStep);
    for (int i = 0; i < HOSTS; i++) new Host(i % REACTORS).later();
    hostsRunning = HOSTS;
    world.run();
  }

  // ---- metadata

  private void metadataStep() {
    if (metadataLeft-- <= 0) {
      stopped = true;
      return;
    }
    try {
      metadata();
      metadataDone++;
    } catch (BlobstoreException e) {
      if (e.kind() != Kind.NO_SPACE && e.kind() != Kind.NO_METADATA_PAGE) {
        throw new AssertionError(e);
      }
      refused++;
    } finally {
      settled();
    }
    world.after(world.random.nextLong(3_000_000), 0, () -> world.execute(this::metadataStep));
  }

  private void metadata() throws BlobstoreException {
    var open = volumes.values().stream().filter(volume -> !volume.closing).toList();
    int choice = world.random.nextInt(100);
    if (open.isEmpty() || (choice < 15 && volumes.size() < MOST_VOLUMES)) {
      create();
      return;
    }
    var volume = open.get(world.random.nextInt(open.size()));
    if (choice < 45) snapshot(volume);
    else if (choice < 55) cloneOne();
    else if (choice < 75) deleteSnapshot();
    else if (choice < 80 && open.size() > 1) close(volume);
    else if (choice < 86) grow(volume);
    else if (choice < 92 && served.blob(volume.id).parent().isPresent()) {
      unsettled.add(volume.id);
      served.decouple(volume.id);
    } else if (choice < 94 && volume.value.length < 6 * PAGES_PER_CLUSTER) {
      unsettled.add(volume.id);
      served.inflate(volume.id);
    } else {
      served.xattrs(volume.id, Map.of("seen", Optional.of("yes".getBytes(UTF_8))));
    }
  }

  private void create() throws BlobstoreException {
    int clusters = 1 + world.random.nextInt(8);
    boolean thin = world.random.nextInt(4) != 0;
    var id = served.create(thin ? BlobSpec.thin(clusters) : BlobSpec.thick(clusters));
    var content = new long[clusters * PAGES_PER_CLUSTER];
    if (!thin) Arrays.fill(content, SimVolume.UNKNOWN);
    open(id, content);
  }

  private void open(BlobId id, long[] content) throws BlobstoreException {
    var device = served.open(id, "blob-" + id, new UUID(2, id.value()));
    var slot = new DeviceSlot(device, "sim:///" + id, clock, world::execute);
    var volume = new SimVolume(id, slot, REACTORS, content);
    volumes.put(id, volume);
    for (int i = 0; i < REACTORS; i++) {
      int index = i;
      world.after(
          world.random.nextLong(100_000),
          index,
          () -> volume.channels[index] = slot.channel(world.reactor(index)));
    }
  }

  private void snapshot(SimVolume volume) throws BlobstoreException {
    volume.snapshotBegins();
    BlobId id;
    try {
      id = served.snapshot(volume.id, Map.of("of", "x".getBytes(UTF_8)));
    } catch (BlobstoreException e) {
      volume.forSnapshot = null;
      throw e;
    }
    var allowed = volume.forSnapshot;
    volume.forSnapshot = null;
    if (allowed == null) throw new AssertionError("nobody recorded");
    var content = content(store.blob(id).view(), disk.now(), allowed.size());
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
    var snapshot = ids.get(world.random.nextInt(ids.size()));
    var clone = served.cloneOf(snapshot, Map.of());
    var content = snapshots.get(snapshot);
    if (content == null) throw new AssertionError("unknown " + snapshot);
    open(clone, content);
  }

  private void deleteSnapshot() throws BlobstoreException {
    for (BlobId id : List.copyOf(snapshots.keySet())) {
      if (served.blob(id).children().size() > 1 || world.random.nextBoolean()) continue;
      unsettled.add(id);
      served.delete(id);
      snapshots.remove(id);
      return;
    }
  }

  private void grow(SimVolume volume) throws BlobstoreException {
    int clusters = volume.value.length / PAGES_PER_CLUSTER;
    if (clusters > 12 || !served.blob(volume.id).thin()) return;
    unsettled.add(volume.id);
    served.resize(volume.id, clusters + 2);
    volume.grow((clusters + 2) * PAGES_PER_CLUSTER);
  }

  /** When hosts have done with it, it is closed and deleted, or stays closed when it has children. */
  private void close(SimVolume volume) {
    volume.closing = true;
    closeWhenIdle(volume);
  }

  private void closeWhenIdle(SimVolume volume) {
    if (volume.underWay > 0 || Arrays.stream(volume.channels).anyMatch(one -> one == null)) {
      world.after(100_000, 0, () -> closeWhenIdle(volume));
      return;
    }
    for (int i = 0; i < REACTORS; i++) {
      var channel = volume.channels[i];
      if (channel != null) world.after(1, i, channel::close);
    }
    world.after(
        1_000,
        0,
        () -> {
          var closed = volume.slot.fail("closed").toCompletableFuture();
          var _ = closed.thenRun(() -> world.execute(() -> delete(volume)));
        });
  }

  private void delete(SimVolume volume) {
    try {
      unsettled.add(volume.id);
      served.delete(volume.id);
      volumes.remove(volume.id);
    } catch (BlobstoreException e) {
      throw new AssertionError(e);
    } finally {
      settled();
    }
  }

  private void settled() {
    if (world.hasPower()) unsettled.clear();
  }

  // ---- hosts

  private final class Host extends IoRequest {
    private final int reactor;
    private final MemorySegment held = Arena.ofAuto().allocate(MOST_PAGES * 4096L, 4096);
    private final long memory = held.address();
    private @Nullable SimVolume chosen;
    private int first;
    private int count;
    private long written;
    private int[] durable = {};

    Host(int reactor) {
      this.reactor = reactor;
    }

    void later() {
      world.after(world.random.nextLong(300_000), reactor, this::next);
    }

    private void next() {
      var usable = new ArrayList<SimVolume>();
      for (SimVolume one : volumes.values()) {
        if (!one.closing && one.channels[reactor] != null) usable.add(one);
      }
      if (stopped) {
        hostsRunning--;
        return;
      }
      if (usable.isEmpty() || !choose(usable.get(world.random.nextInt(usable.size())))) {
        later();
        return;
      }
      var channel = volume().channels[reactor];
      if (channel == null) throw new AssertionError("no channel");
      volume().underWay++;
      channel.submit(this);
    }

    private SimVolume volume() {
      var its = chosen;
      if (its == null) throw new AssertionError("a host without a volume");
      return its;
    }

    private boolean choose(SimVolume volume) {
      chosen = volume;
      int kind = world.random.nextInt(20);
      if (kind == 0) {
        durable = volume.changes.clone();
        for (int i = 0; i < durable.length; i++) if (volume.busy[i]) durable[i] = -1;
        prepareFlush();
        return true;
      }
      count = 1 + world.random.nextInt(world.random.nextInt(4) == 0 ? MOST_PAGES : 3);
      count = Math.min(count, volume.value.length);
      first = world.random.nextInt(volume.value.length - count + 1);
      for (int i = first; i < first + count; i++) if (volume.busy[i]) return false;
      for (int i = first; i < first + count; i++) volume.busy[i] = true;
      int bytes = count * 4096;
      if (kind < 7) {
        Memory.segment(memory, bytes).fill((byte) 0xEE);
        prepareRead(first, count, memory, bytes);
        return true;
      }
      boolean zero = kind == 19;
      written = zero ? 0 : ++stamp;
      for (int i = 0; i < count; i++) {
        Memory.putLong(memory + i * 4096L, written);
        volume.begins(first + i, written);
      }
      if (zero) prepareWriteZeroes(first, count);
      else prepareWrite(first, count, memory, bytes);
      return true;
    }

    @Override
    protected void completed(IoStatus status) {
      volume().underWay--;
      if (operation() == IoOperation.FLUSH) flushed();
      else ended(status);
      later();
    }

    private void ended(IoStatus status) {
      var volume = volume();
      world.trace(stamp ^ first);
      boolean read = operation() == IoOperation.READ;
      if (!status.isSuccess() && (read || status != IoStatus.NO_SPACE)) {
        throw new AssertionError(this + " of " + volume.id + " ended with " + status);
      }
      for (int i = 0; i < count; i++) {
        int page = first + i;
        volume.busy[page] = false;
        if (read) {
          long found = Memory.getLong(memory + i * 4096L);
          long expected = volume.value[page];
          if (found != expected && expected != SimVolume.UNKNOWN) {
            throw new AssertionError(
                "%s page %d holds %d instead of %d".formatted(volume.id, page, found, expected));
          }
        } else {
          volume.value[page] = status.isSuccess() ? written : SimVolume.UNKNOWN;
          if (!status.isSuccess()) volume.possible.get(page).add(SimVolume.UNKNOWN);
        }
      }
      if (read) reads++;
      else writes++;
    }

    /** What was acknowledged before the flush began cannot go back to what was before. */
    private void flushed() {
      var volume = volume();
      for (int page = 0; page < durable.length; page++) {
        var possible = volume.possible.get(page);
        if (volume.changes[page] != durable[page]) continue;
        possible.clear();
        possible.add(volume.value[page]);
      }
    }
  }

  int hostsRunning() {
    return hostsRunning;
  }

  /** Looks at everything while there is power. */
  void checkAll(OpenStore from, MemoryDisk disk) throws BlobstoreException {
    for (var volume : volumes.values()) {
      var found = content(from.blob(volume.id).view(), disk, volume.value.length);
      for (int page = 0; page < found.length; page++) {
        check(
            new TreeSet<>(List.of(volume.value[page])),
            found[page],
            "%s page %d".formatted(volume.id, page));
      }
    }
    checkSnapshots(from.blobs(), disk);
  }

  /** After a power failure: what was acknowledged and flushed is there, and of the rest each page's former or later content. */
  void checkAfterPowerFailure(LoadedStore found, MemoryDisk left) {
    for (var volume : volumes.values()) {
      if (unsettled.contains(volume.id) && volume.closing) continue;
      var blob = found.blobs.get(volume.id);
      if (blob == null) throw new AssertionError("volume lost: " + volume.id);
      int pages = Math.min(volume.value.length, blob.map().clusters() * PAGES_PER_CLUSTER);
      if (pages < volume.value.length) throw new AssertionError("volume cut: " + volume.id);
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

  void checkSnapshots(Map<BlobId, StoredBlob> blobs, MemoryDisk disk) {
    for (var snapshot : snapshots.entrySet()) {
      if (unsettled.contains(snapshot.getKey())) continue;
      var blob = blobs.get(snapshot.getKey());
      if (blob == null) throw new AssertionError("snapshot lost: " + snapshot.getKey());
      var found = content(blob.view(), disk, snapshot.getValue().length);
      if (!Arrays.equals(found, snapshot.getValue())) {
        throw new AssertionError("snapshot %s has changed".formatted(snapshot.getKey()));
      }
    }
  }
}
