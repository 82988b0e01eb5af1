package io.tenon.blobstore.itest;

import io.tenon.backend.aio.internal.AioProvider;
import io.tenon.blobstore.BlobSpec;
import io.tenon.block.DeviceUri;
import io.tenon.block.IoStatus;
import io.tenon.block.testing.TestReactors;
import io.tenon.block.testing.TestRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/**
 * What the first write of 4 KiB to a thin cluster costs, on a file below. One line of JSON for each depth; {@code new} clusters were
 * never given out, {@code used} ones were written and unmapped before, {@code allocated} ones are there already.
 */
final class FirstWriteBench {
  private static final long CLUSTER = 4 << 20;
  private static final int CLUSTERS = 400;
  private static final int IO_BYTES = 4096;

  private FirstWriteBench() {}

  /** Where the file is made; it is deleted again. */
  public static void main(String[] words) throws Exception {
    var path = Files.createTempFile(Path.of(words[0]), "first-write", ".img");
    try (var reactors = TestReactors.start(2)) {
      for (int depth : new int[] {1, 32}) {
        Files.deleteIfExists(path);
        FileDevice.make(path, (CLUSTERS + 20) * CLUSTER);
        System.out.println(run(reactors, path, depth));
      }
    } finally {
      Files.deleteIfExists(path);
    }
  }

  private static String run(TestReactors reactors, Path path, int depth) throws Exception {
    var uri = DeviceUri.parse("aio://%s?blk_size=512".formatted(path));
    var live = LiveStore.format(reactors, new AioProvider(reactors.reactors()).open(uri), CLUSTER);
    var blob = live.store().create(BlobSpec.thin(CLUSTERS));
    String fresh = writes(live, blob.value(), depth);
    String allocated = writes(live, blob.value(), depth);
    must(live.volume(blob.value()).unmap(0, CLUSTERS * CLUSTER / 512));
    String used = writes(live, blob.value(), depth);
    live.unload();
    return "{\"bench\": \"first-write\", \"depth\": %d, \"new\": %s, \"allocated\": %s, \"used\": %s}"
        .formatted(depth, fresh, allocated, used);
  }

  private record UnderWay(TestRequest request, long begunNs, CompletableFuture<IoStatus> ended) {}

  /** One write to each cluster. */
  private static String writes(LiveStore live, long id, int depth) throws Exception {
    var volume = live.volume(id);
    var free = new ArrayDeque<TestRequest>();
    for (int i = 0; i < depth; i++) free.add(volume.request(IO_BYTES));
    var underWay = new ArrayDeque<UnderWay>();
    var took = new long[CLUSTERS];
    int ended = 0;
    long begin = System.nanoTime();
    for (int cluster = 0; cluster < CLUSTERS || !underWay.isEmpty(); ) {
      if (cluster < CLUSTERS && !free.isEmpty()) {
        var request = free.remove();
        long lba = cluster++ * (CLUSTER / 512) + 8;
        long now = System.nanoTime();
        var done =
            request.start(io -> io.prepareWrite(lba, IO_BYTES / 512, request.memory(), IO_BYTES));
        underWay.add(new UnderWay(request, now, done));
        continue;
      }
      var first = underWay.remove();
      must(TestReactors.await(first.ended()));
      took[ended++] = System.nanoTime() - first.begunNs();
      free.add(first.request());
    }
    double ms = (System.nanoTime() - begin) / 1e6;
    Arrays.sort(took);
    return "{\"writes_per_s\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}"
        .formatted(CLUSTERS / ms * 1e3, took[CLUSTERS / 2] / 1e6, took[CLUSTERS * 99 / 100] / 1e6);
  }

  private static void must(IoStatus status) {
    if (!status.isSuccess()) throw new AssertionError(status);
  }
}
