package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import io.tenon.swap.DevicePause;
import io.tenon.swap.HostPause;
import io.tenon.swap.SwapPlan;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.Swaps;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:swap}. */
@Component(service = Noun.class)
public final class SwapCommand extends Noun {
  private final Swaps swaps;

  @Activate
  public SwapCommand(@Reference Swaps swaps) {
    this.swaps = swaps;
  }

  @Override
  Object verbs(Output output) {
    return new Line(swaps, output, "");
  }

  @Override
  Object verbs(Output output, Caller caller) {
    return new Line(swaps, output, Callers.text(caller));
  }

  @Override
  List<String> names(String verb) {
    return swaps.replaceable();
  }

  static double ms(Duration time) {
    return Math.round(time.toNanos() / 1e4) / 100.0;
  }

  static List<Row> pauses(SwapRecord one) {
    return one.pauses().stream().map(SwapCommand::row).toList();
  }

  private static Row row(DevicePause pause) {
    return Row.of("device", pause.device(), "pause_ms", ms(pause.pause()));
  }

  static List<Row> hosts(SwapRecord one) {
    return one.hosts().stream().map(SwapCommand::row).toList();
  }

  private static Row row(HostPause pause) {
    return Row.of("host", pause.host(), "pause_ms", ms(pause.pause()), "broken", pause.broken());
  }

  @Needs(Role.ADMIN)
  @Command(
      name = "tenon:swap",
      description = "Replaces a bundle by another version of it while hosts do I/O.",
      footer = {
        "",
        "I/O of its devices waits for a moment. The new one is checked before anything is touched. When it",
        "does not start, does not take its devices over, answers with other data or is not done by the",
        "deadline, the old one is put back. One that works stays over restarts of the node, until the",
        "distribution brings another one.",
        "",
        "Example: tenon:swap io.tenon.backend.aio /tmp/io.tenon.backend.aio-0.2.0.jar",
        "         tenon:swap io.tenon.backend.aio /tmp/io.tenon.backend.aio-0.2.0.jar --canary volume1",
        "         tenon:swap io.tenon.backend.aio --back"
      })
  static final class Line implements Callable<Integer> {
    private final Swaps swaps;
    private final Output output;
    private final String by;

    @Parameters(paramLabel = "BUNDLE", description = "Symbolic name of the bundle.")
    private String bundle = "";

    @Parameters(
        index = "1",
        arity = "0..1",
        paramLabel = "FILE|URL",
        description = "The new jar, where the node finds it: a path from the root, or http(s)://.")
    private @Nullable String source;

    @Option(names = "--back", description = "Put the distribution's own bundle back.")
    private boolean back;

    @Option(names = "--check", description = "Only say what would be done.")
    private boolean checkOnly;

    @Option(
        names = "--deadline",
        paramLabel = "MS",
        description =
            "Milliseconds that the new one may take until all works again; 3000 if neither this nor the node's"
                + " configuration says otherwise.")
    private long deadlineMs;

    @Option(
        names = "--canary",
        paramLabel = "VOLUME",
        description =
            "First only this block device, or that of this nexus or pool, is served by the new one and watched; all others"
                + " follow when nothing is wrong. For backends, the nexus, pools and blobstores (of the last two"
                + " a volume that is alone on its pool, or a pool with all that is on it) and transports (what this"
                + " device's hosts are connected by; also its NQN).")
    private @Nullable String canary;

    /**
     * @param by who says it
     */
    Line(Swaps swaps, Output output, String by) {
      this.swaps = swaps;
      this.output = output;
      this.by = by;
    }

    @Override
    public Integer call() throws TenonException, Refused {
      String from = source;
      if (back == (from != null)) {
        throw new Refused("Give either a jar or --back.", Refused.NOT_UNDERSTOOD);
      }
      if (from == null) {
        if (checkOnly) {
          throw new Refused("--check wants a jar to look at.", Refused.NOT_UNDERSTOOD);
        }
        if (canary != null) {
          throw new Refused("--canary wants a jar to try.", Refused.NOT_UNDERSTOOD);
        }
        show(swaps.back(bundle, by, deadlineMs));
        return 0;
      }
      var request = new SwapRequest(bundle, uri(from), by, deadlineMs, Optional.ofNullable(canary));
      if (checkOnly) show(swaps.check(request));
      else show(swaps.swap(request, this::announce));
      return 0;
    }

    private void announce(SwapPlan plan) {
      output.say(
          "%s %s is replaced by %s. %s"
              .formatted(
                  plan.bundle(),
                  plan.fromVersion(),
                  plan.toVersion(),
                  plan.devices().isEmpty()
                      ? "No block device was opened by it."
                      : "I/O waits of " + String.join(", ", plan.devices()) + "."));
    }

    private void show(SwapPlan plan) {
      output.show(
          Row.of(
              "bundle", plan.bundle(),
              "from", plan.fromVersion(),
              "to", plan.toVersion(),
              "devices", plan.devices(),
              "services", plan.services()));
    }

    private static URI uri(String text) throws Refused {
      if (text.startsWith("/")) return Path.of(text).toUri();
      if (!text.contains(":")) {
        throw new Refused(
            "Give the path of the jar from the root: the node does not know your current directory.",
            Refused.NOT_UNDERSTOOD);
      }
      try {
        return URI.create(text);
      } catch (IllegalArgumentException e) {
        throw new Refused(text + " is no URL: " + e.getMessage() + ".", Refused.NOT_UNDERSTOOD);
      }
    }

    private void show(SwapRecord one) {
      output.show(
          Row.of(
              "bundle", one.bundle(),
              "from", one.fromVersion(),
              "to", one.toVersion(),
              "result", one.result().name(),
              "longest_pause_ms", ms(one.longestPause()),
              "reason", one.reason(),
              "pauses", pauses(one),
              "hosts", hosts(one)));
    }
  }
}
