package io.tenon.nvme.internal;

import io.tenon.nvme.NvmeTarget.Handover;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.SubsystemHandover;
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
 * a transport: its port is there, and who connects waits. Beside that what transports have left of one subsystem alone, without a port. Any thread.
 */
final class Handovers {
  private static final Logger log = LoggerFactory.getLogger(Handovers.class);

  /** After its scheme: what a transport leaves of one subsystem. */
  private static final String PART = " of one subsystem";

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

  /** Of one subsystem, by {@link #key}. */
  private final ConcurrentSkipListMap<String, SubsystemHandover> parts =
      new ConcurrentSkipListMap<>();

  /** By kind, {@link #PART} being one of its own; guarded by itself. */
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
    note(left.uriScheme(), left.uriScheme(), left.connections());
    target.addTransport(now);
    log.info(
        "{}: {} connections on {} wait for another transport of this kind",
        left.uriScheme(),
        left.connections().size(),
        left.port().local());
    var reactor = left.reactor();
    reactor.execute(() -> reactor.schedule(deadlineNs, () -> expire(now)));
  }

  void keep(SubsystemHandover left) {
    note(left.uriScheme() + PART, left.uriScheme(), left.connections());
    if (left.connections().isEmpty()) return;
    var before = parts.put(key(left.uriScheme(), left.nqn()), left);
    if (before != null) before.end("other connections of its subsystem were left after it");
    log.info(
        "{}: {} connections of {} wait for another transport of this kind",
        left.uriScheme(),
        left.connections().size(),
        left.nqn());
    var reactor = left.connections().getFirst().socket().reactor();
    reactor.execute(() -> reactor.schedule(deadlineNs, () -> expire(left)));
  }

  private static String key(String uriScheme, String nqn) {
    return uriScheme + " " + nqn;
  }

  private void note(String kind, String uriScheme, List<ParkedConnection> connections) {
    var pauses = connections.stream().map(ParkedConnection::pause).toList();
    synchronized (latest) {
      latest.put(kind, new Handover(++count, uriScheme, pauses));
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

  private void expire(SubsystemHandover late) {
    if (!parts.remove(key(late.uriScheme(), late.nqn()), late)) return;
    log.warn(
        "{}: nobody goes on with the connections of {}; they end", late.uriScheme(), late.nqn());
    late.end("no transport took the connection over");
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

  Optional<SubsystemHandover> take(String uriScheme, String nqn) {
    return Optional.ofNullable(parts.remove(key(uriScheme, nqn)));
  }

  /** The model goes as well: nothing is left to hand over to. */
  void close() {
    for (String scheme : List.copyOf(kept.keySet())) {
      var left = kept.remove(scheme);
      if (left != null) end(left, "the target stops");
    }
    for (String part : List.copyOf(parts.keySet())) {
      var left = parts.remove(part);
      if (left != null) left.end("the target stops");
    }
  }
}
