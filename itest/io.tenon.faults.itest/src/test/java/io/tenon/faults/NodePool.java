package io.tenon.faults;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * Running nodes with nothing on them. A node takes seconds to start, and most faults leave most nodes alive: what is fresh for
 * each test are disks, shares and nexus. A node that was killed, or that a failed test had, does not come back.
 */
final class NodePool {
  private static final Path LOGS = Path.of(System.getProperty("tenon.faults.logs"));
  private static final Deque<Node> idle = new ArrayDeque<>();

  /** Every node that was started; also the lock of {@link #ending}. */
  private static final List<Node> all = new ArrayList<>();

  private static boolean ending;
  private static final Path folder = makeFolder();
  private static int made;

  private NodePool() {}

  private static Path makeFolder() {
    try {
      Path made = Files.createTempDirectory("tenon-faults");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(made)));
      return made;
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  static synchronized List<Node> take(int count) throws Exception {
    var taken = new ArrayList<Node>();
    while (taken.size() < count) {
      if (idle.isEmpty()) idle.add(start());
      taken.add(idle.removeFirst());
    }
    for (Node node : taken) node.awaitReady();
    return taken;
  }

  /** Those that are dead are forgotten. */
  static synchronized void give(List<Node> back) {
    for (Node node : back) if (node.isAlive()) idle.addLast(node);
  }

  /** A node that stays its taker's. */
  static Node start() throws IOException {
    return start(Place.onLoopback(), Cluster.IO_TIMEOUT_MS);
  }

  /**
   * As {@link #start()}, in that place.
   *
   * @param timeoutMs after which it gives up a child that is silent
   */
  static synchronized Node start(Place place, long timeoutMs) throws IOException {
    String name = "node" + ++made;
    var environment =
        Map.of(
            "NVME_TIMEOUT",
            timeoutMs + "ms",
            "NVME_TIMEOUT_ADMIN",
            timeoutMs + "ms",
            // On a machine with much else to do; microseconds.
            "NVMF_FABRICS_CONNECT_TIMEOUT",
            "5000000");
    Path log = LOGS.resolve(name + ".log");
    Files.deleteIfExists(log);
    return remember(() -> Node.start(name, place, folder.resolve(name), log, environment));
  }

  /** A node that was killed, once more. */
  static Node startAgain(Node killed) throws IOException {
    return remember(killed::startAgain);
  }

  private interface Starting {
    Node start() throws IOException;
  }

  private static Node remember(Starting starting) throws IOException {
    synchronized (all) {
      if (ending) throw new IOException("no node is started any more: the tests are ending");
      Node node = starting.start();
      all.add(node);
      return node;
    }
  }

  /** With the tests' process, however that ends. */
  private static void end(Path tree) {
    synchronized (all) {
      ending = true;
      try {
        for (Node node : all) node.kill();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    remove(tree);
  }

  /** What cannot be removed is left to the system's cleaning of temporary files. */
  private static void remove(Path tree) {
    try {
      Files.walkFileTree(
          tree,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure)
                throws IOException {
              Files.deleteIfExists(directory);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      System.err.println("left behind: " + tree + ": " + e);
    }
  }
}
