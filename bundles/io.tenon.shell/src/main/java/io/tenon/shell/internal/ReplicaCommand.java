package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.pool.Pool;
import io.tenon.pool.Pools;
import io.tenon.pool.Replica;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.ReplicaSpec;
import io.tenon.pool.WipeProgress;
import io.tenon.pool.WipeSpec;
import io.tenon.pool.WipeWatcher;
import io.tenon.shell.api.Role;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:replica}. */
@Component(service = Noun.class)
public final class ReplicaCommand extends Noun {
  private final Pools pools;

  @Activate
  public ReplicaCommand(@Reference Pools pools) {
    this.pools = pools;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(pools, output);
  }

  @Override
  List<String> names(String verb) {
    return switch (verb) {
      case "create", "list" -> pools.all().stream().map(Pool::name).toList();
      default ->
          all(pools)
              .filter(replica -> replica.kind() != ReplicaInfo.Kind.SNAPSHOT)
              .map(ReplicaInfo::name)
              .toList();
    };
  }

  static java.util.stream.Stream<ReplicaInfo> all(Pools pools) {
    return pools.all().stream().flatMap(pool -> pool.replicas().stream());
  }

  /** The replica, snapshot or clone of this name or uuid; names are only unique within a pool. */
  static Replica existing(Pools pools, String nameOrUuid) throws Refused {
    var found =
        all(pools)
            .filter(
                each -> each.name().equals(nameOrUuid) || each.uuid().toString().equals(nameOrUuid))
            .toList();
    if (found.size() > 1) {
      throw new Refused(
          "There are " + found.size() + " of the name " + nameOrUuid + ". Give the uuid instead.");
    }
    return found.stream()
        .findFirst()
        .flatMap(info -> pools.findReplica(info.uuid()))
        .orElseThrow(
            () ->
                new Refused(
                    nameOrUuid
                        + " was not found. Read tenon:replica list and tenon:snapshot list."));
  }

