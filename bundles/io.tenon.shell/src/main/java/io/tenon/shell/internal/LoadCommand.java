package io.tenon.shell.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceSlot;
import io.tenon.error.TenonException;
import io.tenon.reactor.Reactors;
import io.tenon.shell.api.Role;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:load}. */
@Component(service = Noun.class)
public final class LoadCommand extends Noun {
  private final BlockDevices devices;
  private final Reactors reactors;

  @Activate
  public LoadCommand(@Reference BlockDevices devices, @Reference Reactors reactors) {
    this.devices = devices;
    this.reactors = reactors;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(devices, reactors, output);
  }

  @Override
  List<String> names(String verb) {
    return devices.all().stream().map(DeviceSlot::name).toList();
  }

  @Command(
      name = "tenon:load",
      description = "I/O that checks itself, to see that a device works and how fast.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private static final double NS_PER_S = 1e9;
    private static final double NS_PER_MS = 1e6;
    private static final int IO_BYTES = 4096;

    private final BlockDevices devices;
    private final Reactors reactors;
    private final Output output;

    Verbs(BlockDevices devices, Reactors reactors, Output output) {
      this.devices = devices;
      this.reactors = reactors;
      this.output = output;
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = {
          "Write and read 4 KiB blocks at random, check each read, and at the end every block that was",
          "acknowledged. OVERWRITES the device's data."
        },
        footer = {"", "Example: tenon:load run scratch --seconds 5 --depth 8"})
    void run(
        @Parameters(paramLabel = "DEVICE", description = "Name, uuid or URI.") String device,
        @Option(
                names = "--seconds",
                paramLabel = "N",
                defaultValue = "10",
                description = "1 to 3600; ${DEFAULT-VALUE} if not given.")
            int seconds,
        @Option(
                names = "--depth",
                paramLabel = "N",
                defaultValue = "16",
                description = "I/Os in flight, 1 to 256; ${DEFAULT-VALUE} if not given.")
            int depth,
        @Option(
                names = "--size",
                paramLabel = "SIZE",
                defaultValue = "64MiB",
                description = "Part of the device, from its start; ${DEFAULT-VALUE} if not given.")
            Size size,
        @Option(
                names = "--seed",
                paramLabel = "N",
                defaultValue = "1",
                description = "Chooses the places; ${DEFAULT-VALUE} if not given.")
            long seed)
        throws TenonException, Refused, InterruptedException {
      if (seconds < 1 || seconds > 3600) throw new Refused("Give --seconds from 1 to 3600.");
      if (depth < 1 || depth > 256) throw new Refused("Give --depth from 1 to 256.");
      var slot = DeviceCommand.existing(devices, device);
      if (IO_BYTES % slot.geometry().blockBytes() != 0) {
        throw new Refused("Device " + slot.name() + " has blocks of more than 4 KiB.");
      }
      long bytes = Math.min(size.bytes(), slot.geometry().sizeBytes());
      if (bytes < (long) (depth + 1) * IO_BYTES) {
        throw new Refused("Give --size for more than " + depth + " blocks of 4 KiB.");
      }
      try (var _ = slot.claim("load")) {
        var load =
            VerifiedLoad.run(
                reactors.main(), slot, bytes, depth, TimeUnit.SECONDS.toNanos(seconds), seed);
        var result = result(load);
        output.show(row(result));
        if (result.wrong() > 0) {
          throw new Refused(
              result.wrong() + " blocks of " + slot.name() + " held something else than written.");
        }
      } catch (ExecutionException e) {
        throw new Refused("The load was not started: " + e.getCause());
      }
    }

    private static VerifiedLoad.Result result(CompletableFuture<VerifiedLoad.Result> load)
        throws ExecutionException, InterruptedException {
      try {
        return load.get();
      } catch (InterruptedException e) {
        load.cancel(false); // whoever asked for it has gone, or does not want it any more
        throw e;
      }
    }

    private static Row row(VerifiedLoad.Result result) {
      double seconds = result.durationNs() / NS_PER_S;
      return Row.of(
          "iops", Math.round(result.latencies().count() / seconds),
          "latency_p50_ms", ms(result.latencies().percentileNs(0.5)),
          "latency_p99_ms", ms(result.latencies().percentileNs(0.99)),
          "latency_max_ms", ms(result.latencies().percentileNs(1)),
          "longest_gap_ms", ms(result.longestGapNs()),
          "reads", result.reads(),
          "writes", result.writes(),
          "errors", result.errors(),
          "blocks_checked", result.blocksChecked(),
          "wrong", result.wrong());
    }

    private static double ms(long ns) {
      return Math.round(ns / NS_PER_MS * 1000) / 1000.0;
    }
  }
}
