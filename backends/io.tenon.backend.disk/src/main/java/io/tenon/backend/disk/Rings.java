package io.tenon.backend.disk;

import io.tenon.error.Check;
import io.tenon.linux.LinuxException;
import io.tenon.reactor.Reactor;
import io.tenon.reactor.Reactors;
import java.util.ArrayList;
import java.util.List;

/**
 * A ring for each reactor, there while devices are open. Made before a device is, so that a system that refuses rings is
 * found out where there is someone to tell.
 */
public final class Rings<R extends DiskRing> {
  private final Reactors reactors;
  private final Maker<R> maker;
  private int users;
  private volatile List<R> rings = List.of();

  /** Makes a reactor's ring; on any thread. */
  @FunctionalInterface
  public interface Maker<R> {
    R make(Reactor reactor) throws LinuxException;
  }

  public Rings(Reactors reactors, Maker<R> maker) {
    this.reactors = reactors;
    this.maker = maker;
  }

  /** For one more device, which will {@link #release}. */
  public synchronized void acquire() throws LinuxException {
    if (users == 0) rings = make();
    users++;
  }

  private List<R> make() throws LinuxException {
    var made = new ArrayList<R>();
    try {
      for (Reactor reactor : reactors.all()) made.add(maker.make(reactor));
    } catch (LinuxException e) {
      made.forEach(DiskRing::closeRing);
      throw e;
    }
    for (R ring : made) ring.reactor().execute(ring::start);
    return List.copyOf(made);
  }

  public synchronized void release() {
    Check.that(users > 0, "rings released more often than acquired");
    users--;
    if (users > 0) return;
    for (R ring : rings) ring.reactor().execute(ring::stop);
    rings = List.of();
  }

  DiskRing of(Reactor reactor) {
    return rings.get(reactor.index());
  }
}
