package io.tenon.distro;

import io.tenon.metadata.testing.EtcdServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.stream.Stream;

/** Outside of the framework, whose bundles know nothing of it: it ends with the Java machine of the tests. */
final class RealEtcd {
  private RealEtcd() {}

  /** Starts one with nothing in it. */
  static String endpoint() throws Exception {
    var folder = Files.createTempDirectory("tenon-etcd");
    var server = new EtcdServer(folder);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(server, folder)));
    return server.endpoint();
  }

  private static void end(EtcdServer server, Path folder) {
    try {
      server.close();
      var all = new ArrayList<Path>();
      try (Stream<Path> files = Files.walk(folder)) {
        files.forEach(all::add);
      }
      for (Path file : all.reversed()) Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
