package io.tenon.simulation.itest;

import io.tenon.nexus.Nexus;
import io.tenon.nexus.NexusException;
import io.tenon.nexus.NexusState;
import io.tenon.simulation.SimHost;
import io.tenon.simulation.SimHost.Way;
import io.tenon.simulation.SimReactors;
import io.tenon.simulation.SimWorld;
import io.tenon.simulation.Story;
import io.tenon.simulation.Tally;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The hosts of a volume, on the node of its nexus or on a machine of their own. When another nexus takes over, those of the one before go on as
 * if nothing had happened, beside new ones, until they are stopped.
 */
final class ClusterHosts {
  private static final int LEAST_AFTER_MOVE = 50;
  private static final long DEFAULT_THINK_NS = 200_000;

  private final String digests;
  private final SimWorld world;
  private final Story story;
  private final SplittableRandom random;
  private final SimHost host;
  private final int operations;
  private final List<Seat> seats = new ArrayList<>();

  /** Hosts of one nexus. */
  private static final class Seat {
    final ClusterLife life;
    final Optional<HostMachine> machine;

    /** Until the machine is connected. */
    @Nullable Way way;

    boolean gaveUp;

    /** Another nexus has the children. */
    boolean superseded;

    Seat(ClusterLife life, Optional<HostMachine> machine) {
      this.life = life;
      this.machine = machine;
    }

    boolean isWanted() {
      return !superseded && life.reactors.isUp();
    }

    boolean isDone() {
      if (way == null) return gaveUp || !isWanted();
      return way.isDone();
    }
  }

  ClusterHosts(
      SimWorld world,
      Story story,
      Nexus nexus,
      ClusterNode at,
      String digests,
      Arena arena,
      int operations) {
    this.digests = digests;
    this.world = world;
    this.story = story;
    this.operations = operations;
    random = world.chance();
    int hot = 2 + random.nextInt(random.nextBoolean() ? 6 : 40);
    host =
        new SimHost(
            nexus.device().geometry(),
            nexus.device()::channel,
            world,
            at.life().reactors.all(),
            arena,
            (lba, stamps) -> world.trace().note(lba),
            random.nextLong(nexus.device().geometry().blockCount() - hot),
            hot);
    host.thinks((long) (DEFAULT_THINK_NS * Math.pow(2, random.nextDouble() * 7)));
    sit(nexus, at.life(), operations);
  }

  private void sit(Nexus nexus, ClusterLife life, int count) {
    // The checker looks at all orders of what is under way.
    int depth = 1 + random.nextInt(life.reactors.all().size() > 1 ? 2 : 4);
    if (random.nextBoolean()) {
      var seat = new Seat(life, Optional.empty());
      seats.add(seat);
      seat.way = host.goOn(nexus.device()::channel, life.reactors.all(), count, depth);
      return;
    }
    var machine = new HostMachine(world, seats.size(), life.reactors.all().size());
    var seat = new Seat(life, Optional.of(machine));
    seats.add(seat);
    story.tell(machine.reactors.name(), "is for the nexus on " + life.reactors.name());
    life.control.execute(
        () -> {
          try {
            String uri = nexus.publish(Set.of()).replace("nvmf+tcp:", "nvmf:") + digests();
            machine.threads.start(() -> connect(seat, uri, count, depth));
          } catch (NexusException e) {
            boolean stops =
                nexus.state() == NexusState.SHUTTING_DOWN || nexus.state() == NexusState.SHUTDOWN;
            if (!stops && life.reactors.isUp()) throw new AssertionError(e.getMessage(), e);
            story.tell(machine.reactors.name(), "has no way: " + e.what() + " " + e.why());
            seat.gaveUp = true;
          }
        });
  }

  private String digests() {
    if (!digests.isEmpty()) return "?" + digests;
    return switch (random.nextInt(4)) {
      case 0 -> "?hdgst=true&ddgst=true";
      case 1 -> "?ddgst=true";
      default -> "";
    };
  }

  private void connect(Seat seat, String uri, int count, int depth) {
    var machine = seat.machine.orElseThrow();
    if (!machine.connect(uri, seat::isWanted)) {
      seat.gaveUp = true;
      return;
    }
    story.tell(machine.reactors.name(), "is connected");
    Tally.event("hosts behind the network");
    // Nobody is behind it any more: it would never begin.
    seat.way =
        host.goOnPatiently(
            machine.device()::channel, machine.reactors.all(), seat.isWanted() ? count : 0, depth);
  }

  /** Another nexus has the children, and serves. Those of the one before do not know. */
  void follow(Nexus nexus, ClusterLife life) {
    for (Seat seat : seats) {
      seat.superseded = true;
      var way = seat.way;
      if (way != null) way.fenced();
    }
    nodeIsGone();
    sit(nexus, life, Math.max(LEAST_AFTER_MOVE, operations - host.operations()));
  }

  /** A node has crashed: of hosts on it nothing is heard any more, once another nexus has the children. */
  void nodeIsGone() {
    for (Seat seat : seats) {
      boolean isGone = seat.superseded && seat.machine.isEmpty() && !seat.life.reactors.isUp();
      var way = seat.way;
      if (isGone && way != null) way.crashed();
    }
  }

  /** Those of nexuses before this one begin nothing more. */
  void stopOld() {
    for (Seat seat : seats) {
      var way = seat.way;
      if (seat.superseded && way != null) way.stop();
    }
  }

  boolean isDone() {
    return seats.stream().allMatch(Seat::isDone);
  }

  int operations() {
    return host.operations();
  }

  int underWay() {
    return host.underWay();
  }

  void mayForget() {
    host.mayForget();
  }

  /** The checker, for what replicas show by themselves. */
  SimHost history() {
    return host;
  }

  /** Machines that are there. */
  List<SimReactors> machines() {
    return seats.stream().flatMap(seat -> seat.machine.stream()).map(one -> one.reactors).toList();
  }

  /** Those that must be disconnected in the end. */
  List<HostMachine> all() {
    return seats.stream().flatMap(seat -> seat.machine.stream()).toList();
  }
}
