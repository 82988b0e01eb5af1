package io.tenon.bench.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A bundle that is replaced, and who uses it meanwhile.
 *
 * @param volume the shell's words that make the host's volume, if there is one; {@code FILE} stands for a disk's file
 * @param share the shell's words that share it, and tell the URI
 */
record SwapKind(String name, String bundle, Client client, List<String> volume, String share) {
  /** Who uses it. */
  enum Client {
    /** A host over NVMe/TCP. */
    HOST,
    /** Somebody who writes to the metadata store, through the shell. */
    STORE,
    /** The same, when it is in a real etcd. */
    ETCD,
    /** Somebody who asks the gRPC API. */
    API
  }

  private static final String DEVICE = "tenon:share create bench --json";
  private static final String REPLICA = "tenon:replica share bench --json";
  private static final List<String> POOL =
      List.of(
          "tenon:pool create benchpool aio://FILE",
          "tenon:replica create benchpool bench --size 64MiB");

  private static final List<String> NEXUS =
      List.of(
          "tenon:nexus create bench --size 64MiB --child malloc:///a?size_mb=80 --child malloc:///b?size_mb=80"
              + " --info-key /bench");

  static final List<SwapKind> ALL =
      List.of(
          device("malloc", "io.tenon.backend.malloc", "malloc:///bench?size_mb=64"),
          device("null", "io.tenon.backend.nil", "null:///bench?size_mb=64"),
          device("aio", "io.tenon.backend.aio", "aio://FILE"),
          device("uring", "io.tenon.backend.uring", "uring://FILE"),
          device("nvmetcp", "io.tenon.transport.nvmetcp", "malloc:///bench?size_mb=64"),
          new SwapKind("pool", "io.tenon.pool", Client.HOST, POOL, REPLICA),
          new SwapKind("blobstore", "io.tenon.blobstore", Client.HOST, POOL, REPLICA),
          new SwapKind(
              "nexus", "io.tenon.nexus", Client.HOST, NEXUS, "tenon:nexus publish bench --json"),
          calls("embedded", "io.tenon.metadata.embedded", Client.STORE),
          calls("etcd", "io.tenon.metadata.etcd", Client.ETCD),
          calls("engine", "io.tenon.engine", Client.API));

  private static SwapKind calls(String name, String bundle, Client client) {
    return new SwapKind(name, bundle, client, List.of(), "");
  }

  private static SwapKind device(String name, String bundle, String uri) {
    boolean ofFile = uri.contains("FILE");
    return new SwapKind(
        name,
        bundle,
        Client.HOST,
        List.of("tenon:device create " + uri),
        ofFile ? "tenon:share create FILE --json" : DEVICE);
  }

  /** The distribution's own: it takes its own place. */
  Path jar(Path home) throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("bundles"))) {
      return files
          .filter(file -> file.getFileName().toString().matches(bundle + "-[0-9].*\\.jar"))
          .findFirst()
          .orElseThrow(() -> new IOException("no " + bundle + " in " + home));
    }
  }
}
