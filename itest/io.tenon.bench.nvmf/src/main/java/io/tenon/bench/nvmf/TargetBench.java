package io.tenon.bench.nvmf;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.tenon.block.BlockDevice;
import io.tenon.block.testing.TestReactors;
import io.tenon.error.TenonException;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * The target of a real node, one reactor on core 0 and the client on core 1, against a baseline in interleaved rounds: SPDK's
 * own target where SPDK_DIR names a build of it, else a ping-pong of the same message sizes. Prints one JSON object;
 * progress goes to the standard error output. With {@code idle}: what a node with 20 connected queues costs.
 */
public final class TargetBench {
  private static final int IDLE_QUEUES = 20;

  private TargetBench() {}

  /**
   * @param arguments the distribution's folder; then {@code idle} and seconds, or rounds and seconds a round
   */
  public static void main(String[] arguments) throws InterruptedException {
    try {
      run(Path.of(arguments[0]), arguments[1], Integer.parseInt(arguments[2]));
    } catch (IOException | TenonException e) {
      System.err.println("bench: " + e.getMessage());
      System.exit(1);
    }
  }

  private static void run(Path home, String what, int seconds)
      throws IOException, InterruptedException, TenonException {
    if (Runtime.getRuntime().availableProcessors() < 2) {
      throw new IOException("two cores are needed, one for the target and one for the client");
    }
    if (what.equals("idle")) idle(home, seconds);
    else compare(home, Integer.parseInt(what), seconds);
  }

  private static void compare(Path home, int rounds, int seconds)
      throws IOException, InterruptedException, TenonException {
    String spdkDirectory = System.getenv("SPDK_DIR");
    if (spdkDirectory != null && !spdkDirectory.isEmpty()) {
      var spdk = new Spdk(Path.of(spdkDirectory));
      try (var baseline = spdk.target();
          var tenon = spdk.tenon(new TenonNode(home))) {
        compare(baseline, tenon, rounds, seconds);
      }
      return;
    }
    try (var server = TestReactors.pinned("0");
        var clients = TestReactors.pinned("1");
        var baseline = new PingPong(server.get(0), clients.get(0));
        var node = new TenonNode(home)) {
      var client = new OwnClient(clients.get(0), node.port());
      compare(baseline, OwnClient.contestant(node, client), rounds, seconds);
    }
  }

  private static void compare(Contestant baseline, Contestant tenon, int rounds, int seconds)
      throws IOException, InterruptedException {
    // Every block is written once, and the compilers have seen the path.
    for (Contestant each : List.of(baseline, tenon)) {
      each.measure(new Workload(true, Workload.LARGE, 32, 1), 2);
      each.measure(new Workload(true, Workload.SMALL, 32, 1), 3);
      each.measure(new Workload(false, Workload.SMALL, 32, 1), 3);
      each.rest();
    }
    var text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("bench", "nvmf");
      json.writeStringField("tenon", tenon.name());
      json.writeStringField("baseline", baseline.name());
      json.writeNumberField("rounds", rounds);
      json.writeNumberField("seconds", seconds);
      json.writeArrayFieldStart("rows");
      for (Workload workload : Workload.all()) {
        var row = row(workload, baseline, tenon, rounds, seconds);
        System.err.printf(
            Locale.ROOT, "%-52s %8.0f  %.2f%n", workload, row.tenon().iops(), row.ratio());
        row.write(json);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    System.out.println(text);
  }

  private static Row row(
      Workload workload, Contestant baseline, Contestant tenon, int rounds, int seconds)
      throws IOException, InterruptedException {
    var ofBaseline = new ArrayList<Figures>();
    var ofTenon = new ArrayList<Figures>();
    var ratios = new ArrayList<Double>();
    for (int round = 0; round < rounds; round++) {
      boolean tenonFirst = round % 2 == 1;
      if (tenonFirst) ofTenon.add(tenon.measure(workload, seconds));
      ofBaseline.add(baseline.measure(workload, seconds));
      baseline.rest();
      if (!tenonFirst) ofTenon.add(tenon.measure(workload, seconds));
      ratios.add(ofTenon.getLast().iops() / ofBaseline.getLast().iops());
    }
    return new Row(
        workload,
        Figures.median(ofTenon),
        Figures.median(ofBaseline),
        Figures.median(ratios, Double::doubleValue),
        ratios);
  }

  /**
   * @param ratio median of the rounds' own ratios, since a shared machine differs from round to round
   */
  private record Row(
      Workload workload, Figures tenon, Figures baseline, double ratio, List<Double> ratios) {
    void write(JsonGenerator json) throws IOException {
      json.writeStartObject();
      json.writeStringField("name", workload.name());
      json.writeNumberField("depth", workload.depth());
      json.writeNumberField("connections", workload.connections());
      write(json, "tenon", tenon);
      write(json, "baseline", baseline);
      json.writeNumberField("ratio", rounded(ratio, 2));
      json.writeArrayFieldStart("ratios");
      for (double each : ratios) json.writeNumber(rounded(each, 2));
      json.writeEndArray();
      json.writeEndObject();
    }

    private static void write(JsonGenerator json, String name, Figures figures) throws IOException {
      json.writeObjectFieldStart(name);
      json.writeNumberField("iops", rounded(figures.iops(), 0));
      json.writeNumberField("p50_us", rounded(figures.p50Us(), 1));
      json.writeNumberField("p99_us", rounded(figures.p99Us(), 1));
      json.writeNumberField("p99_99_us", rounded(figures.p9999Us(), 1));
      json.writeEndObject();
    }
  }

  private static BigDecimal rounded(double value, int decimals) {
    return BigDecimal.valueOf(value).setScale(decimals, RoundingMode.HALF_UP);
  }

  /** Nothing but keep-alives: processor time of the whole process. */
  private static void idle(Path home, int seconds)
      throws IOException, InterruptedException, TenonException {
    try (var reactors = TestReactors.pinned("1");
        var node = new TenonNode(home)) {
      var client = new OwnClient(reactors.get(0), node.port());
      var devices = client.connect(IDLE_QUEUES);
      try {
        double before = processorSeconds(node);
        TimeUnit.SECONDS.sleep(seconds);
        double used = processorSeconds(node) - before;
        System.out.printf(
            Locale.ROOT,
            "{\"bench\":\"idle\",\"queues\":%d,\"seconds\":%d,\"cpu_percent\":%.2f,\"rss_mib\":%d}%n",
            IDLE_QUEUES,
            seconds,
            100 * used / seconds,
            residentMib(node));
      } finally {
        devices.forEach(BlockDevice::close);
      }
    }
  }

  private static double processorSeconds(TenonNode node) {
    return ProcessHandle.of(node.pid())
            .flatMap(process -> process.info().totalCpuDuration())
            .orElseThrow()
            .toNanos()
        / 1e9;
  }

  private static long residentMib(TenonNode node) throws IOException {
    return Files.readAllLines(Path.of("/proc", String.valueOf(node.pid()), "status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
        .findFirst()
        .orElseThrow();
  }
}
