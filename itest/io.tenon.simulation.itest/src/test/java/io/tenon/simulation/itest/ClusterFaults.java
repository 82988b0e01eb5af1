package io.tenon.simulation.itest;

import io.tenon.error.TenonException;
import io.tenon.simulation.SimNetwork.Weather;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimStore;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Story;
import io.tenon.simulation.Tally;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What goes wrong in a cluster. Each seed draws some kinds of faults and how often they come: so some seeds have many of few kinds, which find
 * what a mixture of everything hides.
 */
final class ClusterFaults {
  private static final long MILLISECOND_NS = 1_000_000;

  /**
   * Less than an initiator's patience: a write that a disk carries out after its initiator has given it up, and has come back, is not fenced by
   * anybody yet.
   */
  private static final long MOST_STALL_NS = 400 * MILLISECOND_NS;

  /** A fault begins, and most end by themselves. */
  enum Kind {
    POWER_CUT,
    KILL,
    FREEZE,
    CUT,
    CUT_ONE_WAY,
    /** From all other nodes and the store; hosts are on this side or that. */
    ISOLATED,
    SLOW_NETWORK,
    LOSS,
    RESET,
    SILENT_CONNECTION,
    /** On the ways of a node to others and to hosts; only where everybody asks for digests. */
    FLIPPED_BITS,
    DISK_STALL,
    DISK_ERRORS,
    UNPLUGGED,
    DISK_FULL,
    STORE_GONE,
    STORE_FROZEN,
    STORE_FLAKY
  }

  /** Who wants to know. */
  interface Witness {
    /** What the node's disk had not flushed is perhaps gone. */
    void forgets(ClusterNode node);

    void wentDown(ClusterNode node);

    /** Others may think that it is down. */
    void looksDown(ClusterNode node);

    /** Machines of hosts, which suffer from the network as nodes do. */
    List<SimReactors> hosts();
  }

  private final SimWorld world;
  private final Story story;
  private final SplittableRandom random;
  private final List<ClusterNode> nodes;
  private final SimStore store;
  private final Witness witness;
  private final Set<Kind> kinds = EnumSet.noneOf(Kind.class);
  private final long pauseNs;
  private final long mostDurationNs;
  private boolean over;
  private int count;

  ClusterFaults(
      SimWorld world,
      Story story,
      List<ClusterNode> nodes,
      SimStore store,
      boolean digests,
      Witness witness) {
    this.store = store;
    this.world = world;
    this.story = story;
    this.nodes = nodes;
    this.witness = witness;
    random = world.chance();
    double share = 0.1 + random.nextDouble() * 0.5;
    for (Kind kind : Kind.values()) if (random.nextDouble() < share) kinds.add(kind);
    if (!digests) kinds.remove(Kind.FLIPPED_BITS);
    var always = EnumSet.complementOf(EnumSet.of(Kind.FLIPPED_BITS)).stream().toList();
    if (kinds.isEmpty()) kinds.add(always.get(random.nextInt(always.size())));
    pauseNs = (long) (2 * MILLISECOND_NS * Math.pow(2, random.nextDouble() * 7));
    mostDurationNs = (long) (10 * MILLISECOND_NS * Math.pow(2, random.nextDouble() * 7));
    story.tell("faults", kinds + ", one every " + pauseNs / MILLISECOND_NS + " ms");
  }

  void begin() {
    world.schedule(random.nextLong(2 * pauseNs), this::next);
  }

  int count() {
    return count;
  }

  /** No fault outlasts it. */
  long mostDurationNs() {
    return mostDurationNs;
  }

  private void next() {
    if (over) return;
    world.schedule(random.nextLong(2 * pauseNs), this::next);
    var all = List.copyOf(kinds);
    happen(all.get(random.nextInt(all.size())), nodes.get(random.nextInt(nodes.size())));
  }

  private void later(Runnable end) {
    long durationNs = 1 + random.nextLong(mostDurationNs);
    world.schedule(
        durationNs,
        () -> {
          if (!over) end.run();
        });
  }

