package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.nexus.ChildInfo;
import io.tenon.nexus.ChildState;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexus.Fault;
import io.tenon.nexus.NexusSnapshot;
import io.tenon.nexus.NexusSpec;
import io.tenon.nexus.NexusSpec.ReadPolicy;
import io.tenon.nexus.Nexuses;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.shell.api.Role;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:nexus}. */
@Component(service = Noun.class)
public final class NexusCommand extends Noun {
  private final Nexuses nexuses;

  @Activate
  public NexusCommand(@Reference Nexuses nexuses) {
    this.nexuses = nexuses;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(nexuses, output);
  }

  @Override
  List<String> names(String verb) {
    return switch (verb) {
      case "create", "list" -> List.of();
      case "remove", "offline", "online", "fault" ->
          Stream.concat(nexuses.all().stream().map(Nexus::name), childUris(nexuses)).toList();
      default -> nexuses.all().stream().map(Nexus::name).toList();
    };
  }

  static Stream<String> childUris(Nexuses nexuses) {
    return nexuses.all().stream()
        .flatMap(nexus -> nexus.children().stream())
        .map(ChildInfo::uri)
        .distinct();
  }

  static Nexus existing(Nexuses nexuses, String nameOrUuid) throws Refused {
    return nexuses.all().stream()
        .filter(
            nexus -> nexus.name().equals(nameOrUuid) || nexus.uuid().toString().equals(nameOrUuid))
        .findFirst()
        .orElseThrow(
            () -> new Refused("Nexus " + nameOrUuid + " was not found. Read tenon:nexus list."));
  }

  private static String text(AnaState state) {
    return state.name().toLowerCase(Locale.ROOT);
  }

  static Row row(ChildInfo child) {
    return Row.of(
        "child", child.uri(),
        "state", child.state(),
        "reason", child.reason(),
        "since", child.since(),
        "log", child.hasLog(),
        "detail", child.detail(),
        "waits_for", child.waitsFor());
  }

