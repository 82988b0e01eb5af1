package io.tenon.shell.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.error.TenonException;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon:device}. */
@Component(service = Noun.class)
public final class DeviceCommand extends Noun {
  private final BlockDevices devices;

  @Activate
  public DeviceCommand(@Reference BlockDevices devices) {
    this.devices = devices;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(devices, output);
  }

  @Override
  List<String> names(String verb) {
    return switch (verb) {
      case "show", "destroy" -> devices.all().stream().map(DeviceSlot::name).toList();
      case "create" -> devices.schemes().stream().map(scheme -> scheme + "://").toList();
      default -> List.of();
    };
  }

  @Command(
      name = "tenon:device",
      description = "Block devices of this node, whatever is behind them.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final BlockDevices devices;
    private final Output output;

    Verbs(BlockDevices devices, Output output) {
      this.devices = devices;
      this.output = output;
    }

    @Command(
        description = "Open a device by its URI.",
        footer = {"", "Example: tenon:device create malloc:///scratch?size_mb=64"})
    void create(
        @Parameters(paramLabel = "URI", description = "Scheme, place and parameters.") String uri)
        throws TenonException {
      output.show(row(devices.create(uri)));
    }

    @Command(
        description = "List the open devices.",
        footer = {"", "Example: tenon:device list --json"})
    void list() {
      output.table(devices.all().stream().map(Verbs::line).toList());
    }

    @Command(
        description = "Show one device with all that is known of it.",
        footer = {"", "Example: tenon:device show scratch"})
    void show(@Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device)
        throws TenonException {
      output.show(row(existing(devices, device)));
    }

    @Command(
        description = "Close a device and forget it. Its data stays where it is.",
        footer = {"", "Example: tenon:device destroy scratch"})
    void destroy(
        @Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device)
        throws TenonException {
      var slot = existing(devices, device);
      devices.destroy(slot);
      output.done("Device " + slot.name() + " is closed.");
    }

    private static Row line(DeviceSlot device) {
      var geometry = device.geometry();
      return Row.of(
          "name", device.name(),
          "kind", device.productName(),
          "size", new Size(geometry.sizeBytes()),
          "block_size", geometry.blockBytes(),
          "claimed_by", device.claimedBy().orElse(""));
    }

    private static Row row(DeviceSlot device) {
      var geometry = device.geometry();
      return Row.of(
          "name", device.name(),
          "uuid", device.uuid(),
          "uri", device.uri(),
          "aliases", device.aliases(),
          "kind", device.productName(),
          "size", new Size(geometry.sizeBytes()),
          "block_size", geometry.blockBytes(),
          "blocks", geometry.blockCount(),
          "claimed_by", device.claimedBy().orElse(""));
    }
  }

  static DeviceSlot existing(BlockDevices devices, String name) throws DeviceException {
    return devices.find(name).orElseThrow(() -> DeviceException.notFound(name));
  }
}
