package io.tenon.shell.internal;

import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.ControllerInfo;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.shell.api.Role;
import java.util.ArrayList;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon:controller}. */
@Component(service = Noun.class)
public final class ControllerCommand extends Noun {
  private final NvmeTarget target;

  @Activate
  public ControllerCommand(@Reference NvmeTarget target) {
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

  static Row row(Subsystem subsystem, ControllerInfo controller) {
    return Row.of(
        "id", controller.id(),
        "subsystem", subsystem.nqn(),
        "host", controller.hostNqn(),
        "peer", controller.peer(),
        "queues", controller.queues(),
        "ana", SubsystemCommand.ana(subsystem),
        "keep_alive_ms", controller.keepAliveMs());
  }

  @Command(
      name = "tenon:controller",
      description = "Controllers: the hosts that are connected, one controller for each.",
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
        description = "List the controllers of all subsystems.",
        footer = {"", "Example: tenon:controller list"})
    void list() {
      var rows = new ArrayList<Row>();
      for (var subsystem : target.subsystems()) {
        for (var controller : subsystem.controllers()) rows.add(row(subsystem, controller));
      }
      output.table(rows);
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one controller.",
        footer = {"", "Example: tenon:controller show nqn.2019-05.io.openebs:scratch 1"})
    void show(
        @Parameters(paramLabel = "NQN", description = "Its subsystem.") String nqn,
        @Parameters(paramLabel = "ID", description = "Its controller id.") int id)
        throws Refused {
      for (var subsystem : target.subsystems()) {
        if (!subsystem.nqn().equals(nqn)) continue;
        for (var controller : subsystem.controllers()) {
          if (controller.id() != id) continue;
          var row = new java.util.LinkedHashMap<>(row(subsystem, controller).cells());
          row.put("host_id", controller.hostId());
          output.show(new Row(row));
          return;
        }
      }
      throw new Refused(
          "Subsystem " + nqn + " has no controller " + id + ". Read tenon:controller list.");
    }
  }
}