  private void happen(Kind kind, ClusterNode node) {
    if (!node.isUp()) return;
    count++;
    Tally.event(kind.name());
    story.tell(node.name, kind.toString());
    var network = world.network();
    var reactors = node.life().reactors;
    var other = other();
    switch (kind) {
      case POWER_CUT -> {
        node.losePower();
        witness.forgets(node);
        witness.wentDown(node);
        later(node::restart);
      }
      case KILL -> {
        node.kill();
        witness.wentDown(node);
        later(node::restart);
      }
      case FREEZE -> {
        reactors.freeze(1 + random.nextLong(mostDurationNs));
        witness.looksDown(node);
      }
      case CUT -> {
        network.cut(reactors, other);
        network.cut(other, reactors);
        witness.looksDown(node);
        later(
            () -> {
              network.mend(reactors, other);
              network.mend(other, reactors);
            });
      }
      case CUT_ONE_WAY -> {
        boolean there = random.nextBoolean();
        var from = there ? reactors : other;
        var to = there ? other : reactors;
        network.cut(from, to);
        witness.looksDown(node);
        later(() -> network.mend(from, to));
      }
      case ISOLATED -> isolate(node);
      case SLOW_NETWORK -> {
        network.weather(new Weather(1 + random.nextLong(20 * MILLISECOND_NS), 0.3, 0.2, 8192));
        later(() -> network.weather(Weather.calm()));
      }
      case LOSS -> {
        network.lose(random.nextDouble() * 0.05, 40 * MILLISECOND_NS);
        later(() -> network.lose(0, 1));
      }
      case RESET -> network.reset(reactors);
      case SILENT_CONNECTION -> network.blackhole(reactors);
      case FLIPPED_BITS -> {
        double share = 0.002 * Math.pow(2, random.nextDouble() * 5);
        var others = others(node);
        for (SimReactors each : others) network.flipBits(reactors, each, share);
        later(() -> others.forEach(each -> network.flipBits(reactors, each, 0)));
      }
      case DISK_STALL -> node.stall(1 + random.nextLong(MOST_STALL_NS));
      case DISK_ERRORS -> {
        node.faults(random.nextDouble() * 0.1);
        later(() -> node.faults(0));
      }
      case UNPLUGGED -> {
        node.unplug();
        witness.forgets(node);
        later(node::plugIn);
      }
      case DISK_FULL -> {
        fill(node, true);
        later(() -> fill(node, false));
      }
      case STORE_GONE -> {
        store.crash();
        later(store::restart);
      }
      case STORE_FROZEN -> store.freeze(1 + random.nextLong(mostDurationNs));
      case STORE_FLAKY -> {
        store.faults(new SimStore.Faults(0.1, 0.2, 2 * mostDurationNs, 0.1, 0.1, 0, 0.2));
        later(() -> store.faults(SimStore.Faults.NONE));
      }
    }
  }

  private void isolate(ClusterNode node) {
    var network = world.network();
    var life = node.life();
    var others = new ArrayList<SimReactors>();
    for (ClusterNode each : nodes) if (each != node) others.add(each.life().reactors);
    for (SimReactors host : witness.hosts()) if (random.nextBoolean()) others.add(host);
    for (SimReactors other : others) {
      network.cut(life.reactors, other);
      network.cut(other, life.reactors);
    }
    life.client.cutOff();
    witness.looksDown(node);
    later(
        () -> {
          for (SimReactors other : others) {
            network.mend(life.reactors, other);
            network.mend(other, life.reactors);
          }
          life.client.reconnect();
        });
  }

  /** Whom a way leads to: another node, or a host's machine. */
  private SimReactors other() {
    var all = new ArrayList<SimReactors>();
    for (ClusterNode node : nodes) all.add(node.life().reactors);
    all.addAll(witness.hosts());
    return all.get(random.nextInt(all.size()));
  }

  private List<SimReactors> others(ClusterNode than) {
    var all = new ArrayList<SimReactors>();
    for (ClusterNode node : nodes) if (node != than) all.add(node.life().reactors);
    all.addAll(witness.hosts());
    return all;
  }

  private void fill(ClusterNode node, boolean full) {
    if (!node.isUp()) return;
    node.life()
        .control
        .execute(
            () -> {
              try {
                node.fill(full);
              } catch (TenonException e) {
                story.tell(node.name, e.getMessage());
              }
            });
  }

  /** Nothing goes wrong any more, and what did is mended. */
  void end() {
    over = true;
    story.tell("faults", "are over");
    world.network().heal();
    world.network().flipNone();
    world.network().weather(Weather.calm());
    world.network().lose(0, 1);
    store.restart();
    store.faults(SimStore.Faults.NONE);
    for (ClusterNode node : nodes) {
      node.faults(0);
      node.plugIn();
      node.life().client.reconnect();
      node.restart();
    }
  }

  /** What only a node that works can be relieved of. */
  void relieve() {
    for (ClusterNode node : nodes) fill(node, false);
  }
}
