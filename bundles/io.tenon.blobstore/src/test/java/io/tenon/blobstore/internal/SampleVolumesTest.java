package io.tenon.blobstore.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.backend.malloc.internal.MallocProvider;
import io.tenon.blobstore.BlobId;
import io.tenon.blobstore.Blobstore;
import io.tenon.blobstore.Blobstores;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoOperation;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestVolume;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks of the original through the service, on real reactors, read and written as a host does. */
class SampleVolumesTest {
  private static final int READ_BYTES = 1 << 20;

  private TestReactors reactors = none();

  @SuppressWarnings("NullAway") // set before each test
  private static TestReactors none() {
    return null;
  }

  @BeforeEach
  void start() throws Exception {
    reactors = TestReactors.start(2);
  }

  @AfterEach
  void stop() throws Exception {
    reactors.close();
  }

  private DeviceSlot device(Samples.Disk sample) throws Exception {
    var content = sample.open();
    String uri =
        "malloc:///sample?size_mb=%d&blk_size=%d"
            .formatted(content.sizeBytes() >> 20, sample.blockBytes());
    var slot =
        new DeviceSlot(
            new MallocProvider().open(DeviceUri.parse(uri)),
            uri,
            InstantSource.system(),
            Runnable::run);
    try (var raw = new TestVolume(slot, reactors.get(0))) {
      for (long page : content.usedPages()) {
        assertEquals(
            IoStatus.SUCCESS, raw.write(page * (4096 / sample.blockBytes()), content.page(page)));
      }
    }
    return slot;
  }

  private static String sha256(TestVolume volume, long bytes, int blockBytes) {
    var digest = Samples.sha256();
    for (long at = 0; at < bytes; at += READ_BYTES) {
      assertEquals(IoStatus.SUCCESS, volume.read(at / blockBytes, READ_BYTES / blockBytes));
      digest.update(volume.content(READ_BYTES / blockBytes));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private DeviceSlot open(Blobstore store, Samples.Blob blob) throws Exception {
    var id = new BlobId(Long.decode(blob.id()));
    return new DeviceSlot(
        store.open(id, blob.name(), UUID.fromString(blob.uuid())),
        "blob:///" + blob.name(),
        InstantSource.system(),
        Runnable::run);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pool-512-4m.img.gz", "pool-4k-1m.img.gz", "pool-crash-del.img.gz"})
  void everyVolumeReadsAsItDidForTheOriginal(String file) throws Exception {
    var sample = Samples.named(file);
    var slot = device(sample);
    Blobstores stores = new BlobstoreService(reactors.reactors());
    for (int round = 0; round < 2; round++) {
      var store = stores.load(slot, Samples.TYPE);
      for (var blob : sample.blobs()) {
        // Sixteen times as large as its disk, and read elsewhere.
        if (blob.bytes() > 1 << 30) continue;
        var opened = open(store, blob);
        assertEquals(blob.bytes(), opened.geometry().sizeBytes());
        assertEquals(!blob.readOnly(), opened.supports(IoOperation.WRITE));
        try (var volume = new TestVolume(opened, reactors.get(round))) {
          assertEquals(
              blob.sha256(), sha256(volume, blob.bytes(), sample.blockBytes()), blob.name());
        }
        TestReactors.await(opened.fail("Read.").toCompletableFuture());
      }
      store.unload();
    }
    TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
  }

  @Test
  void aWriteToACloneChangesNothingElse() throws Exception {
    var sample = Samples.named("pool-512-4m.img.gz");
    var slot = device(sample);
    var store = new BlobstoreService(reactors.reactors()).load(slot, Samples.TYPE);
    var snapshot = sample.blobs().getFirst();
    var clone = store.cloneOf(new BlobId(Long.decode(snapshot.id())), Map.of());
    var opened =
        new DeviceSlot(
            store.open(clone, "clone", new UUID(3, 3)),
            "blob:///clone",
            InstantSource.system(),
            Runnable::run);
    var content = new byte[64 << 10];
    Arrays.fill(content, (byte) 0x77);
    try (var volume = new TestVolume(opened, reactors.get(1))) {
      // Over the boundary of two clusters.
      long lba = (20L << 20) / 512 - 64;
      assertEquals(IoStatus.SUCCESS, volume.write(lba, content));
      assertEquals(IoStatus.SUCCESS, volume.read(lba, 128));
      assertTrue(Arrays.equals(content, volume.content(128)));
    }
    TestReactors.await(opened.fail("Written.").toCompletableFuture());
    assertEquals(2, store.blob(clone).ownClusters());
    var original = open(store, snapshot);
    try (var volume = new TestVolume(original, reactors.get(0))) {
      assertEquals(snapshot.sha256(), sha256(volume, snapshot.bytes(), 512));
    }
    TestReactors.await(original.fail("Read.").toCompletableFuture());
    store.unload();
    TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
  }

  @Test
  void anInspectionSaysWhatIsToBeRepairedAndWritesNothing() throws Exception {
    var sample = Samples.named("pool-crash-del.img.gz");
    var slot = device(sample);
    Blobstores stores = new BlobstoreService(reactors.reactors());
    String before = raw(slot, sample);
    var found = stores.inspect(slot, Samples.TYPE);
    assertEquals(before, raw(slot, sample));
    assertFalse(found.store().clean());
    assertEquals(sample.blobs().size() + 1, found.blobs().size());
    assertEquals(sample.freeClusters(), found.store().freeClusters());
    assertEquals(3, found.findings().size(), found.findings()::toString);
    stores.load(slot, Samples.TYPE).unload();
    assertEquals(0, stores.inspect(slot, Samples.TYPE).findings().size());
    TestReactors.await(slot.fail("The test ends.").toCompletableFuture());
  }

  private String raw(DeviceSlot slot, Samples.Disk sample) {
    try (var volume = new TestVolume(slot, reactors.get(0))) {
      return sha256(volume, slot.geometry().sizeBytes(), sample.blockBytes());
    }
  }
}
