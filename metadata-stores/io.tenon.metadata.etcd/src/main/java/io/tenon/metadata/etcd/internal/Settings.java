package io.tenon.metadata.etcd.internal;

import io.tenon.error.TenonException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * How to reach etcd; checked.
 *
 * @param ca file with certificates that the server's must come from; empty for those of the Java installation
 * @param identity certificate and key that etcd knows this client by
 * @param connectWithin for one endpoint
 * @param answerWithin what an endpoint may take before another one is asked as well
 */
record Settings(
    List<Address> endpoints,
    Optional<Path> ca,
    Optional<Identity> identity,
    Optional<Login> login,
    Duration connectWithin,
    Duration answerWithin) {
  private static final int DEFAULT_PORT = 2379;
  private static final String PID = "etc/io.tenon.metadata.etcd.cfg";

  /** Of one member. */
  record Address(String host, int port, boolean tls) {
    @Override
    public String toString() {
      return (tls ? "https://" : "http://") + host + ":" + port;
    }
  }

  record Identity(Path certificate, Path key) {}

  record Login(String user, String password) {
    /** Logs never show it. */
    @Override
    public String toString() {
      return user;
    }
  }

  static Settings of(EtcdConfig config) throws TenonException {
    var endpoints = new ArrayList<Address>();
    for (String endpoint : config.endpoints().split(",", -1)) {
      if (!endpoint.isBlank()) endpoints.add(address(endpoint.strip()));
    }
    if (endpoints.isEmpty()) {
      throw refused("endpoints is empty.", "Set endpoints=http://HOST:2379,http://HOST2:2379.");
    }
    if (endpoints.stream().map(Address::tls).distinct().count() > 1) {
      throw refused("endpoints mixes http and https.", "Use one of them for all.");
    }
    boolean tls = endpoints.getFirst().tls();
    if (!tls && !(config.tls_ca() + config.tls_cert() + config.tls_key()).isEmpty()) {
      throw refused("tls.* is set and the endpoints are http.", "Write them as https://HOST:PORT.");
    }
    if (config.tls_cert().isEmpty() != config.tls_key().isEmpty()) {
      throw refused("Of tls.cert and tls.key one is missing.", "Set both, or none.");
    }
    return new Settings(
        List.copyOf(endpoints),
        file("tls.ca", config.tls_ca()),
        config.tls_cert().isEmpty()
            ? Optional.empty()
            : Optional.of(
                new Identity(
                    file("tls.cert", config.tls_cert()).orElseThrow(),
                    file("tls.key", config.tls_key()).orElseThrow())),
        config.user().isEmpty()
            ? Optional.empty()
            : Optional.of(new Login(config.user(), config._password())),
        duration("connect.timeout.ms", config.connect_timeout_ms()),
        duration("answer.timeout.ms", config.answer_timeout_ms()));
  }

  private static Address address(String text) throws TenonException {
    String remedy = "Write it as http://HOST:PORT or https://HOST:PORT.";
    try {
      var uri = new URI(text.contains("://") ? text : "http://" + text);
      boolean known = Arrays.asList("http", "https").contains(uri.getScheme());
      if (!known || uri.getHost() == null || !uri.getPath().replace("/", "").isEmpty()) {
        throw refused("Endpoint " + text + " is not one.", remedy);
      }
      int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
      return new Address(uri.getHost(), port, uri.getScheme().equals("https"));
    } catch (URISyntaxException e) {
      throw refused("Endpoint " + text + " is not one: " + e.getReason() + ".", remedy);
    }
  }

  private static Optional<Path> file(String name, String path) throws TenonException {
    if (path.isEmpty()) return Optional.empty();
    var file = Path.of(path);
    if (!Files.isReadable(file)) {
      throw refused(name + ": " + path + " cannot be read.", "Give a readable PEM file.");
    }
    return Optional.of(file);
  }

  private static Duration duration(String name, long ms) throws TenonException {
    if (ms < 1) throw refused(name + " is " + ms + ".", "Give at least 1.");
    return Duration.ofMillis(ms);
  }

  private static TenonException refused(String why, String remedy) {
    return new TenonException(
        "The etcd metadata store was not opened: " + PID + " is wrong.", why, remedy);
  }
}
