package io.tenon.shell.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.BlockDevices.Backend;
import io.tenon.shell.api.Role;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon:backend}. */
@Component(service = Noun.class)
public final class BackendCommand extends Noun {
  private final BlockDevices devices;

  @Activate
  public BackendCommand(@Reference BlockDevices devices) {
    this.devices = devices;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(devices, output);
  }

  @Override
  List<String> names(String verb) {
    return verb.equals("show") ? List.copyOf(devices.schemes()) : List.of();
  }

  @Command(
      name = "tenon:backend",
      description = "Backends: what opens the device URIs of a scheme.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final BlockDevices devices;
    private final Output output;

    Verbs(BlockDevices devices, Output output) {
      this.devices = devices;
      this.output = output;
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the schemes that can be opened now.",
        footer = {"", "Example: tenon:backend list"})
    void list() {
      output.table(devices.backends().stream().map(Verbs::row).toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one backend.",
        footer = {"", "Example: tenon:backend show malloc"})
    void show(@Parameters(paramLabel = "SCHEME", description = "Such as malloc.") String scheme)
        throws Refused {
      output.show(
          devices.backends().stream()
              .filter(backend -> backend.scheme().equals(scheme))
              .findFirst()
              .map(Verbs::row)
              .orElseThrow(
                  () ->
                      new Refused(
                          "No bundle provides scheme "
                              + scheme
                              + ". Known are "
                              + String.join(", ", devices.schemes())
                              + ".")));
    }

    private static Row row(Backend backend) {
      return Row.of(
          "scheme", backend.scheme(),
          "bundle", backend.bundle(),
          "version", backend.version(),
          "devices", backend.devices());
    }
  }
}
