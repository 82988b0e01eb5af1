package io.tenon.nvme.internal;

import io.tenon.nvme.NvmeTarget.Handover;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.Transport;
import io.tenon.nvme.TransportHandover;
import io.tenon.nvme.TransportType;
import java.net.InetSocketAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What transports whose bundles went have left, each until a successor takes it over or its time is over. Meanwhile it is listed as
 * a transport: its port is there, and who connects waits. Any thread.
 */
final class Handovers {
  private static final Logger log = LoggerFactory.getLogger(Handovers.class);

  /** A transport without a bundle. */
  private record Kept(TransportHandover left) implements Transport {
    @Override
    public TransportType type() {
      return left.type();
    }

    @Override
    public String uriScheme() {
      return left.uriScheme();
    }

    @Override
    public List<InetSocketAddress> listening() {
      return List.of(left.port().local());
    }
  }

  private final Target target;
  private final long deadlineNs;
  private final ConcurrentSkipListMap<String, Kept> kept = new ConcurrentSkipListMap<>();

  /** By kind; guarded by itself. */
  private final Map<String, Handover> latest = new TreeMap<>();

  private long count;

  Handovers(Target target, long deadlineNs) {
    this.target = target;
    this.deadlineNs = deadlineNs;
  }

  void keep(TransportHandover left) {
    var now = new Kept(left);
    var before = kept.put(left.uriScheme(), now);
    if (before != null) end(before, "another transport of its kind has gone after it");
    note(left);
    target.addTransport(now);
    log.info(
        "{}: {} connections on {} wait for another transport of this kind",
        left.uriScheme(),
        left.connections().size(),
        left.port().local());
    var reactor = left.reactor();
    reactor.execute(() -> reactor.schedule(deadlineNs, () -> expire(now)));
  }

  private void note(TransportHandover left) {
    var pauses = left.connections().stream().map(ParkedConnection::pause).toList();
    synchronized (latest) {
      latest.put(left.uriScheme(), new Handover(++count, left.uriScheme(), pauses));
    }
  }

  /** In the order of their coming. */
  List<Handover> latest() {
    synchronized (latest) {
      return latest.values().stream().sorted(Comparator.comparingLong(Handover::number)).toList();
    }
  }

  private void expire(Kept late) {
    if (!kept.remove(late.uriScheme(), late)) return;
    log.warn("{}: no transport of this kind came back; its connections end", late.uriScheme());
    end(late, "no transport took the connection over");
  }

  private void end(Kept over, String reason) {
    target.removeTransport(over);
    over.left().end(reason);
  }

  Optional<TransportHandover> take(String uriScheme) {
    var taken = kept.remove(uriScheme);
    if (taken == null) return Optional.empty();
    target.removeTransport(taken);
    return Optional.of(taken.left());
  }

  /** The model goes as well: nothing is left to hand over to. */
  void close() {
    for (String scheme : List.copyOf(kept.keySet())) {
      var left = kept.remove(scheme);
      if (left != null) end(left, "the target stops");
    }
  }
}
