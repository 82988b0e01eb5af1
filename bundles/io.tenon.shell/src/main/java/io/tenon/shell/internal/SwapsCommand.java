package io.tenon.shell.internal;

import io.tenon.shell.api.Role;
import io.tenon.swap.KeptBundle;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.Swaps;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.Callable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code tenon:swaps}. */
@Component(service = Noun.class)
public final class SwapsCommand extends Noun {
  private final Swaps swaps;

  @Activate
  public SwapsCommand(@Reference Swaps swaps) {
    this.swaps = swaps;
  }

  @Override
  Object verbs(Output output) {
    return new Line(swaps, output);
  }

  @Needs(Role.VIEWER)
  @Command(
      name = "tenon:swaps",
      description = "Bundles that were replaced, or should have been.",
      footer = {
        "",
        "When, by whom, what came of it, and how long I/O waited; and the bundles that run in place of",
        "the distribution's.",
        "tenon:swap BUNDLE --back puts the distribution's back.",
        "",
        "Example: tenon:swaps --last 5"
      })
  static final class Line implements Callable<Integer> {
    private final Swaps swaps;
    private final Output output;

    @Option(
        names = "--last",
        paramLabel = "N",
        defaultValue = "20",
        description = "How many to show; ${DEFAULT-VALUE} if not given.")
    private int last;

    Line(Swaps swaps, Output output) {
      this.swaps = swaps;
      this.output = output;
    }

    @Override
    public Integer call() throws Refused {
      if (last < 1) throw new Refused("Give --last from 1 on.", Refused.NOT_UNDERSTOOD);
      var history = swaps.history();
      var shown = history.subList(Math.max(0, history.size() - last), history.size());
      var counters = swaps.counters();
      output.show(
          Row.of(
              "swapped", counters.swapped(),
              "rolled_back", counters.rolledBack(),
              "refused", counters.refused(),
              "failed", counters.failed(),
              "device_pauses", counters.devicePauses(),
              "host_pauses", counters.hostPauses(),
              "broken_connections", counters.brokenConnections(),
              "longest_pause_ms", SwapCommand.ms(counters.longestPause()),
              "total_pause_ms", SwapCommand.ms(counters.totalPause()),
              "history", shown.stream().map(this::row).toList(),
              "kept", swaps.kept().stream().map(Line::row).toList()));
      return 0;
    }

    private Row row(SwapRecord one) {
      var cells = new LinkedHashMap<String, Object>();
      cells.put("at", one.at());
      cells.put("by", one.by());
      cells.put("bundle", one.bundle());
      cells.put("from", one.fromVersion());
      cells.put("to", one.toVersion());
      cells.put("result", one.result().name());
      cells.put("longest_pause_ms", SwapCommand.ms(one.longestPause()));
      if (output.isJson()) {
        cells.put("pauses", List.copyOf(SwapCommand.pauses(one)));
        cells.put("hosts", List.copyOf(SwapCommand.hosts(one)));
      } else {
        cells.put("devices", one.pauses().size());
        cells.put("hosts", one.hosts().size());
      }
      cells.put("reason", one.reason());
      return new Row(cells);
    }

    private static Row row(KeptBundle one) {
      return Row.of(
          "bundle", one.bundle(),
          "version", one.version(),
          "in_place_of", one.distributionVersion(),
          "since", one.since(),
          "by", one.by());
    }
  }
}