  @Command(
      name = "tenon:nexus",
      description = "Nexuses: block devices that keep the same data on several children.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final Nexuses nexuses;
    private final Output output;

    Verbs(Nexuses nexuses, Output output) {
      this.nexuses = nexuses;
      this.output = output;
    }

    @Needs(value = Role.OPERATOR, disks = "URI")
    @Command(
        description = "Make a nexus of children that hold the same data, or none yet.",
        footer = {
          "",
          "Example: tenon:nexus create v1 --size 512MiB --child aio:///var/lib/disk1",
          "             --child nvmf://10.0.0.2:8420/nqn.2019-05.io.openebs:disk2"
        })
    void create(
        @Parameters(paramLabel = "NAME", description = "Name of its block device.") String name,
        @Option(
                names = "--size",
                paramLabel = "SIZE",
                required = true,
                description = "Such as 512MiB.")
            Size size,
        @Option(
                names = "--child",
                paramLabel = "URI",
                required = true,
                description = "Device to keep the data on; again for more.")
            List<String> children,
        @Option(
                names = "--uuid",
                paramLabel = "UUID",
                description = "Uuid of the nexus; a random one if none.")
            UUID uuid,
        @Option(
                names = "--read",
                paramLabel = "POLICY",
                defaultValue = "LOCAL_FIRST",
                description = "Child that serves reads: ${COMPLETION-CANDIDATES}.")
            ReadPolicy policy,
        @Mixin NexusFencing fencing)
        throws TenonException, Refused {
      output.show(
          row(
              nexuses.create(
                  new NexusSpec(
                      name,
                      Optional.ofNullable(uuid).orElseGet(UUID::randomUUID),
                      size.bytes(),
                      children,
                      ShareOptions.MIN_CONTROLLER_ID,
                      ShareOptions.MAX_CONTROLLER_ID,
                      policy,
                      fencing.infoKey(),
                      fencing.claim()))));
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the nexuses of this node.",
        footer = {"", "Example: tenon:nexus list"})
    void list() {
      output.table(
          nexuses.all().stream()
              .map(
                  nexus ->
                      Row.of(
                          "name", nexus.name(),
                          "state", nexus.state(),
                          "size", new Size(nexus.sizeBytes()),
                          "children", nexus.children().size(),
                          "uri", nexus.shareUri().orElse("")))
              .toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one nexus.",
        footer = {"", "Example: tenon:nexus show v1 --json"})
    void show(@Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus)
        throws Refused {
      output.show(row(existing(nexus)));
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the children of a nexus, each with its state and why.",
        footer = {"", "Example: tenon:nexus children v1"})
    void children(@Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus)
        throws Refused {
      output.table(existing(nexus).children().stream().map(NexusCommand::row).toList());
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Let hosts reach a nexus over NVMe-oF.",
        footer = {"", "Example: tenon:nexus publish v1"})
    void publish(
        @Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus,
        @Mixin AllowedHosts hosts)
        throws TenonException, Refused {
      change(nexus, one -> one.publish(hosts.nqns()));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Take a nexus away from hosts; it keeps running.",
        footer = {"", "Example: tenon:nexus unpublish v1"})
    void unpublish(@Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus)
        throws TenonException, Refused {
      change(nexus, Nexus::unpublish);
    }

    @Needs(Role.OPERATOR)
    @Command(
        description =
            "Grow a nexus while hosts use it. Its children have the size already; hosts are told.",
        footer = {"", "Example: tenon:nexus resize v1 1GiB"})
    void resize(
        @Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus,
        @Parameters(paramLabel = "SIZE", description = "More than now, such as 1GiB.") Size size)
        throws TenonException, Refused {
      change(nexus, one -> one.resize(size.bytes()));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Tell hosts what the way to a nexus through this node is worth.",
        footer = {"", "Example: tenon:nexus ana v1 non_optimized"})
    void ana(
        @Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus,
        @Parameters(
                paramLabel = "STATE",
                description = "One of optimized, non_optimized, inaccessible.")
            String state)
        throws TenonException, Refused {
      change(nexus, one -> one.anaState(ShareCommand.Verbs.anaState(state)));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description =
            "Have all replicas of a nexus take a snapshot at the same moment, while hosts wait.",
        footer = {"", "Example: tenon:nexus snapshot v1 before-upgrade"})
    void snapshot(
        @Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus,
        @Parameters(paramLabel = "NAME", description = "Of each snapshot; 1 to 63 bytes.")
            String name,
        @Option(
                names = "--entity",
                paramLabel = "ID",
                description = "Volume that it belongs to; the nexus' name if not given.")
            String entity,
        @Option(
                names = "--txn",
                paramLabel = "ID",
                defaultValue = "shell",
                description = "Of the operation that makes it; ${DEFAULT-VALUE} if not given.")
            String txn)
        throws TenonException, Refused {
      var found = existing(nexus);
      var uuids = new LinkedHashMap<UUID, Optional<UUID>>();
      for (var replica : found.replicas()) uuids.put(replica, Optional.of(UUID.randomUUID()));
      var owner = entity == null ? found.name() : entity;
      var taken = found.snapshot(new NexusSnapshot.Order(name, owner, txn, uuids));
      var rows = new ArrayList<Row>();
      uuids.forEach(
          (replica, snapshot) ->
              rows.add(
                  Row.of(
                      "replica",
                      replica,
                      "snapshot",
                      snapshot.orElseThrow(),
                      "outcome",
                      taken
                          .outcomes()
                          .getOrDefault(replica, Optional.empty())
                          .map(Throwable::getMessage)
                          .orElse("taken"))));
      output.table(rows);
      if (taken.failed()) {
        throw new Refused(
            "Not all replicas have snapshot %s. Delete it where it was taken.".formatted(name));
      }
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Stop a nexus for good: hosts wait until it is destroyed.",
        footer = {"", "Example: tenon:nexus shutdown v1"})
    void shutdown(@Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus)
        throws TenonException, Refused {
      change(nexus, Nexus::shutdown);
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Remove a nexus. The data stays on its children.",
        footer = {"", "Example: tenon:nexus destroy v1"})
    void destroy(@Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus)
        throws TenonException, Refused {
      var found = existing(nexus);
      found.destroy();
      output.done("Nexus " + found.name() + " is destroyed; its data stays on its children.");
    }

    @Needs(value = Role.OPERATOR, disks = "URI")
    @Command(
        description = "Add a child; the data is copied to it while hosts go on.",
        footer = {
          "",
          "Example: tenon:nexus add v1 nvmf://10.0.0.3:8420/nqn.2019-05.io.openebs:disk3"
        })
    void add(
        @Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus,
        @Parameters(paramLabel = "URI", description = "Device to keep the data on.") String uri,
        @Option(
                names = "--no-rebuild",
                description = "Do not copy yet; tenon:rebuild start does it later.")
            boolean later)
        throws TenonException, Refused {
      change(nexus, one -> one.addChild(uri, !later));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Take a child away from a nexus; its data stays on it and grows old.",
        footer = {"", "Example: tenon:nexus remove v1 aio:///var/lib/disk1"})
    void remove(
        @Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus,
        @Parameters(paramLabel = "CHILD", description = "Its URI.") String child)
        throws TenonException, Refused {
      change(nexus, one -> one.removeChild(child));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Take a child out for a while; what it misses is logged.",
        footer = {"", "Example: tenon:nexus offline v1 aio:///var/lib/disk1"})
    void offline(
        @Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus,
        @Parameters(paramLabel = "CHILD", description = "Its URI.") String child)
        throws TenonException, Refused {
      change(nexus, one -> one.faultChild(child, Fault.OFFLINE));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Bring a child back; what it has missed is copied to it.",
        footer = {"", "Example: tenon:nexus online v1 aio:///var/lib/disk1"})
    void online(
        @Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus,
        @Parameters(paramLabel = "CHILD", description = "Its URI.") String child)
        throws TenonException, Refused {
      change(nexus, one -> one.onlineChild(child));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Take a child out for good: after that it can only be removed.",
        footer = {"", "Example: tenon:nexus fault v1 aio:///var/lib/disk1"})
    void fault(
        @Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus,
        @Parameters(paramLabel = "CHILD", description = "Its URI.") String child)
        throws TenonException, Refused {
      change(nexus, one -> one.faultChild(child, Fault.PERMANENT));
    }

    @Needs(Role.VIEWER)
    @Command(
        description =
            "Say why a nexus is not ONLINE: each thing, since when, and what it waits for.",
        footer = {"", "Example: tenon:nexus why v1"})
    void why(@Parameters(paramLabel = "NEXUS", description = "Name or uuid.") String nexus)
        throws Refused {
      var found = existing(nexus);
      var rows = new ArrayList<Row>();
      rows.add(
          Row.of(
              "what", "nexus " + found.name(),
              "state", found.state(),
              "since", found.since(),
              "because", found.why(),
              "waits_for", NexusFencing.waitsFor(found)));
      rows.addAll(NexusFencing.why(found));
      for (var child : found.children()) {
        if (child.state() == ChildState.OPEN && child.detail().isEmpty()) continue;
        var rebuild =
            found.rebuilds().stream().filter(one -> one.childUri().equals(child.uri())).findFirst();
        rows.add(
            Row.of(
                "what", "child " + child.uri(),
                "state", child.state(),
                "since", child.since(),
                "because", child.detail(),
                "waits_for",
                    rebuild
                        .map(
                            one -> "its rebuild, %d %%: %s".formatted(one.progress(), one.detail()))
                        .orElse(child.waitsFor())));
      }
      output.table(rows);
    }

    /** What most verbs do to a nexus. */
    private interface Change {
      void make(Nexus nexus) throws TenonException, Refused;
    }

    private void change(String nameOrUuid, Change change) throws TenonException, Refused {
      var found = existing(nameOrUuid);
      change.make(found);
      output.show(row(found));
    }

    private Nexus existing(String nameOrUuid) throws Refused {
      return NexusCommand.existing(nexuses, nameOrUuid);
    }

    private static Row row(Nexus nexus) {
      return Row.of(
          "name", nexus.name(),
          "uuid", nexus.uuid(),
          "state", nexus.state(),
          "size", new Size(nexus.sizeBytes()),
          "uri", nexus.shareUri().orElse(""),
          "ana", nexus.anaState().map(NexusCommand::text).orElse(""),
          "allowed_hosts", List.copyOf(nexus.allowedHosts()),
          "record", NexusFencing.record(nexus),
          "reservation", NexusFencing.reservation(nexus),
          "children", nexus.children().stream().map(NexusCommand::row).toList());
    }
  }
}
