package io.tenon.metadata.etcd.internal;

import io.tenon.metadata.Entry;
import io.tenon.metadata.MetadataStore;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.testing.EtcdServer;
import io.tenon.metadata.testing.OutageBench;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Two clients of one etcd, which is emptied first. */
final class EtcdBench implements OutageBench {
  private static final Duration SOON = Duration.ofSeconds(60);

  private final EtcdServer server;
  private final EtcdStore store;
  private final EtcdStore other;

  EtcdBench(EtcdServer server) throws Exception {
    this.server = server;
    store = open(server.endpoint());
    other = open(server.endpoint());
    for (Entry entry : store.list(Prefix.ALL, SOON).entries()) store.delete(entry.key(), SOON);
  }

  static EtcdStore open(String... endpoints) throws Exception {
    return new EtcdStore(settings(endpoints), InstantSource.system());
  }

  static Settings settings(String... endpoints) throws Exception {
    var addresses = new ArrayList<Settings.Address>();
    for (String endpoint : endpoints) {
      var uri = new URI(endpoint);
      addresses.add(
          new Settings.Address(uri.getHost(), uri.getPort(), uri.getScheme().equals("https")));
    }
    return new Settings(
        List.copyOf(addresses),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Duration.ofSeconds(2),
        Duration.ofSeconds(2));
  }

  @Override
  public MetadataStore store() {
    return store;
  }

  @Override
  public MetadataStore other() {
    return other;
  }

  @Override
  public void kill() throws Exception {
    server.kill();
  }

  @Override
  public void revive() throws Exception {
    server.revive();
  }

  @Override
  public void freeze() throws Exception {
    server.freeze();
  }

  @Override
  public void thaw() throws Exception {
    server.thaw();
  }

  @Override
  public void close() {
    store.close();
    other.close();
  }
}
