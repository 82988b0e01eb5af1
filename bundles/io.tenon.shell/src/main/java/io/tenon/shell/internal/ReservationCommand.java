package io.tenon.shell.internal;

import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.shell.api.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon:reservation}. */
@Component(service = Noun.class)
public final class ReservationCommand extends Noun {
  private final NvmeTarget target;

  @Activate
  public ReservationCommand(@Reference NvmeTarget target) {
    this.target = target;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(target, output);
  }

  @Override
  List<String> names(String verb) {
    return verb.equals("show")
        ? target.subsystems().stream().map(Subsystem::nqn).toList()
        : List.of();
  }

  @Command(
      name = "tenon:reservation",
      description =
          "NVMe reservations: which hosts have registered, and who of them keeps the others out.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final NvmeTarget target;
    private final Output output;

    Verbs(NvmeTarget target, Output output) {
      this.target = target;
      this.output = output;
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the registrants of all subsystems.",
        footer = {"", "Example: tenon:reservation list"})
    void list() {
      var rows = new ArrayList<Row>();
      for (var subsystem : target.subsystems()) rows.addAll(rows(subsystem));
      output.table(rows);
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show the reservation of one subsystem.",
        footer = {"", "Example: tenon:reservation show nqn.2019-05.io.openebs:scratch"})
    void show(@Parameters(paramLabel = "NQN", description = "Its qualified name.") String nqn)
        throws Refused {
      var subsystem =
          target
              .find(nqn)
              .orElseThrow(
                  () ->
                      new Refused(
                          "Subsystem " + nqn + " was not found. Read tenon:subsystem list."));
      var status = subsystem.reservations();
      output.show(
          Row.of(
              "subsystem", nqn,
              "type", type(subsystem),
              "generation", status.generation(),
              "persists", status.persists(),
              "registrants", rows(subsystem).stream().map(Row::cells).toList()));
    }

    private static String type(Subsystem subsystem) {
      return subsystem
          .reservations()
          .type()
          .map(type -> type.name().toLowerCase(Locale.ROOT))
          .orElse("none");
    }

    private static List<Row> rows(Subsystem subsystem) {
      var status = subsystem.reservations();
      return status.registrants().stream()
          .map(
              one ->
                  Row.of(
                      "subsystem", subsystem.nqn(),
                      "host_id", one.hostId(),
                      "key", "0x" + Long.toHexString(one.key()),
                      "holder", one.isHolder(),
                      "type", type(subsystem),
                      "generation", status.generation(),
                      "persists", status.persists()))
          .toList();
    }
  }
}
