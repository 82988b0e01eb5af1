package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.pool.AbsentPool;
import io.tenon.pool.Pool;
import io.tenon.pool.PoolChecks;
import io.tenon.pool.PoolException;
import io.tenon.pool.PoolSpec;
import io.tenon.pool.Pools;
import io.tenon.pool.RepairSpec;
import io.tenon.shell.api.Role;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:pool}. */
@Component(service = Noun.class)
public final class PoolCommand extends Noun {
  private final Pools pools;
  private final PoolChecks checks;

  @Activate
  public PoolCommand(@Reference Pools pools, @Reference PoolChecks checks) {
    this.pools = pools;
    this.checks = checks;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(pools, checks, output);
  }

  @Override
  List<String> names(String verb) {
    return switch (verb) {
      case "create", "import", "list" -> List.of();
      case "check" -> pools.all().stream().map(pool -> pool.info().disk()).toList();
      default ->
          Stream.concat(
                  pools.all().stream().map(Pool::name),
                  pools.absent().stream().map(AbsentPool::name))
              .toList();
    };
  }

  @Command(
      name = "tenon:pool",
      description = "Pools: disks that hold replicas, snapshots and clones, in Mayastor's format.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    /** State of a pool that the node waits for. */
    private static final String ABSENT = "ABSENT";

    private final Pools pools;
    private final PoolChecks checks;
    private final Output output;

    Verbs(Pools pools, PoolChecks checks, Output output) {
      this.pools = pools;
      this.checks = checks;
      this.output = output;
    }

    @Needs(value = Role.OPERATOR, disks = "DISK")
    @Command(
        description =
            "Make a pool on a disk, or import the one of this name that is there. A disk that carries anything"
                + " else is left as it is.",
        footer = {"", "Example: tenon:pool create fast0 aio:///dev/nvme1n1 --cluster 4MiB"})
    void create(
        @Parameters(paramLabel = "NAME", description = "1 to 63 bytes.") String name,
        @Parameters(paramLabel = "DISK", description = "URI, or path.") String disk,
        @Option(
                names = "--uuid",
                paramLabel = "UUID",
                description = "Uuid of the pool; a random one if none.")
            UUID uuid,
        @Option(
                names = "--cluster",
                paramLabel = "SIZE",
                description = "Space is given out in pieces of this; 4MiB if not given.")
            Size cluster,
        @Option(
                names = "--overwrite",
                paramLabel = "DEVICE",
                description = "Name of the disk, again: whatever it carries is lost.")
            String overwrite)
        throws TenonException {
      output.show(
          row(
              pools.create(
                  new PoolSpec(
                      name,
                      Optional.ofNullable(uuid),
                      disk,
                      Optional.ofNullable(cluster).map(Size::bytes),
                      Optional.empty(),
                      Optional.ofNullable(overwrite)))));
    }

    @Needs(value = Role.OPERATOR, disks = "[NAME] DISK")
    @Command(
        name = "import",
        description = "Load the pool that is on a disk. The disk says all that is needed.",
        footer = {"", "Example: tenon:pool import aio:///dev/nvme1n1"})
    void load(
        @Parameters(
                arity = "1..2",
                paramLabel = "[NAME] DISK",
                description = "Name that the pool must have, if given; URI or path of the disk.")
            List<String> words,
        @Option(names = "--uuid", paramLabel = "UUID", description = "That the pool must have.")
            UUID uuid)
        throws TenonException {
      String disk = words.getLast();
      var pool =
          words.size() == 1
              ? pools.load(disk, Optional.ofNullable(uuid))
              : pools.load(disk, words.getFirst(), Optional.ofNullable(uuid));
      output.show(row(pool));
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the pools of this node, and those that it waits for.",
        footer = {"", "Example: tenon:pool list"})
    void list() {
      var rows = new ArrayList<Row>();
      for (Pool pool : pools.all()) {
        var info = pool.info();
        rows.add(
            line(
                info.name(),
                info.state().toString(),
                new Size(info.capacityBytes()),
                new Size(info.usedBytes()),
                new Size(info.committedBytes()),
                info.disk()));
      }
      var none = new Size(0);
      for (AbsentPool pool : pools.absent()) {
        rows.add(line(pool.name(), ABSENT, none, none, none, pool.disk()));
      }
      output.table(rows);
    }

    private static Row line(
        String name, String state, Size capacity, Size used, Size committed, String disk) {
      return Row.of(
          "name", name,
          "state", state,
          "capacity", capacity,
          "used", used,
          "committed", committed,
          "disk", disk);
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one pool, and what is not as it should be.",
        footer = {"", "Example: tenon:pool show fast0 --json"})
    void show(@Parameters(paramLabel = "POOL", description = "Name or uuid.") String pool)
        throws Refused {
      var waiting = absent(pool);
      output.show(waiting.isPresent() ? row(waiting.get()) : row(existing(pools, pool)));
    }

    private Optional<AbsentPool> absent(String nameOrUuid) {
      return pools.absent().stream()
          .filter(
              pool -> pool.name().equals(nameOrUuid) || pool.uuid().toString().equals(nameOrUuid))
          .findFirst();
    }

    private static Row row(AbsentPool pool) {
      return Row.of(
          "name",
          pool.name(),
          "uuid",
          pool.uuid(),
          "state",
          ABSENT,
          "reason",
          "It waits for disk %s since %s: %s"
              .formatted(pool.disk(), pool.since().truncatedTo(ChronoUnit.SECONDS), pool.reason()),
          "disk",
          pool.disk());
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Take in what the disk has grown by.",
        footer = {"", "Example: tenon:pool grow fast0"})
    void grow(@Parameters(paramLabel = "POOL", description = "Name or uuid.") String pool)
        throws TenonException, Refused {
      var found = existing(pools, pool);
      found.grow();
      output.show(row(found));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description =
            "Close a pool so that another node can import it. Nothing is lost. An absent pool is not waited for any more.",
        footer = {"", "Example: tenon:pool export fast0"})
    void export(@Parameters(paramLabel = "POOL", description = "Name or uuid.") String pool)
        throws TenonException, Refused {
      var waiting = absent(pool);
      if (waiting.isPresent() && pools.forget(waiting.get().name())) {
        output.done("Pool " + waiting.get().name() + " is not waited for any more.");
        return;
      }
      var found = existing(pools, pool);
      found.export();
      output.done("Pool " + found.name() + " is closed; its disk can be imported anywhere.");
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Delete a pool with all its replicas and snapshots.",
        footer = {"", "Example: tenon:pool destroy fast0 --yes-delete-everything"})
    void destroy(
        @Parameters(paramLabel = "POOL", description = "Name or uuid.") String pool,
        @Option(
                names = "--yes-delete-everything",
                description = "Needed while there are replicas or snapshots.")
            boolean sure)
        throws TenonException, Refused {
      var found = existing(pools, pool);
      int held = found.replicas().size();
      if (held > 0 && !sure) {
        throw new Refused(
            "Pool %s was not destroyed: it holds %d replicas and snapshots, which would be lost. Give --yes-delete-everything if that is meant."
                .formatted(found.name(), held));
      }
      found.destroy();
      output.done("Pool " + found.name() + " is destroyed.");
    }

    @Needs(
        value = Role.OPERATOR,
        disks = "DISK",
        adminOptions = {"--copies", "--undo"})
    @Command(
        description = {
          "Say what is on a disk, what is not in order, what that means and what a repair would cost; imported or not,"
              + " Mayastor's as well. Writes nothing without --repair.",
          "",
          "Ends with 0 when all is in order, 1 when something is not, 2 when the disk could not be checked or repaired."
        },
        footer = {
          "",
          "Example: pool:check /dev/nvme1n1",
          "         pool:check /dev/nvme1n1 --repair",
          "         pool:check /dev/nvme1n1 --repair --give-up vol1"
        })
    void check(
        @Parameters(paramLabel = "DISK", description = "URI, path, or name of a device.")
            String disk,
        @Option(
                names = "--repair",
                description =
                    "Do all that costs no data. Every page is kept in a file before it changes.")
            boolean repair,
        @Option(
                names = "--give-up",
                paramLabel = "WHAT",
                description =
                    "With --repair: this may lose what the check says. May be given several times.")
            List<String> givenUp,
        @Option(
                names = "--name",
                paramLabel = "NAME",
                description = "With --repair: of a pool whose disk does not say its name any more.")
            String name,
        @Option(
                names = "--uuid",
                paramLabel = "UUID",
                description = "With --name: uuid of that pool; a random one if none.")
            UUID uuid,
        @Option(
                names = "--copies",
                paramLabel = "DIR",
                description =
                    "With --repair: where the pages are kept; repairs/ in the node's data directory"
                        + " if not given.")
            Path copies,
        @Option(
                names = "--undo",
                paramLabel = "FILE",
                description = "Take back the repair that has made this file.")
            Path undo)
        throws Ended, Refused {
      boolean ofRepair = givenUp != null || name != null || uuid != null || copies != null;
      if ((ofRepair && !repair) || (repair && undo != null) || (uuid != null && name == null)) {
        throw new Refused(
            "These options do not go together. Read tenon:pool check --help.",
            PoolCheckReport.NOT_CHECKED);
      }
      if (isRelative(copies) || isRelative(undo)) {
        throw new Refused(
            "The node has a current directory of its own: write paths with all that is before them.",
            PoolCheckReport.NOT_CHECKED);
      }
      var report = new PoolCheckReport(output);
      try {
        if (undo != null) {
          report.show(checks.undo(disk, undo), "The repair is taken back.");
        } else if (repair) {
          report.show(
              checks.repair(
                  disk,
                  new RepairSpec(
                      givenUp == null ? Set.of() : Set.copyOf(givenUp),
                      Optional.ofNullable(name),
                      Optional.ofNullable(uuid),
                      Optional.ofNullable(copies))));
        } else {
          report.show(checks.check(disk), "");
        }
      } catch (PoolException e) {
        throw new Refused(String.valueOf(e.getMessage()), PoolCheckReport.NOT_CHECKED);
      }
    }

    private static boolean isRelative(Path path) {
      return path != null && !path.isAbsolute();
    }

    private static Row row(Pool pool) {
      var info = pool.info();
      return Row.of(
          "name", info.name(),
          "uuid", info.uuid(),
          "state", info.state(),
          "reason", info.reason(),
          "disk", info.disk(),
          "capacity", new Size(info.capacityBytes()),
          "used", new Size(info.usedBytes()),
          "free", new Size(info.freeBytes()),
          "committed", new Size(info.committedBytes()),
          "cluster", new Size(info.clusterBytes()),
          "disk_size", new Size(info.diskBytes()),
          "replicas", pool.replicas().size(),
          "findings", info.findings());
    }
  }

  static Pool existing(Pools pools, String nameOrUuid) throws Refused {
    return pools.all().stream()
        .filter(pool -> pool.name().equals(nameOrUuid) || pool.uuid().toString().equals(nameOrUuid))
        .findFirst()
        .orElseThrow(
            () -> new Refused("Pool " + nameOrUuid + " was not found. Read tenon:pool list."));
  }
}
