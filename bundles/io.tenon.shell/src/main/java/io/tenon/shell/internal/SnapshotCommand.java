package io.tenon.shell.internal;

import io.tenon.block.SnapshotSpec;
import io.tenon.error.TenonException;
import io.tenon.pool.Pools;
import io.tenon.pool.ReplicaInfo;
import io.tenon.shell.api.Role;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:snapshot}. */
@Component(service = Noun.class)
public final class SnapshotCommand extends Noun {
  private final Pools pools;

  @Activate
  public SnapshotCommand(@Reference Pools pools) {
    this.pools = pools;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(pools, output, InstantSource.system());
  }

  @Override
  List<String> names(String verb) {
    boolean ofReplica = verb.equals("create") || verb.equals("list");
    return ReplicaCommand.all(pools)
        .filter(each -> (each.kind() == ReplicaInfo.Kind.SNAPSHOT) != ofReplica)
        .map(ReplicaInfo::name)
        .toList();
  }

  @Command(
      name = "tenon:snapshot",
      description = "Snapshots: a replica as it was, kept in its pool; clones begin as one.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final Pools pools;
    private final Output output;
    private final InstantSource clock;

    Verbs(Pools pools, Output output, InstantSource clock) {
      this.pools = pools;
      this.output = output;
      this.clock = clock;
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Keep a replica as it is now.",
        footer = {"", "Example: tenon:snapshot create vol1 before-upgrade"})
    void create(
        @Parameters(paramLabel = "REPLICA", description = "Name or uuid.") String replica,
        @Parameters(paramLabel = "NAME", description = "1 to 63 bytes.") String name,
        @Option(
                names = "--uuid",
                paramLabel = "UUID",
                description = "Uuid of the snapshot; a random one if none.")
            UUID uuid,
        @Option(
                names = "--entity",
                paramLabel = "ID",
                description = "Volume that it belongs to; the replica's if not given.")
            String entity,
        @Option(
                names = "--txn",
                paramLabel = "ID",
                defaultValue = "shell",
                description = "Of the operation that makes it; ${DEFAULT-VALUE} if not given.")
            String txn)
        throws TenonException, Refused {
      var origin = ReplicaCommand.existing(pools, replica);
      var info = origin.info();
      var owner =
          Optional.ofNullable(entity).or(info::entityId).orElseGet(() -> info.uuid().toString());
      var id = Optional.ofNullable(uuid).orElseGet(UUID::randomUUID);
      output.show(
          row(origin.snapshot(new SnapshotSpec(name, id, owner, txn, clock.instant())).info()));
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List snapshots, of one replica or of all.",
        footer = {"", "Example: tenon:snapshot list vol1"})
    void list(
        @Parameters(paramLabel = "REPLICA", arity = "0..1", description = "Name or uuid.")
            String replica)
        throws TenonException, Refused {
      var source =
          replica == null
              ? Optional.<UUID>empty()
              : Optional.of(ReplicaCommand.existing(pools, replica).uuid());
      output.table(
          ReplicaCommand.all(pools)
              .filter(each -> each.kind() == ReplicaInfo.Kind.SNAPSHOT)
              .filter(
                  each ->
                      source.isEmpty() || each.snapshot().flatMap(it -> it.source()).equals(source))
              .map(Verbs::row)
              .toList());
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Make a replica that begins as a snapshot is.",
        footer = {"", "Example: tenon:snapshot clone before-upgrade vol1-copy"})
    void clone(
        @Parameters(paramLabel = "SNAPSHOT", description = "Name or uuid.") String snapshot,
        @Parameters(paramLabel = "NAME", description = "Of the clone.") String name,
        @Option(
                names = "--uuid",
                paramLabel = "UUID",
                description = "Uuid of the clone; a random one if none.")
            UUID uuid)
        throws TenonException, Refused {
      var id = Optional.ofNullable(uuid).orElseGet(UUID::randomUUID);
      var clone = ReplicaCommand.existing(pools, snapshot).cloneTo(name, id, clock.instant());
      output.show(ReplicaCommand.row(clone.info()));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description =
            "Delete a snapshot; while it has clones it is only marked, and goes with the last.",
        footer = {"", "Example: tenon:snapshot destroy before-upgrade"})
    void destroy(
        @Parameters(paramLabel = "SNAPSHOT", description = "Name or uuid.") String snapshot)
        throws TenonException, Refused {
      var found = ReplicaCommand.existing(pools, snapshot);
      var info = found.info();
      if (info.kind() != ReplicaInfo.Kind.SNAPSHOT) {
        throw new Refused(info.name() + " is no snapshot. Use tenon:replica destroy.");
      }
      boolean waits = !found.clones().isEmpty();
      found.destroy();
      output.done(
          "Snapshot "
              + info.name()
              + (waits ? " goes with the last of its clones." : " is deleted."));
    }

    private static Row row(ReplicaInfo replica) {
      var snapshot = replica.snapshot();
      return Row.of(
          "name", replica.name(),
          "uuid", replica.uuid(),
          "pool", replica.poolName(),
          "source", snapshot.flatMap(it -> it.source()).map(UUID::toString).orElse(""),
          "size", new Size(replica.sizeBytes()),
          "allocated", new Size(replica.usage().allocatedBytes()),
          "created", snapshot.flatMap(it -> it.createdAt()).map(Instant::toString).orElse(""),
          "clones", snapshot.map(it -> it.clones()).orElse(0),
          "discarded", snapshot.map(it -> it.discarded()).orElse(false));
    }
  }
}
