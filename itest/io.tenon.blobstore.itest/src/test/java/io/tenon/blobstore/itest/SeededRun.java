package io.tenon.blobstore.itest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.tenon.blobstore.BlobSpec;
import io.tenon.blobstore.BlobstoreException;
import io.tenon.blobstore.BlobstoreException.Kind;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;

/** One store's random life. Its end is an error as soon as model, bundle and reader do not agree. */
final class SeededRun {
  private static final Set<Kind> FULL = Set.of(Kind.NO_SPACE, Kind.NO_METADATA_PAGE);
  private static final int[] CLUSTER_KIB = {8, 16, 64, 64, 128, 256};
  private static final int MOST_CLUSTERS = 24;
  private static final int STEPS_PER_LIFE = 12;
  private static final int STEPS_PER_CHECK = 4;
  private static final int MOST_PAGES_BEFORE_CRASH = 40;

  private final TestReactors reactors;
  private final Path path;
  private final SplittableRandom random;
  private final RandomOperations operations;
  private final int blockBytes;
  private final long clusterBytes;
  private Model model;
  private long diskBytes;
  private FileDevice device;
  private LiveStore live;
  private long superBlob;
  private String last = "format";

  private SeededRun(
      TestReactors reactors,
      Path path,
      SplittableRandom random,
      int blockBytes,
      long clusterBytes) {
    this.reactors = reactors;
    this.path = path;
    this.random = random;
    this.blockBytes = blockBytes;
    this.clusterBytes = clusterBytes;
    this.operations = new RandomOperations(random, blockBytes, clusterBytes, MOST_CLUSTERS);
    this.model = new Model((int) (clusterBytes / DiskImage.PAGE));
  }

  /** A new store, in a file that is made. */
  static void onNewDisk(TestReactors reactors, Path path, long seed, int steps) throws Exception {
    var random = new SplittableRandom(seed);
    int blockBytes = random.nextBoolean() ? 512 : 4096;
    long clusterBytes = CLUSTER_KIB[random.nextInt(CLUSTER_KIB.length)] * 1024L;
    var run = new SeededRun(reactors, path, random, blockBytes, clusterBytes);
    int clusters = 100 + random.nextInt(80) + (clusterBytes < 64 << 10 ? 200 : 0);
    run.diskBytes = clusters * clusterBytes + random.nextInt(3) * 4096L;
    FileDevice.make(path, run.diskBytes);
    run.device = new FileDevice(path, blockBytes);
    run.live = LiveStore.format(reactors, run.device, clusterBytes);
    run.addSuperBlob();
    run.go(seed, steps);
  }

  private void addSuperBlob() throws BlobstoreException {
    var xattrs = new LinkedHashMap<String, byte[]>();
    xattrs.put("uuid", operations.uuid());
    xattrs.put("name", "pool\0".getBytes(ISO_8859_1));
    var id = live.store().create(BlobSpec.thick(0).withXattrs(xattrs));
    live.store().superBlob(id);
    superBlob = id.value();
    var blob = new ModelBlob();
    blob.xattrs.putAll(xattrs);
    model.blobs.put(superBlob, blob);
  }

  /** A disk that holds a store already; what is on it is taken as right. */
  static void onDisk(TestReactors reactors, Path path, int blockBytes, long seed, int steps)
      throws Exception {
    SeededRun run;
    try (var disk = PoolDiskReader.read(path)) {
      long clusterBytes = disk.superPage.clusterSize();
      run = new SeededRun(reactors, path, new SplittableRandom(seed), blockBytes, clusterBytes);
      run.diskBytes = disk.image.size();
      run.superBlob = disk.superPage.superBlob();
      run.model.take(disk);
    }
    run.load();
    run.go(seed, steps);
  }

  private void go(long seed, int steps) throws Exception {
    int step = 0;
    try {
      check();
      for (; step < steps; step++) {
        if (step % STEPS_PER_LIFE == STEPS_PER_LIFE - 1) restart();
        else perform(operations.next(model, superBlob));
        if (step % STEPS_PER_CHECK == STEPS_PER_CHECK - 1) check();
      }
      unload();
    } catch (Exception | AssertionError e) {
      String where =
          "seed %d, step %d, blocks of %d, clusters of %d, after %s: %s"
              .formatted(seed, step, blockBytes, clusterBytes, last, e.getMessage());
      live.abandon();
      throw new AssertionError(where, e);
    }
  }

  private void perform(Operation operation) throws BlobstoreException {
    last = operation.text();
    try {
      var outcome = operation.run(live);
      last += " (" + Bytes.hex(outcome.made()) + ")";
      if (outcome.status() == IoStatus.SUCCESS) operation.apply(model, outcome.made());
      else if (outcome.status() == IoStatus.NO_SPACE) operation.half(model);
      else throw new AssertionError(outcome.status().toString());
    } catch (BlobstoreException e) {
      if (!FULL.contains(e.kind())) throw e;
      last += ", refused: " + e.kind();
    }
  }

