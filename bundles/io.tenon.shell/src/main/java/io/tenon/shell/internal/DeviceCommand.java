package io.tenon.shell.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceChanges;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.error.TenonException;
import io.tenon.shell.api.Role;
import java.util.List;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon:device}. */
@Component(service = Noun.class)
public final class DeviceCommand extends Noun {
  private final BlockDevices devices;
  private final DeviceChanges changes;

  @Activate
  public DeviceCommand(@Reference BlockDevices devices, @Reference DeviceChanges changes) {
    this.devices = devices;
    this.changes = changes;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(devices, changes, output);
  }

  @Override
  List<String> names(String verb) {
    return switch (verb) {
      case "show", "destroy" -> devices.all().stream().map(DeviceSlot::name).toList();
      case "create" -> schemes().toList();
      case "change" ->
          Stream.concat(devices.all().stream().map(DeviceSlot::name), schemes()).toList();
      default -> List.of();
    };
  }

  private Stream<String> schemes() {
    return devices.schemes().stream().map(scheme -> scheme + "://");
  }

  @Command(
      name = "tenon:device",
      description = "Block devices of this node, whatever is behind them.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final BlockDevices devices;
    private final DeviceChanges changes;
    private final Output output;

    Verbs(BlockDevices devices, DeviceChanges changes, Output output) {
      this.devices = devices;
      this.changes = changes;
      this.output = output;
    }

    @Needs(value = Role.OPERATOR, disks = "URI")
    @Command(
        description = "Open a device by its URI.",
        footer = {"", "Example: tenon:device create malloc:///scratch?size_mb=64"})
    void create(
        @Parameters(paramLabel = "URI", description = "Scheme, place and parameters.") String uri)
        throws TenonException {
      output.show(row(devices.create(uri)));
    }

    @Needs(value = Role.OPERATOR, disks = "URI")
    @Command(
        description = {
          "Open a device by another URI while it is used: by another backend, or with other parameters. Whoever uses"
              + " it goes on and only waits meanwhile.",
          "",
          "It must be the same disk: of the same path, uuid and blocks, and with the same content; else the device is"
              + " opened as before. A pool on it comes back by the new URI after a restart. A nexus goes on to call"
              + " its child by the URI that it was given."
        },
        footer = {"", "Example: tenon:device change /dev/nvme1n1 uring:///dev/nvme1n1"})
    void change(
        @Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device,
        @Parameters(paramLabel = "URI", description = "Scheme, place and parameters.") String uri)
        throws TenonException {
      var slot = existing(devices, device);
      var done = changes.change(slot, uri);
      output.show(
          Row.of(
              "name", slot.name(),
              "from", done.from(),
              "uri", done.to(),
              "kind", slot.productName(),
              "pause_ms", SwapCommand.ms(done.pause())));
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the open devices.",
        footer = {"", "Example: tenon:device list --json"})
    void list() {
      output.table(devices.all().stream().map(Verbs::line).toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one device with all that is known of it.",
        footer = {"", "Example: tenon:device show scratch"})
    void show(@Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device)
        throws TenonException {
      output.show(row(existing(devices, device)));
    }

    @Needs(Role.OPERATOR)
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
