package io.tenon.bench.nvmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;

/** A node of the distribution as built: one reactor on core 0, a malloc device shared with every host. */
final class TenonNode implements AutoCloseable {
  static final String NQN = "nqn.2019-05.io.openebs:bench";

  private final Path work;
  private final Process process;
  private final int port;

  TenonNode(Path home) throws IOException, InterruptedException {
    this.work = Files.createTempDirectory("tenon-bench-");
    this.port = Processes.freePort();
    var data = work.resolve("data");
    var log = work.resolve("log");
    var command =
        new ProcessBuilder(
            home.resolve("bin/tenon-node").toString(),
            "--name=bench",
            "--grpc=127.0.0.1:0",
            "--nvme=127.0.0.1:" + port,
            "--data=" + data,
            "--cores=0");
    command.environment().put("NVMF_TCP_MAX_QUEUE_DEPTH", "128");
    command.environment().put("NVMF_TCP_MAX_QPAIRS_PER_CTRL", "128");
    this.process = Processes.start(command, log);
    Processes.await(process, log, () -> Files.exists(data.resolve("ready.json")));
    String shell = home.resolve("bin/tenon-shell").toString();
    Processes.run(
        shell, "--data=" + data, "device", "create", "malloc:///bench?size_mb=512&blk_size=4096");
    Processes.run(shell, "--data=" + data, "share", "create", "bench");
  }

  int port() {
    return port;
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() throws IOException {
    Processes.stop(process);
    try (var files = Files.walk(work)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(file);
    }
  }
}
