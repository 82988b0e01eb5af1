package io.tenon.transport.nvmetcp.internal.target;

import io.tenon.error.TenonException;
import io.tenon.nvme.ConnectionOwner;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.ParkedConnection;
import io.tenon.nvme.SubsystemHandover;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subsystem's connections on their way to another version of this bundle, which tries them, and back. Of either bundle: the one lends, the other
 * takes up and {@link #leave}s.
 */
final class SubsystemLoans implements ConnectionOwner {
  private static final Logger log = LoggerFactory.getLogger(SubsystemLoans.class);
  private static final long WITHIN_S = 10;

  private final NvmeTarget target;
  private final HostConnections hosts;

  /** By NQN, what another one serves. */
  private final Map<String, List<ParkedConnection>> lent = new ConcurrentSkipListMap<>();

  /** NQNs of what was taken up. */
  private final Set<String> taken = new ConcurrentSkipListSet<>();

  SubsystemLoans(NvmeTarget target, HostConnections hosts) {
    this.target = target;
    this.hosts = hosts;
  }

  @Override
  public void lend(String nqn, ConnectionOwner to) throws TenonException {
    var parked = Collections.synchronizedList(new ArrayList<ParkedConnection>());
    if (!hosts.lend(queue -> queue.nqn().equals(nqn), parked)) {
      toTheEnd(
          () -> {
            hosts.stay();
            goOn(new SubsystemHandover(TargetPort.URI_SCHEME, nqn, parked));
          });
      throw stays(nqn, "Some do not come to rest.", "See whether its device answers I/O.");
    }
    if (parked.isEmpty()) {
      throw stays(nqn, "There are none.", "Give one that a host is connected to.");
    }
    var left = new SubsystemHandover(TargetPort.URI_SCHEME, nqn, parked);
    lent.put(nqn, left.connections());
    target.handOver(left);
    boolean asked = false;
    try {
      to.takeUp(nqn);
      asked = true;
    } finally {
      if (!asked) toTheEnd(() -> takeBack(nqn));
    }
    if (takeBack(nqn)) {
      throw stays(nqn, "The other bundle has not taken them up.", "Give one that does.");
    }
  }

  /** What nobody has taken up. */
  private boolean takeBack(String nqn) throws TenonException {
    var left = target.takeOver(TargetPort.URI_SCHEME, nqn);
    if (left.isEmpty()) return false;
    goOn(left.get());
    areBack(nqn, left.get().connections());
    return true;
  }

  private void areBack(String nqn, List<ParkedConnection> back) {
    var sockets = back.stream().map(ParkedConnection::socket).toList();
    lent.computeIfPresent(
        nqn, (_, away) -> away.stream().filter(one -> !sockets.contains(one.socket())).toList());
  }

  private interface Step {
    void run() throws TenonException;
  }

  /** Also when the thread was interrupted, for its caller has waited long enough: hosts wait as well. */
  private static void toTheEnd(Step step) throws TenonException {
    boolean interrupted = Thread.interrupted();
    try {
      step.run();
    } finally {
      if (interrupted) Thread.currentThread().interrupt();
    }
  }

  private static TenonException stays(String nqn, String why, String remedy) {
    return new TenonException(
        "The connections of " + nqn + " stay with the bundle that has them.", why, remedy);
  }

  @Override
  public void takeUp(String nqn) throws TenonException {
    var left = target.takeOver(TargetPort.URI_SCHEME, nqn);
    if (left.isPresent()) {
      taken.add(nqn);
      goOn(left.get());
      areBack(nqn, left.get().connections());
    }
    endTheLost(nqn);
  }

  /** What was lent and does not come back belongs to a bundle that is gone. */
  private void endTheLost(String nqn) {
    var away = lent.remove(nqn);
    if (away == null) return;
    for (var one : away) {
      one.socket().reactor().execute(() -> one.abandon("the transport that had it is gone"));
    }
  }

  /**
   * @throws TenonException when some cannot be gone on with; they are left with the target
   */
  private void goOn(SubsystemHandover left) throws TenonException {
    List<ParkedConnection> remaining;
    try {
      var understood = HostConnections.understand(left.connections());
      remaining = await(hosts.goOn(understood));
    } catch (TenonException e) {
      target.handOver(left);
      throw e;
    }
    if (remaining.isEmpty()) {
      log.info("{}: {} connections are served here", left.nqn(), left.connections().size());
      return;
    }
    target.handOver(new SubsystemHandover(left.uriScheme(), left.nqn(), remaining));
    throw new TenonException(
        remaining.size() + " connections of " + left.nqn() + " were not taken up.",
        "This transport cannot go on with them; the node's log has the reason.",
        "Use a version of its bundle that can.");
  }

  private static List<ParkedConnection> await(CompletableFuture<List<ParkedConnection>> remaining)
      throws TenonException {
    try {
      return remaining.get(WITHIN_S, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (TimeoutException e) {
      throw new TenonException("Connections were not taken up.", "A reactor is busy.", "", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TenonException("Connections were not taken up.", "Interrupted.", "", e);
    }
  }

  /** What was left of any subsystem, by one that is gone. */
  void takeUpAll() {
    for (var subsystem : target.subsystems()) {
      try {
        takeUp(subsystem.nqn());
      } catch (TenonException e) {
        log.error("{}", e.getMessage(), e);
      }
    }
  }

  /** The trial is over: gives back what was taken up. What does not come to rest within 5 s ends. */
  void leave() {
    for (String nqn : taken) {
      var parked = Collections.synchronizedList(new ArrayList<ParkedConnection>());
      boolean whole = hosts.leave(queue -> queue.nqn().equals(nqn), parked);
      if (!whole) hosts.end();
      target.handOver(new SubsystemHandover(TargetPort.URI_SCHEME, nqn, parked));
    }
    hosts.end();
  }
}
