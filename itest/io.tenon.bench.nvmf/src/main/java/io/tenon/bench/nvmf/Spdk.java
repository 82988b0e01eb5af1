package io.tenon.bench.nvmf;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** A build of SPDK on this machine: its target as the baseline, its client for both. */
final class Spdk {
  private static final Pattern TOTAL =
      Pattern.compile("Total\\s+:\\s+([\\d.]+)\\s+[\\d.]+\\s+[\\d.]+");

  private final Path directory;

  Spdk(Path directory) {
    this.directory = directory;
  }

  private String program(String name) throws IOException {
    var path = directory.resolve("build/bin").resolve(name);
    if (!Files.isExecutable(path)) {
      throw new IOException(
          path + " is not there; SPDK_DIR must be the folder of a built SPDK, 26.05 or newer");
    }
    return path.toString();
  }

  /** {@code spdk_nvme_perf} on core 1. */
  private Figures measure(int port, Workload workload, int seconds)
      throws IOException, InterruptedException {
    String said =
        Processes.run(
            program("spdk_nvme_perf"),
            "-c",
            "0x2",
            "--no-huge",
            "-s",
            "256",
            "-q",
            String.valueOf(workload.depth()),
            "-P",
            String.valueOf(workload.connections()),
            "-o",
            String.valueOf(workload.bytes()),
            "-w",
            workload.writes() ? "randwrite" : "randread",
            "-t",
            String.valueOf(seconds),
            "-L",
            "-r",
            "trtype:TCP adrfam:IPv4 traddr:127.0.0.1 trsvcid:%d subnqn:%s"
                .formatted(port, TenonNode.NQN));
    return new Figures(
        find(TOTAL, said),
        latency("50.00000", said),
        latency("99.00000", said),
        latency("99.99000", said));
  }

  private static double latency(String percent, String said) throws IOException {
    return find(Pattern.compile(Pattern.quote(percent) + "%\\s+:\\s+([\\d.]+)us"), said);
  }

  private static double find(Pattern pattern, String said) throws IOException {
    var found = pattern.matcher(said);
    if (!found.find()) throw new IOException("spdk_nvme_perf has no " + pattern + ": " + said);
    return Double.parseDouble(found.group(1));
  }

  /** Our node, driven by SPDK's client. */
  Contestant tenon(TenonNode node) {
    return new Contestant() {
      @Override
      public String name() {
        return "tenon-node, spdk_nvme_perf";
      }

      @Override
      public Figures measure(Workload workload, int seconds)
          throws IOException, InterruptedException {
        return Spdk.this.measure(node.port(), workload, seconds);
      }

      @Override
      public void close() throws IOException {
        node.close();
      }
    };
  }

  /** {@code nvmf_tgt} on core 0; it never sleeps, so it is stopped while the other runs. */
  Contestant target() throws IOException, InterruptedException {
    var work = Files.createTempDirectory("tenon-bench-spdk-");
    int port = Processes.freePort();
    var configuration = work.resolve("target.json");
    Files.writeString(configuration, configuration(port));
    var log = work.resolve("log");
    var process =
        Processes.start(
            new ProcessBuilder(
                program("nvmf_tgt"),
                "-m",
                "0x1",
                "--no-huge",
                "-s",
                "1400",
                "-r",
                work.resolve("rpc.sock").toString(),
                "-c",
                configuration.toString()),
            log);
    Processes.await(process, log, () -> Processes.listens(port));
    String version = Processes.run(program("nvmf_tgt"), "--version").strip();
    return new Contestant() {
      @Override
      public String name() {
        return "nvmf_tgt, spdk_nvme_perf; " + version;
      }

      @Override
      public Figures measure(Workload workload, int seconds)
          throws IOException, InterruptedException {
        Processes.signal(process, "CONT");
        return Spdk.this.measure(port, workload, seconds);
      }

      @Override
      public void rest() throws IOException {
        Processes.signal(process, "STOP");
      }

      @Override
      public void close() throws IOException {
        Processes.signal(process, "CONT");
        Processes.stop(process);
        for (String name : new String[] {"target.json", "log", "rpc.sock", "rpc.sock.lock"}) {
          Files.deleteIfExists(work.resolve(name));
        }
        Files.delete(work);
      }
    };
  }

  /** The same limits as our node: 128 entries, 4 KiB in a capsule, 128 KiB an I/O. */
  private static String configuration(int port) {
    return """
      {"subsystems": [
        {"subsystem": "bdev", "config": [
          {"method": "bdev_malloc_create", "params": {"name": "Malloc0", "num_blocks": 131072, "block_size": 4096}}]},
        {"subsystem": "nvmf", "config": [
          {"method": "nvmf_create_transport", "params": {"trtype": "TCP", "max_queue_depth": 128,
            "in_capsule_data_size": 4096, "max_io_size": 131072, "io_unit_size": 131072}},
          {"method": "nvmf_create_subsystem", "params": {"nqn": "%1$s", "allow_any_host": true, "serial_number": "bench"}},
          {"method": "nvmf_subsystem_add_ns", "params": {"nqn": "%1$s", "namespace": {"bdev_name": "Malloc0"}}},
          {"method": "nvmf_subsystem_add_listener", "params": {"nqn": "%1$s", "listen_address":
            {"trtype": "TCP", "adrfam": "IPv4", "traddr": "127.0.0.1", "trsvcid": "%2$d"}}}]}]}
      """
        .formatted(TenonNode.NQN, port);
  }
}
