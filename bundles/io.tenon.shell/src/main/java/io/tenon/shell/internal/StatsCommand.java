package io.tenon.shell.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceSlot;
import io.tenon.block.IoCounters;
import io.tenon.block.IoOperation;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexuses;
import io.tenon.pool.Pool;
import io.tenon.pool.Pools;
import io.tenon.pool.ReplicaInfo;
import io.tenon.shell.api.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:stats}. */
@Component(service = Noun.class)
public final class StatsCommand extends Noun {
  private final BlockDevices devices;
  private final Nexuses nexuses;
  private final Pools pools;

  @Activate
  public StatsCommand(
      @Reference BlockDevices devices, @Reference Nexuses nexuses, @Reference Pools pools) {
    this.devices = devices;
    this.nexuses = nexuses;
    this.pools = pools;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(this, output);
  }

  @Override
  List<String> names(String verb) {
    return switch (verb) {
      case "show" -> all().map(Counted::name).toList();
      default -> List.of();
    };
  }

  /** Something that I/O goes through. */
  private record Counted(Kind kind, String name, DeviceSlot slot) {}

  /** What is counted. */
  enum Kind {
    POOL,
    REPLICA,
    NEXUS
  }

  private Stream<Counted> all() {
    var found = new ArrayList<Counted>();
    for (Nexus nexus : nexuses.all()) {
      found.add(new Counted(Kind.NEXUS, nexus.name(), nexus.device()));
    }
    for (Pool pool : pools.all()) {
      for (var info : pool.replicas()) {
        if (info.kind() == ReplicaInfo.Kind.SNAPSHOT) continue;
        pool.findReplica(info.uuid())
            .flatMap(replica -> replica.device())
            .ifPresent(slot -> found.add(new Counted(Kind.REPLICA, info.name(), slot)));
      }
    }
    for (Pool pool : pools.all()) {
      devices
          .find(pool.info().disk())
          .ifPresent(disk -> found.add(new Counted(Kind.POOL, pool.name(), disk)));
    }
    return found.stream();
  }

  @Command(
      name = "tenon:stats",
      description = "I/O that went through nexuses, replicas and pools: how much, and how fast.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private static final long RESET_WITHIN_S = 10;
    private static final double NS_PER_US = 1000;

    private final StatsCommand home;
    private final Output output;

    Verbs(StatsCommand home, Output output) {
      this.home = home;
      this.output = output;
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List what each has read and written, and the mean time that took.",
        footer = {"", "Example: tenon:stats list --kind NEXUS --json"})
    void list(
        @Option(
                names = "--kind",
                paramLabel = "KIND",
                description = "Only these: ${COMPLETION-CANDIDATES}; again for more.")
            Set<Kind> kinds) {
      output.table(
          home.all()
              .filter(one -> kinds == null || kinds.contains(one.kind()))
              .map(Verbs::summary)
              .toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description =
            "Show all figures of a pool, a replica or a nexus, one line for each operation.",
        footer = {"", "Example: tenon:stats show v1"})
    void show(@Parameters(paramLabel = "NAME", description = "Of any of them.") String name)
        throws Refused {
      var rows = home.all().filter(one -> one.name().equals(name)).flatMap(Verbs::details).toList();
      if (rows.isEmpty()) {
        throw new Refused(
            "There is no pool, replica or nexus " + name + ". Read tenon:stats list.");
      }
      output.table(rows);
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Count from zero, on all block devices of this node.",
        footer = {"", "Example: tenon:stats reset"})
    void reset() throws Refused {
      var resets =
          home.devices.all().stream()
              .map(slot -> slot.resetCounters().toCompletableFuture())
              .toArray(CompletableFuture[]::new);
      try {
        CompletableFuture.allOf(resets).get(RESET_WITHIN_S, TimeUnit.SECONDS);
      } catch (TimeoutException | ExecutionException e) {
        throw new Refused("Not all counters were reset: a reactor does not answer. " + e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Refused("Not all counters were reset: the wait was interrupted.");
      }
      output.done("All counters of %d block devices are zero.".formatted(resets.length));
    }

    private static Row summary(Counted one) {
      var read = one.slot().counters(IoOperation.READ);
      var write = one.slot().counters(IoOperation.WRITE);
      var unmap = one.slot().counters(IoOperation.UNMAP);
      return Row.of(
          "name", one.name(),
          "kind", one.kind(),
          "reads", read.operations(),
          "read", new Size(read.bytes()),
          "read_us", meanUs(read),
          "writes", write.operations(),
          "written", new Size(write.bytes()),
          "write_us", meanUs(write),
          "unmaps", unmap.operations(),
          "unmapped", new Size(unmap.bytes()),
          "errors", errors(one.slot()));
    }

    private static long errors(DeviceSlot slot) {
      long errors = 0;
      for (var operation : IoOperation.values()) errors += slot.counters(operation).errors();
      return errors;
    }

    private static Stream<Row> details(Counted one) {
      return Stream.of(IoOperation.values())
          .map(
              operation -> {
                var counted = one.slot().counters(operation);
                return Row.of(
                    "name", one.name(),
                    "kind", one.kind(),
                    "operation", operation,
                    "count", counted.operations(),
                    "bytes", new Size(counted.bytes()),
                    "errors", counted.errors(),
                    "mean_us", meanUs(counted),
                    "min_us", us(counted.shortestNs()),
                    "max_us", us(counted.longestNs()));
              });
    }

    private static double meanUs(IoCounters counted) {
      return us(counted.operations() == 0 ? 0 : counted.totalNs() / counted.operations());
    }

    private static double us(long ns) {
      return Math.round(ns / NS_PER_US * 10) / 10.0;
    }
  }
}
