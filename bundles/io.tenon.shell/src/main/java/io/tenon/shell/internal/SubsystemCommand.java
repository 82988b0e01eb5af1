package io.tenon.shell.internal;

import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.shell.api.Role;
import java.util.List;
import java.util.Locale;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon:subsystem}. */
@Component(service = Noun.class)
public final class SubsystemCommand extends Noun {
  private final NvmeTarget target;

  @Activate
  public SubsystemCommand(@Reference NvmeTarget target) {
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

  /** How well this node reaches the namespace, as it tells hosts. */
  static String ana(Subsystem subsystem) {
    return subsystem.options().ana() ? subsystem.anaState().name().toLowerCase(Locale.ROOT) : "off";
  }

  @Command(
      name = "tenon:subsystem",
      description = "NVMe subsystems of this node's target, one for each share.",
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
        description = "List the subsystems.",
        footer = {"", "Example: tenon:subsystem list"})
    void list() {
      output.table(
          target.subsystems().stream()
              .map(
                  subsystem ->
                      Row.of(
                          "nqn", subsystem.nqn(),
                          "serial", subsystem.serial(),
                          "ana", ana(subsystem),
                          "controllers", subsystem.controllers().size()))
              .toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one subsystem.",
        footer = {"", "Example: tenon:subsystem show nqn.2019-05.io.openebs:scratch"})
    void show(@Parameters(paramLabel = "NQN", description = "Its qualified name.") String nqn)
        throws Refused {
      var subsystem =
          target
              .find(nqn)
              .orElseThrow(
                  () ->
                      new Refused(
                          "Subsystem " + nqn + " was not found. Read tenon:subsystem list."));
      var options = subsystem.options();
      output.show(
          Row.of(
              "nqn", subsystem.nqn(),
              "serial", subsystem.serial(),
              "device", subsystem.device().name(),
              "namespace_uuid", subsystem.namespaceUuid(),
              "size", new Size(subsystem.device().geometry().sizeBytes()),
              "uri", target.shareUris(subsystem),
              "allowed_hosts", List.copyOf(options.hosts()),
              "controller_ids", options.minControllerId() + "-" + options.maxControllerId(),
              "ana", ana(subsystem),
              "controllers",
                  subsystem.controllers().stream()
                      .map(controller -> ControllerCommand.row(subsystem, controller))
                      .toList()));
    }
  }
}