  @Command(
      name = "tenon:replica",
      description = "Replicas and clones: volumes in a pool, usable as children of a nexus.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final Pools pools;
    private final Output output;

    Verbs(Pools pools, Output output) {
      this.pools = pools;
      this.output = output;
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Make a replica in a pool.",
        footer = {"", "Example: tenon:replica create fast0 vol1 --size 10GiB --thin"})
    void create(
        @Parameters(paramLabel = "POOL", description = "Name or uuid.") String pool,
        @Parameters(paramLabel = "NAME", description = "1 to 63 bytes.") String name,
        @Option(
                names = "--size",
                paramLabel = "SIZE",
                required = true,
                description = "Rounded up to whole clusters.")
            Size size,
        @Option(names = "--thin", description = "Take space with the first writes only.")
            boolean thin,
        @Option(
                names = "--cleared",
                description = "Write zeroes to all of it first; of use with a thick one.")
            boolean cleared,
        @Option(
                names = "--uuid",
                paramLabel = "UUID",
                description = "Uuid of the replica; a random one if none.")
            UUID uuid,
        @Option(names = "--entity", paramLabel = "ID", description = "Volume that it belongs to.")
            String entity)
        throws TenonException, Refused {
      var spec =
          new ReplicaSpec(
              name,
              Optional.ofNullable(uuid).orElseGet(UUID::randomUUID),
              size.bytes(),
              thin,
              Optional.ofNullable(entity),
              cleared);
      output.show(row(PoolCommand.existing(pools, pool).create(spec).info()));
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List replicas and clones, of one pool or of all.",
        footer = {"", "Example: tenon:replica list"})
    void list(
        @Parameters(paramLabel = "POOL", arity = "0..1", description = "Name or uuid.") String pool)
        throws Refused {
      var listed =
          pool == null ? all(pools) : PoolCommand.existing(pools, pool).replicas().stream();
      output.table(
          listed
              .filter(replica -> replica.kind() != ReplicaInfo.Kind.SNAPSHOT)
              .map(
                  replica ->
                      Row.of(
                          "name", replica.name(),
                          "pool", replica.poolName(),
                          "kind", replica.kind(),
                          "size", new Size(replica.sizeBytes()),
                          "allocated", new Size(replica.usage().allocatedBytes()),
                          "thin", replica.thin(),
                          "uri", replica.uri()))
              .toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one replica, clone or snapshot.",
        footer = {"", "Example: tenon:replica show vol1 --json"})
    void show(@Parameters(paramLabel = "REPLICA", description = "Name or uuid.") String replica)
        throws TenonException, Refused {
      output.show(row(existing(pools, replica).info()));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Let hosts reach a replica over NVMe-oF, also after a restart.",
        footer = {"", "Example: tenon:replica share vol1 --host nqn.2014-08.org.example:host1"})
    void share(
        @Parameters(paramLabel = "REPLICA", description = "Name or uuid.") String replica,
        @Mixin AllowedHosts hosts)
        throws TenonException, Refused {
      var found = existing(pools, replica);
      var _ = found.share(hosts.nqns());
      output.show(row(found.info()));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Take a replica away from hosts.",
        footer = {"", "Example: tenon:replica unshare vol1"})
    void unshare(@Parameters(paramLabel = "REPLICA", description = "Name or uuid.") String replica)
        throws TenonException, Refused {
      var found = existing(pools, replica);
      found.unshare();
      output.show(row(found.info()));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Change a replica's size, also while it is in use; then not to less.",
        footer = {"", "Example: tenon:replica resize vol1 --size 20GiB"})
    void resize(
        @Parameters(paramLabel = "REPLICA", description = "Name or uuid.") String replica,
        @Option(
                names = "--size",
                paramLabel = "SIZE",
                required = true,
                description = "Rounded up to whole clusters.")
            Size size)
        throws TenonException, Refused {
      var found = existing(pools, replica);
      found.resize(size.bytes());
      output.show(row(found.info()));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = {
          "Overwrite a replica that nobody uses, or with --method CHECKSUM read it and show its CRC-32C.",
          "Interrupted (Ctrl-C), it ends where it is."
        },
        footer = {"", "Example: tenon:replica wipe vol1 --method WRITE_ZEROES"})
    void wipe(
        @Parameters(paramLabel = "REPLICA", description = "Name or uuid.") String replica,
        @Option(
                names = "--method",
                paramLabel = "METHOD",
                defaultValue = "WRITE_ZEROES",
                description = "${COMPLETION-CANDIDATES}; ${DEFAULT-VALUE} if not given.")
            WipeSpec.Method method,
        @Option(
                names = "--pattern",
                paramLabel = "N",
                defaultValue = "0",
                description = "32 bits that WRITE_PATTERN repeats, such as 0xdeadbeef.")
            String pattern)
        throws TenonException, Refused {
      var found = existing(pools, replica);
      var watcher = new Watcher(output);
      found.wipe(new WipeSpec(method, 0, bits(pattern)), watcher);
      var progress = watcher.last;
      if (progress == null) throw new Refused("Nothing was wiped.");
      output.show(
          Row.of(
              "name",
              found.info().name(),
              "method",
              method,
              "wiped",
              new Size(progress.wipedBytes()),
              "crc32c",
              progress.checksum().map(sum -> "%08x".formatted(sum)).orElse("")));
    }

    private static int bits(String pattern) throws Refused {
      try {
        long bits = Long.decode(pattern);
        if (bits >= 0 && bits <= 0xFFFF_FFFFL) return (int) bits;
      } catch (NumberFormatException e) {
        throw new Refused(pattern + " is no number. Give --pattern from 0 to 0xffffffff.");
      }
      throw new Refused("Give --pattern from 0 to 0xffffffff.");
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Delete a replica or clone with its data.",
        footer = {"", "Example: tenon:replica destroy vol1"})
    void destroy(@Parameters(paramLabel = "REPLICA", description = "Name or uuid.") String replica)
        throws TenonException, Refused {
      var found = existing(pools, replica);
      var info = found.info();
      if (info.kind() == ReplicaInfo.Kind.SNAPSHOT) {
        throw new Refused(info.name() + " is a snapshot. Use tenon:snapshot destroy.");
      }
      found.destroy();
      output.done("Replica " + info.name() + " is deleted.");
    }
  }

  /** Shows each tenth of the way to people, and ends with the command's thread. */
  private static final class Watcher implements WipeWatcher {
    private static final int STEP_PERCENT = 10;

    private final Output output;
    private @Nullable WipeProgress last;
    private int shownPercent;

    Watcher(Output output) {
      this.output = output;
    }

    @Override
    public void wiped(WipeProgress progress) {
      last = progress;
      int percent = percent(progress);
      if (percent < shownPercent + STEP_PERCENT) return;
      shownPercent = percent;
      output.say(ProgressBar.of(percent) + " " + percent + " %");
    }

    private static int percent(WipeProgress progress) {
      return (int) (100 * progress.wipedBytes() / Math.max(1, progress.totalBytes()));
    }

    @Override
    public boolean goesOn() {
      return !Thread.currentThread().isInterrupted();
    }
  }

  static Row row(ReplicaInfo replica) {
    return Row.of(
        "name", replica.name(),
        "uuid", replica.uuid(),
        "pool", replica.poolName(),
        "kind", replica.kind(),
        "size", new Size(replica.sizeBytes()),
        "thin", replica.thin(),
        "allocated", new Size(replica.usage().allocatedBytes()),
        "in_snapshots", new Size(replica.usage().ancestorBytes()),
        "uri", replica.uri(),
        "allowed_hosts", List.copyOf(replica.allowedHosts()),
        "entity", replica.entityId().orElse(""),
        "source", replica.sourceSnapshot().map(UUID::toString).orElse(""),
        "problem", replica.problem());
  }
}
