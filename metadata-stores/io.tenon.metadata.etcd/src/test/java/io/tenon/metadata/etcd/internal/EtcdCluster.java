package io.tenon.metadata.etcd.internal;

import io.tenon.metadata.Entry;
import io.tenon.metadata.Key;
import io.tenon.metadata.Prefix;
import io.tenon.metadata.testing.EtcdServer;
import io.tenon.metadata.testing.StoreBench;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Three members of a real etcd, each of which may go, and two clients that know all of them. */
final class EtcdCluster implements AutoCloseable {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int MEMBERS = 3;

  private final List<EtcdServer> members;

  EtcdCluster(Path folder) throws Exception {
    members = EtcdServer.cluster(folder, MEMBERS);
  }

  /** Whoever leads; waits for an election. */
  EtcdServer leader() throws Exception {
    long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() - endNs < 0) {
      for (var member : members) if (member.isLeader()) return member;
      Thread.sleep(20);
    }
    throw new AssertionError("etcd has elected no leader");
  }

  List<EtcdServer> members() {
    return members;
  }

  /** All but the leader. */
  List<EtcdServer> followers() throws Exception {
    var leader = leader();
    return members.stream().filter(member -> member != leader).toList();
  }

  EtcdStore open() throws Exception {
    return EtcdBench.open(members.stream().map(EtcdServer::endpoint).toArray(String[]::new));
  }

  /** Emptied first. */
  Bench bench() throws Exception {
    var bench = new Bench(this, open(), open());
    for (Entry entry : bench.store.list(Prefix.ALL, SOON).entries()) {
      bench.store.delete(entry.key(), SOON);
    }
    return bench;
  }

  @Override
  public void close() throws Exception {
    for (var member : members) member.close();
  }

  /** Two clients; a restart is one of the leader. */
  record Bench(EtcdCluster cluster, EtcdStore store, EtcdStore other) implements StoreBench {
    @Override
    public void restart() throws Exception {
      cluster.leader().restart();
      awaitAnswer(store);
      awaitAnswer(other);
    }

    /** Somebody leads again: a read asks the leader. */
    private static void awaitAnswer(EtcdStore client) throws Exception {
      var _ = client.get(Key.of("/test/a"), SOON);
    }

    @Override
    public void close() {
      store.close();
      other.close();
    }
  }
}
