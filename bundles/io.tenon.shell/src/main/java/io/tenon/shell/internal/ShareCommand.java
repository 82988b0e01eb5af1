package io.tenon.shell.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceSlot;
import io.tenon.error.TenonException;
import io.tenon.nvme.AnaState;
import io.tenon.nvme.NvmeTarget;
import io.tenon.nvme.NvmeTarget.ShareOptions;
import io.tenon.nvme.NvmeTarget.Subsystem;
import io.tenon.shell.api.Role;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:share}. */
@Component(service = Noun.class)
public final class ShareCommand extends Noun {
  private final BlockDevices devices;
  private final NvmeTarget target;

  @Activate
  public ShareCommand(@Reference BlockDevices devices, @Reference NvmeTarget target) {
    this.devices = devices;
    this.target = target;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(devices, target, output);
  }

  @Override
  List<String> names(String verb) {
    return switch (verb) {
      case "create" -> devices.all().stream().map(DeviceSlot::name).toList();
      case "show", "destroy", "hosts", "ana" ->
          target.subsystems().stream().map(subsystem -> subsystem.device().name()).toList();
      default -> List.of();
    };
  }

  @Command(
      name = "tenon:share",
      description = "Devices that hosts can reach over NVMe-oF.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final BlockDevices devices;
    private final NvmeTarget target;
    private final Output output;

    Verbs(BlockDevices devices, NvmeTarget target, Output output) {
      this.devices = devices;
      this.target = target;
      this.output = output;
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Share a device with hosts.",
        footer = {"", "Example: tenon:share create scratch --host nqn.2014-08.org.example:host1"})
    void create(
        @Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device,
        @Mixin AllowedHosts hosts,
        @Option(
                names = "--ana",
                paramLabel = "STATE",
                description =
                    "Report asymmetric namespace access, and begin as optimized, non_optimized or inaccessible: for a"
                        + " device that other nodes share as well.")
            String ana,
        @Option(
                names = "--controller-ids",
                paramLabel = "FIRST-LAST",
                description =
                    "Ids of its controllers: other ones on each node that shares the device.")
            String controllerIds)
        throws TenonException, Refused {
      var ids = controllerIds(controllerIds);
      var state = ana == null ? AnaState.OPTIMIZED : anaState(ana);
      var slot = DeviceCommand.existing(devices, device);
      var shared =
          target.share(
              slot,
              new ShareOptions(
                  hosts.nqns(),
                  ids[0],
                  ids[1],
                  ana != null,
                  ShareOptions.anyHost().origin(),
                  Optional.of(ShareOptions.fileOfDevice(slot.uuid()))));
      if (ana != null) shared.anaState(state);
      output.show(row(shared));
    }

    private static int[] controllerIds(String text) throws Refused {
      var any = ShareOptions.anyHost();
      if (text == null) return new int[] {any.minControllerId(), any.maxControllerId()};
      var range = Pattern.compile("(\\d{1,5})-(\\d{1,5})").matcher(text);
      if (!range.matches()) {
        throw new Refused("Controller ids " + text + " are not a range such as 1-100.");
      }
      return new int[] {Integer.parseInt(range.group(1)), Integer.parseInt(range.group(2))};
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Say how well this node reaches the device; hosts with other paths follow.",
        footer = {"", "Example: tenon:share ana scratch non_optimized"})
    void ana(
        @Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device,
        @Parameters(paramLabel = "STATE", description = "optimized, non_optimized or inaccessible.")
            String state)
        throws TenonException, Refused {
      var shared = existing(device);
      if (!shared.options().ana()) {
        throw new Refused(
            "Device " + device + " is shared without ANA. Share it again with --ana.");
      }
      shared.anaState(anaState(state));
      output.show(row(shared));
    }

    static AnaState anaState(String text) throws Refused {
      for (var state : AnaState.values()) {
        if (state.name().equalsIgnoreCase(text)) return state;
      }
      throw new Refused(
          "There is no ANA state " + text + ". Say optimized, non_optimized or inaccessible.");
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List what is shared.",
        footer = {"", "Example: tenon:share list"})
    void list() {
      output.table(
          target.subsystems().stream()
              .map(
                  shared ->
                      Row.of(
                          "device", shared.device().name(),
                          "uri", target.shareUris(shared),
                          "hosts", shared.controllers().size()))
              .toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one share.",
        footer = {"", "Example: tenon:share show scratch"})
    void show(@Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device)
        throws TenonException, Refused {
      output.show(row(existing(device)));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Replace the hosts that may connect; those left out are disconnected.",
        footer = {"", "Example: tenon:share hosts scratch --host nqn.2014-08.org.example:host2"})
    void hosts(
        @Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device,
        @Mixin AllowedHosts hosts)
        throws TenonException, Refused {
      var shared = existing(device);
      shared.hosts(hosts.nqns());
      output.show(row(shared));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Stop sharing a device: its hosts are disconnected.",
        footer = {"", "Example: tenon:share destroy scratch"})
    void destroy(
        @Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device)
        throws TenonException, Refused {
      var shared = existing(device);
      target.unshare(shared);
      output.done("Device " + shared.device().name() + " is not shared any more.");
    }

    private Subsystem existing(String device) throws TenonException, Refused {
      var slot = DeviceCommand.existing(devices, device);
      return target.subsystems().stream()
          .filter(shared -> shared.device().name().equals(slot.name()))
          .findFirst()
          .orElseThrow(
              () -> new Refused("Device " + device + " is not shared. Read tenon:share list."));
    }

    private Row row(Subsystem shared) {
      return Row.of(
          "device", shared.device().name(),
          "nqn", shared.nqn(),
          "uri", target.shareUris(shared),
          "allowed_hosts", List.copyOf(shared.options().hosts()),
          "controllers", shared.controllers().size(),
          "ana", SubsystemCommand.ana(shared));
    }
  }
}
