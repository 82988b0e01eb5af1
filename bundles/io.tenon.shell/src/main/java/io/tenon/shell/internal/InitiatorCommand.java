package io.tenon.shell.internal;

import io.tenon.nvme.InitiatorControllers;
import io.tenon.nvme.InitiatorControllers.Controller;
import io.tenon.shell.api.Role;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon:initiator}. */
@Component(service = Noun.class)
public final class InitiatorCommand extends Noun {
  /** They come and go with their transports. */
  @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
  private final List<InitiatorControllers> initiators = new CopyOnWriteArrayList<>();

  @Override
  Object verbs(Output output) {
    return new Verbs(this, output);
  }

  @Override
  List<String> names(String verb) {
    return verb.equals("show") ? all().map(Controller::name).toList() : List.of();
  }

  private Stream<Controller> all() {
    return initiators.stream().flatMap(initiator -> initiator.controllers().stream());
  }

  @Command(
      name = "tenon:initiator",
      description = "Controllers of other nodes that this node is connected to as their host.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final InitiatorCommand home;
    private final Output output;

    Verbs(InitiatorCommand home, Output output) {
      this.home = home;
      this.output = output;
    }

    private static Row row(Controller controller) {
      return Row.of(
          "name", controller.name(),
          "state", controller.state(),
          "size", new Size(controller.sizeBytes()),
          "reconnects", controller.stats().reconnects());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List them, and how often each was connected again.",
        footer = {"", "Example: tenon:initiator list"})
    void list() {
      output.table(home.all().map(Verbs::row).toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one, and what went through it.",
        footer = {
          "",
          "Example: tenon:initiator show 10.0.0.2:8420/nqn.2019-05.io.openebs:replica-1"
        })
    void show(@Parameters(paramLabel = "NAME", description = "Its name.") String name)
        throws Refused {
      var found = home.all().filter(one -> one.name().equals(name)).findFirst();
      if (found.isEmpty()) {
        throw new Refused("Controller " + name + " was not found. Read tenon:initiator list.");
      }
      var row = new LinkedHashMap<>(row(found.get()).cells());
      var stats = found.get().stats();
      row.put("block_size", found.get().blockBytes());
      row.put("read_ops", stats.readOps());
      row.put("write_ops", stats.writeOps());
      row.put("unmap_ops", stats.unmapOps());
      row.put("bytes_read", stats.bytesRead());
      row.put("bytes_written", stats.bytesWritten());
      row.put("bytes_unmapped", stats.bytesUnmapped());
      output.show(new Row(row));
    }
  }
}
