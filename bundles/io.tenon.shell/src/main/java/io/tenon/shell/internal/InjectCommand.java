package io.tenon.shell.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceSlot;
import io.tenon.block.FaultInjections;
import io.tenon.block.InjectedFault;
import io.tenon.error.TenonException;
import io.tenon.shell.api.Role;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon:inject}. */
@Component(service = Noun.class)
public final class InjectCommand extends Noun {
  private final FaultInjections faults;
  private final BlockDevices devices;

  @Activate
  public InjectCommand(@Reference FaultInjections faults, @Reference BlockDevices devices) {
    this.faults = faults;
    this.devices = devices;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(faults, devices, output);
  }

  @Override
  List<String> names(String verb) {
    return switch (verb) {
      case "remove" -> faults.injected().stream().map(InjectedFault::uri).toList();
      case "add" ->
          devices.all().stream().map(slot -> "inject://" + slot.name() + "?op=write").toList();
      default -> List.of();
    };
  }

  @Command(
      name = "tenon:inject",
      description = "Faults that the node plays on I/O, to see what becomes of it.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final FaultInjections faults;
    private final BlockDevices devices;
    private final Output output;

    Verbs(FaultInjections faults, BlockDevices devices, Output output) {
      this.faults = faults;
      this.devices = devices;
      this.output = output;
    }

    @Needs(Role.ADMIN)
    @Command(
        description =
            "Have I/O of a block device fail or wait, now and when it is opened again. Hosts may lose data to it.",
        footer = {
          "",
          "Parameters of the URI, all of which may be left out:",
          "  op=read|write|readwrite   what meets it; readwrite",
          "  stage=submission|completion   the device is not asked, or its answer is replaced; completion",
          "  method=status|status-NAME|delay-MS   an error, another one such as status-no_space, or later; status",
          "  begin_at=MS, end_at=MS    only in this time from now on",
          "  offset=BLOCK, num_blk=BLOCKS   only I/O that touches these",
          "  retries=N                 only so many times",
          "",
          "Example: tenon:inject add 'inject://disk1?op=write&method=delay-250&retries=10'"
        })
    void add(@Parameters(paramLabel = "URI", description = "inject://DEVICE?…") String uri)
        throws TenonException {
      output.show(row(faults.inject(uri)));
    }

    @Needs(Role.ADMIN)
    @Command(
        description = "Remove a fault; I/O that waits by it goes on when its time has come.",
        footer = {"", "Example: tenon:inject remove 'inject://disk1?op=write'"})
    void remove(@Parameters(paramLabel = "URI", description = "As it is listed.") String uri)
        throws TenonException {
      faults.removeInjected(uri);
      output.done("Fault " + uri + " is not played any more.");
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the faults that are injected, and how many I/Os have met each.",
        footer = {"", "Example: tenon:inject list"})
    void list() {
      output.table(faults.injected().stream().map(this::row).toList());
    }

    private Row row(InjectedFault fault) {
      boolean isThere =
          devices.all().stream().map(DeviceSlot::name).anyMatch(fault.device()::equals);
      return Row.of(
          "uri", fault.uri(),
          "device", fault.device(),
          "device_is_there", isThere,
          "active", fault.isActive(),
          "met", fault.struck());
    }
  }
}
