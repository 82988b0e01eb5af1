package io.tenon.metrics.internal;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code GET /metrics}, and nothing else. */
final class MetricsServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(MetricsServer.class);
  private static final String PATH = "/metrics";

  /** Prometheus asks one at a time; more than a few at once are somebody else, and wait. */
  private static final int THREADS = 4;

  private static final int BACKLOG = 16;

  private final ExpositionFormats formats = ExpositionFormats.init();
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS, Thread.ofPlatform().name("tenon-metrics-", 0).daemon().factory());
  private final Supplier<MetricSnapshots> figures;
  private final HttpServer server;

  /**
   * @throws IOException when the address cannot be had
   */
  MetricsServer(InetSocketAddress address, Supplier<MetricSnapshots> figures) throws IOException {
    this.figures = figures;
    try {
      server = HttpServer.create(address, BACKLOG);
    } catch (IOException | RuntimeException e) {
      threads.shutdownNow();
      throw e;
    }
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  InetSocketAddress address() {
    return server.getAddress();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestURI().getPath().equals(PATH)) {
        refuse(exchange, HttpURLConnection.HTTP_NOT_FOUND, "There is only " + PATH + " here.\n");
      } else if (!exchange.getRequestMethod().equals("GET")) {
        exchange.getResponseHeaders().set("Allow", "GET");
        refuse(exchange, HttpURLConnection.HTTP_BAD_METHOD, PATH + " can only be read.\n");
      } else {
        tell(exchange);
      }
    }
  }

  private void tell(HttpExchange exchange) throws IOException {
    var format = formats.findWriter(exchange.getRequestHeaders().getFirst("Accept"));
    var text = new ByteArrayOutputStream();
    try {
      format.write(text, figures.get());
    } catch (RuntimeException e) {
      // Whatever was just being replaced; the next scrape finds its successor.
      log.warn("The figures could not be read: {}", e.toString());
      refuse(
          exchange,
          HttpURLConnection.HTTP_UNAVAILABLE,
          "The figures cannot be read just now. Ask again.\n");
      return;
    }
    exchange.getResponseHeaders().set("Content-Type", format.getContentType());
    send(exchange, HttpURLConnection.HTTP_OK, text.toByteArray());
  }

  private static void refuse(HttpExchange exchange, int status, String why) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    send(exchange, status, why.getBytes(StandardCharsets.UTF_8));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  /** Whoever is being answered is not waited for. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
