package io.tenon.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/** What goes wrong with one node, and for how many milliseconds. Node 1 has the nexus and a child, the others a child each. */
sealed interface Trouble {
  int NEXUS = 1;
  int HOST = 0;

  /** Of a child whose node does not answer. */
  long CHILD_TIMEOUT_MS = 1_500;

  int node();

  /** SIGKILL; it is started again at once. */
  record Kill(int node) implements Trouble {}

  /** SIGSTOP, and SIGCONT later. */
  record Freeze(int node, int forMs) implements Trouble {}

  /** Packets of these directions do not arrive. */
  record Partition(int node, Set<Network.Cut> cuts, int forMs) implements Trouble {}

  /** Packets are lost in bursts; the kernel's netem is not everywhere. */
  record Loss(int node, Set<Network.Cut> cuts, int forMs, int burstMs) implements Trouble {}

  /** What happens in a round: to a child or two, now and then to the nexus. */
  static List<Trouble> round(SplittableRandom random) {
    if (random.nextInt(8) == 0) return List.of(any(NEXUS, peer(random), random));
    var victims = new TreeSet<Integer>();
    victims.add(2 + random.nextInt(2));
    if (random.nextInt(6) == 0) victims.addAll(Set.of(2, 3));
    var troubles = new ArrayList<Trouble>();
    for (int victim : victims) troubles.add(any(victim, NEXUS, random));
    return troubles;
  }

  /** Whom the nexus' node does not reach. */
  private static int peer(SplittableRandom random) {
    return random.nextBoolean() ? HOST : 2 + random.nextInt(2);
  }

  private static Trouble any(int node, int peer, SplittableRandom random) {
    // A node that was killed takes seconds to start, and the others none.
    if (random.nextInt(node == NEXUS ? 3 : 10) == 0) return new Kill(node);
    int forMs = duration(random);
    return switch (random.nextInt(5)) {
      case 0, 1 -> new Freeze(node, forMs);
      case 2, 3 -> new Partition(node, cuts(node, peer, random), forMs);
      default -> new Loss(node, cuts(node, peer, random), forMs, 5 + random.nextInt(100));
    };
  }

  /** Now far below the time-out, now beyond it, now about as long. */
  private static int duration(SplittableRandom random) {
    int timeout = (int) CHILD_TIMEOUT_MS;
    return switch (random.nextInt(4)) {
      case 0 -> random.nextInt(20, timeout / 3);
      case 1 -> random.nextInt(timeout * 3 / 4, timeout * 5 / 4);
      default -> random.nextInt(timeout * 5 / 4, timeout * 2);
    };
  }

  /** Both ways, or one. */
  private static Set<Network.Cut> cuts(int node, int peer, SplittableRandom random) {
    var there = new Network.Cut(node, peer);
    var back = new Network.Cut(peer, node);
    return switch (random.nextInt(4)) {
      case 0 -> Set.of(there);
      case 1 -> Set.of(back);
      default -> Set.of(there, back);
    };
  }
}
