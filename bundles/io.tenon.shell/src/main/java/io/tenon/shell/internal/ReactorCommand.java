package io.tenon.shell.internal;

import io.tenon.reactor.ReactorStats;
import io.tenon.reactor.Reactors;
import io.tenon.shell.api.Role;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code tenon:reactor}. */
@Component(service = Noun.class)
public final class ReactorCommand extends Noun {
  private final Reactors reactors;

  @Activate
  public ReactorCommand(@Reference Reactors reactors) {
    this.reactors = reactors;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(reactors, output);
  }

  @Override
  List<String> names(String verb) {
    return verb.equals("show")
        ? reactors.stats().stream().map(stats -> Integer.toString(stats.index())).toList()
        : List.of();
  }

  @Command(
      name = "tenon:reactor",
      description = "Reactors: the event loops that do all I/O, one for each configured core.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private static final double NS_PER_S = 1e9;

    private final Reactors reactors;
    private final Output output;

    Verbs(Reactors reactors, Output output) {
      this.reactors = reactors;
      this.output = output;
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the reactors with what they have done since their start.",
        footer = {"", "Example: tenon:reactor list"})
    void list() {
      output.table(reactors.stats().stream().map(Verbs::row).toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "Show one reactor.",
        footer = {"", "Example: tenon:reactor show 0"})
    void show(@Parameters(paramLabel = "INDEX", description = "0 and up.") int index)
        throws Refused {
      output.show(
          reactors.stats().stream()
              .filter(stats -> stats.index() == index)
              .findFirst()
              .map(Verbs::row)
              .orElseThrow(
                  () ->
                      new Refused("Reactor " + index + " is not there. Read tenon:reactor list.")));
    }

    private static Row row(ReactorStats stats) {
      return Row.of(
          "index", stats.index(),
          "name", stats.name(),
          "core", stats.core() < 0 ? "any" : (Object) stats.core(),
          "sockets", stats.sockets(),
          "busy_percent", percent(stats.busyNs(), stats.upNs()),
          "rounds", stats.rounds(),
          "sleeps", stats.sleeps(),
          "buffers_free", new Size(stats.buffersFree()),
          "buffers_total", new Size(stats.buffersTotal()),
          "up_s", Math.round(stats.upNs() / NS_PER_S));
    }

    private static double percent(long part, long whole) {
      return whole == 0 ? 0 : Math.round(1000.0 * part / whole) / 10.0;
    }
  }
}
