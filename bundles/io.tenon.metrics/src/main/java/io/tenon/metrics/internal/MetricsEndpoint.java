package io.tenon.metrics.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the node's figures where it was told to, and only when it was. */
@Component(
    service = {},
    configurationPid = {"io.tenon.node", "io.tenon.metrics"},
    configurationPolicy = ConfigurationPolicy.REQUIRE,
    immediate = true)
public final class MetricsEndpoint {
  private static final Logger log = LoggerFactory.getLogger(MetricsEndpoint.class);

  private final @Nullable MetricsServer server;

  @Activate
  public MetricsEndpoint(@Reference Figures figures, MetricsConfig config) {
    server = open(figures, config);
  }

  private static @Nullable MetricsServer open(Figures figures, MetricsConfig config) {
    try {
      var address = new InetSocketAddress(InetAddress.getByName(config.address()), config.port());
      var server = new MetricsServer(address, () -> figures.take(config.name()));
      log.info("metrics on {}", server.address());
      return server;
    } catch (IOException | IllegalArgumentException e) {
      log.error(
          "Nobody can read the node's figures: {}:{} cannot be listened on: {}. Change address or port in"
              + " etc/io.tenon.metrics.cfg.",
          config.address(),
          config.port(),
          e.getMessage());
      return null;
    }
  }

  @Deactivate
  public void close() {
    if (server != null) server.close();
  }
}
