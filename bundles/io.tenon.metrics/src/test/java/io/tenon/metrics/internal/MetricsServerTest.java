package io.tenon.metrics.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.tenon.swap.SwapCounters;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The endpoint, asked over HTTP. */
@Timeout(60)
class MetricsServerTest {
  private static final SwapCounters SWAPS =
      new SwapCounters(3, 2, 1, 0, 7, 5, 1, Duration.ofMillis(52), Duration.ofMillis(250));

  private final HttpClient client = HttpClient.newHttpClient();
  private Supplier<MetricSnapshots> figures = MetricsServerTest::swaps;
  private MetricsServer server;

  private static MetricSnapshots swaps() {
    var all = MetricSnapshots.builder();
    SwapFigures.add(all, SWAPS);
    return all.build();
  }

  @BeforeEach
  void open() throws IOException {
    var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server = new MetricsServer(any, () -> figures.get());
  }

  @AfterEach
  void close() {
    server.close();
    client.close();
  }

  private HttpResponse<String> ask(String method, String path, String accept) throws Exception {
    var uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
    return client.send(
        HttpRequest.newBuilder(uri)
            .method(method, BodyPublishers.noBody())
            .header("Accept", accept)
            .build(),
        BodyHandlers.ofString());
  }

  private HttpResponse<String> ask(String method, String path) throws Exception {
    return ask(method, path, "*/*");
  }

  @Test
  void swapsAreCountedByWhatCameOfThem() throws Exception {
    var answer = ask("GET", "/metrics");
    assertEquals(200, answer.statusCode());
    assertTrue(
        answer.headers().firstValue("Content-Type").orElse("").startsWith("text/plain"),
        answer.headers().toString());
    for (String line :
        new String[] {
          "tenon_swaps_total{result=\"swapped\"} 3.0",
          "tenon_swaps_total{result=\"rolled_back\"} 2.0",
          "tenon_swap_pauses_total{of=\"device\"} 7.0",
          "tenon_swap_pauses_total{of=\"host\"} 5.0",
          "tenon_swap_pause_seconds_total 0.25",
          "tenon_swap_longest_pause_seconds 0.052",
          "tenon_swap_broken_connections_total 1.0"
        }) {
      assertTrue(answer.body().lines().anyMatch(line::equals), line + "\n" + answer.body());
    }
  }

  @Test
  void whoAsksForOpenMetricsGetsThem() throws Exception {
    var answer = ask("GET", "/metrics", "application/openmetrics-text; version=1.0.0");
    assertTrue(
        answer
            .headers()
            .firstValue("Content-Type")
            .orElse("")
            .startsWith("application/openmetrics-text"));
    assertTrue(answer.body().endsWith("# EOF\n"), answer.body());
  }

  @Test
  void nothingElseIsThere() throws Exception {
    assertEquals(404, ask("GET", "/").statusCode());
    assertEquals(404, ask("GET", "/metrics/../etc").statusCode());
    var answer = ask("POST", "/metrics");
    assertEquals(405, answer.statusCode());
    assertEquals("GET", answer.headers().firstValue("Allow").orElse(""));
  }

  @Test
  void figuresThatCannotBeReadAreNoZeroes() throws Exception {
    figures =
        () -> {
          throw new IllegalStateException("just being replaced");
        };
    assertEquals(503, ask("GET", "/metrics").statusCode());
    figures = MetricsServerTest::swaps;
    assertEquals(200, ask("GET", "/metrics").statusCode());
  }

  @Test
  void anAddressThatIsTakenIsRefused() {
    assertThrows(
        BindException.class, () -> new MetricsServer(server.address(), MetricSnapshots::of));
  }

  @Test
  void afterItsEndNobodyAnswers() {
    server.close();
    assertThrows(IOException.class, () -> ask("GET", "/metrics"));
  }
}
