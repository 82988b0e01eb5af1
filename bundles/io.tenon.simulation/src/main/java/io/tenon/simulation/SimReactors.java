package io.tenon.simulation;

import io.tenon.reactor.Reactor;
import io.tenon.reactor.ReactorStats;
import io.tenon.reactor.Reactors;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** A node: its reactors, until it crashes. */
public final class SimReactors implements Reactors {
  private final SimWorld world;
  private final String name;
  private final List<Reactor> reactors = new ArrayList<>();
  private volatile boolean up = true;
  private long frozenUntilNs;

  SimReactors(SimWorld world, String name, int index, int count) {
    this.world = world;
    this.name = name;
    for (int i = 0; i < count; i++) reactors.add(new SimReactor(world, this, index * 64 + i, i));
  }

  @Override
  public List<Reactor> all() {
    return List.copyOf(reactors);
  }

  @Override
  public List<ReactorStats> stats() {
    return List.of();
  }

  SimWorld world() {
    return world;
  }

  public String name() {
    return name;
  }

  /** Where others reach it: the same for every life of a node of this name. */
  public InetAddress address() {
    int hash = name.hashCode();
    try {
      return InetAddress.getByAddress(
          new byte[] {10, (byte) (hash >>> 16), (byte) (hash >>> 8), (byte) hash});
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  public boolean isUp() {
    return up;
  }

  /**
   * Stops in the middle of everything: no task of it runs any more, and its buffers and sockets are nobody's.
   *
   * @param silently as by a power cut; otherwise its kernel ends its connections
   */
  public void crash(boolean silently) {
    if (!up) return;
    Tally.fault();
    up = false;
    world.trace().note(name);
    world.network().nodeIsDown(this, silently);
  }

  /** Stops for a while, as by SIGSTOP: nothing of it is lost, and nobody is told. */
  public void freeze(long forNs) {
    Tally.fault();
    frozenUntilNs = Math.max(frozenUntilNs, world.nowNs() + forNs);
  }

  long frozenUntilNs() {
    return frozenUntilNs;
  }

  /** Buffers that someone has and did not give back; of a node at rest a leak. */
  public int buffersTaken() {
    int taken = 0;
    for (var reactor : reactors) taken += ((SimReactor) reactor).pool().taken();
    return taken;
  }

  /** From now on, so many bytes of buffers for each reactor. */
  public void bufferBytes(long most) {
    for (var reactor : reactors) ((SimReactor) reactor).pool().limit(most);
  }
}