  private void restart() throws Exception {
    switch (random.nextInt(5)) {
      case 0 -> {
        unload();
        load();
      }
      case 1 -> {
        last = "kill";
        live.abandon();
        readAndCompare();
        load();
      }
      case 2 -> grow();
      case 3 -> crash();
      default -> {
        crash();
        crashInLoad();
      }
    }
    check();
  }

  private void unload() throws Exception {
    last = "unload";
    live.unload();
    try (var disk = PoolDiskReader.read(path)) {
      must(disk.superPage.isClean(), "it is not clean");
      mustAgree(disk);
    }
  }

  private void load() throws Exception {
    last += ", load";
    device = new FileDevice(path, blockBytes);
    live = LiveStore.load(reactors, device);
  }

  private void grow() throws Exception {
    diskBytes += random.nextInt(9) * clusterBytes + 4096L * random.nextInt(3);
    last = "grow to " + diskBytes;
    device.grow(diskBytes);
    live.store().grow();
  }

  /** The power fails in the middle of something, which then has happened or not. */
  private void crash() throws Exception {
    var operation = operations.next(model, superBlob);
    int pages = random.nextInt(MOST_PAGES_BEFORE_CRASH);
    last = "power failure after %d pages of %s".formatted(pages, operation.text());
    device.cutPowerAfter(pages);
    boolean done = false;
    try {
      var outcome = operation.run(live);
      done = outcome.status() == IoStatus.SUCCESS;
      if (done) operation.apply(model, outcome.made());
    } catch (BlobstoreException e) {
      must(device.hasLostPower() || FULL.contains(e.kind()), e.toString());
    }
    live.abandon();
    if (!done) decide(operation);
    last += done ? ", which was done" : ", which was not";
    load();
  }

  private void decide(Operation operation) throws IOException, UnreadableDisk {
    try (var disk = PoolDiskReader.read(path)) {
      var before = model.copy();
      operation.half(before);
      var wrongBefore = before.difference(disk);
      if (wrongBefore.isEmpty()) {
        model = before;
        mustBeSoundAfterCrash(disk);
        return;
      }
      long made = 0;
      for (long id : disk.blobs.keySet()) if (!model.blobs.containsKey(id)) made = id;
      Optional<String> wrongAfter = Optional.of("nothing was made");
      var after = model.copy();
      if ((made != 0) == operation.makesBlob()) {
        operation.apply(after, made);
        wrongAfter = after.difference(disk);
      }
      must(
          wrongAfter.isEmpty(),
          "neither as before (%s) nor as after (%s); %s"
              .formatted(wrongBefore.orElse(""), wrongAfter.orElse(""), disk.inconsistencies));
      model = after;
      mustBeSoundAfterCrash(disk);
    }
  }

  /**
   * What the original comes up with all the same; format §14. Lists of another length than their blob's are not among it: it takes their
   * length for the size.
   */
  private static void mustBeSoundAfterCrash(PoolDisk disk) {
    for (String wrong : disk.inconsistencies) {
      boolean ends = wrong.contains("when the store stopped") || wrong.contains("of its ancestors");
      must(ends, wrong);
    }
  }

  private void crashInLoad() throws Exception {
    live.abandon();
    device = new FileDevice(path, blockBytes);
    int pages = random.nextInt(8);
    last += ", power failure after %d pages of load".formatted(pages);
    device.cutPowerAfter(pages);
    try {
      live = LiveStore.load(reactors, device);
      live.abandon();
    } catch (BlobstoreException e) {
      must(device.hasLostPower(), e.toString());
    }
    try (var disk = PoolDiskReader.read(path)) {
      var wrong = model.difference(disk);
      must(wrong.isEmpty(), "the reader finds: " + wrong.orElse(""));
      mustBeSoundAfterCrash(disk);
    }
    load();
  }

  private void readAndCompare() throws IOException, UnreadableDisk {
    try (var disk = PoolDiskReader.read(path)) {
      mustAgree(disk);
    }
  }

  private void mustAgree(PoolDisk disk) throws IOException {
    must(disk.inconsistencies.isEmpty(), "the reader finds: " + disk.inconsistencies);
    var wrong = model.difference(disk);
    must(wrong.isEmpty(), "the reader finds: " + wrong.orElse(""));
  }

  private void check() throws Exception {
    try (var disk = PoolDiskReader.read(path)) {
      mustAgree(disk);
      var wrong = new Agreement(live, disk, random).difference();
      must(wrong.isEmpty(), wrong.orElse(""));
    }
  }

  private static void must(boolean right, String otherwise) {
    if (!right) throw new AssertionError(otherwise);
  }
}
