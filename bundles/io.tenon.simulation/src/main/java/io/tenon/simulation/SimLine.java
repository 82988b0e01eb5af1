package io.tenon.simulation;

import java.net.InetAddress;
import java.util.ArrayDeque;

/** One direction of a connection: what is sent arrives later, in order, and while the way is cut not yet. */
final class SimLine {
  private record Packet(long dueNs, Runnable arrival) {}

  private final SimWorld world;
  private final SimNetwork network;
  private final InetAddress from;
  private final InetAddress to;
  private final ArrayDeque<Packet> onTheWay = new ArrayDeque<>();
  private long lastDueNs;
  private boolean dead;

  SimLine(SimWorld world, SimNetwork network, InetAddress from, InetAddress to) {
    this.world = world;
    this.network = network;
    this.from = from;
    this.to = to;
  }

  void carry(Runnable arrival) {
    if (dead) return;
    lastDueNs = Math.max(lastDueNs, world.nowNs() + network.delayNs());
    if (onTheWay.isEmpty()) network.busy(this);
    onTheWay.add(new Packet(lastDueNs, arrival));
    world.schedule(lastDueNs - world.nowNs(), this::deliver);
  }

  private void deliver() {
    if (network.isCut(from, to)) return;
    while (!onTheWay.isEmpty() && onTheWay.getFirst().dueNs <= world.nowNs()) {
      onTheWay.removeFirst().arrival.run();
    }
    if (onTheWay.isEmpty()) network.idle(this);
  }

  /** The way is there again: what was sent meanwhile is repeated by and by. */
  void healed() {
    world.schedule(network.delayNs(), this::deliver);
  }

  /** What is on its way may arrive; what would have to be repeated will not be. */
  void repeatNothing() {
    if (network.isCut(from, to)) clear();
  }

  /** Nothing arrives any more, and nobody says so. */
  void die() {
    dead = true;
    clear();
  }

  private void clear() {
    onTheWay.clear();
    network.idle(this);
  }
}
