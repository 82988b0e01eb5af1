package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.pool.Pools;
import io.tenon.pool.ReplicaInfo;
import io.tenon.pool.SnapshotRebuildInfo;
import io.tenon.pool.SnapshotRebuildSpec;
import io.tenon.pool.SnapshotRebuilds;
import io.tenon.shell.api.Role;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:snapshotrebuild}. */
@Component(service = Noun.class)
public final class SnapshotRebuildCommand extends Noun {
  private final SnapshotRebuilds rebuilds;
  private final Pools pools;

  @Activate
  public SnapshotRebuildCommand(@Reference SnapshotRebuilds rebuilds, @Reference Pools pools) {
    this.rebuilds = rebuilds;
    this.pools = pools;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(rebuilds, output);
  }

  @Override
  List<String> names(String verb) {
    return switch (verb) {
      case "create" -> localUris().toList();
      case "destroy" -> rebuilds.all().stream().map(one -> one.uuid().toString()).toList();
      default -> List.of();
    };
  }

  private Stream<String> localUris() {
    return pools.all().stream()
        .flatMap(pool -> pool.replicas().stream())
        .map(ReplicaInfo::name)
        .map(name -> "bdev:///" + name);
  }

  @Command(
      name = "tenon:snapshotrebuild",
      description = "Replicas of this node that are filled with what a snapshot holds.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final SnapshotRebuilds rebuilds;
    private final Output output;

    Verbs(SnapshotRebuilds rebuilds, Output output) {
      this.rebuilds = rebuilds;
      this.output = output;
    }

    @Needs(
        value = Role.OPERATOR,
        disks = {"REPLICA", "SNAPSHOT"})
    @Command(
        description =
            "Begin to fill a replica. What it holds is overwritten, and nobody else can use it meanwhile.",
        footer = {
          "",
          "Example: tenon:snapshotrebuild create bdev:///rep2",
          "             nvmf://10.0.0.2:8420/nqn.2019-05.io.openebs:snap1"
        })
    void create(
        @Parameters(paramLabel = "REPLICA", description = "URI of one of this node, bdev:///NAME.")
            String replica,
        @Parameters(paramLabel = "SNAPSHOT", description = "URI of the snapshot, here or remote.")
            String snapshot,
        @Option(
                names = "--uuid",
                paramLabel = "UUID",
                description = "Uuid of the rebuild; a random one if none.")
            UUID uuid)
        throws TenonException {
      output.show(
          row(
              rebuilds.create(
                  new SnapshotRebuildSpec(
                      Optional.ofNullable(uuid).orElseGet(UUID::randomUUID),
                      replica,
                      Optional.empty(),
                      snapshot,
                      Optional.empty()))));
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the rebuilds that are under way or over.",
        footer = {"", "Example: tenon:snapshotrebuild list"})
    void list() {
      output.table(rebuilds.all().stream().map(Verbs::row).toList());
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Stop a rebuild that is under way, and forget it. The replica stays.",
        footer = {
          "",
          "Example: tenon:snapshotrebuild destroy 0d7f9a3e-1111-4222-8333-444455556666"
        })
    void destroy(@Parameters(paramLabel = "UUID", description = "Of the rebuild.") UUID uuid)
        throws TenonException {
      rebuilds.destroy(uuid);
      output.done("Snapshot rebuild " + uuid + " is forgotten.");
    }

    private static Row row(SnapshotRebuildInfo rebuild) {
      return Row.of(
          "uuid", rebuild.uuid(),
          "state", rebuild.state(),
          "percent", rebuild.progress(),
          "copied", new Size(rebuild.doneBytes()),
          "left", new Size(rebuild.remainingBytes()),
          "replica", rebuild.spec().replicaUri(),
          "snapshot", rebuild.spec().snapshotUri(),
          "from", rebuild.startedAt(),
          "to", rebuild.endedAt().map(Instant::toString).orElse(""),
          "detail", rebuild.detail());
    }
  }
}
