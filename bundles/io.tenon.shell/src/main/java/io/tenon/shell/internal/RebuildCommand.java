package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.nexus.Nexus;
import io.tenon.nexus.Nexuses;
import io.tenon.nexus.RebuildInfo;
import io.tenon.shell.api.Role;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code tenon:rebuild}. */
@Component(service = Noun.class)
public final class RebuildCommand extends Noun {
  private static final long WATCH_EVERY_MS = 500;

  private final Nexuses nexuses;

  @Activate
  public RebuildCommand(@Reference Nexuses nexuses) {
    this.nexuses = nexuses;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(nexuses, output);
  }

  @Override
  List<String> names(String verb) {
    var names = nexuses.all().stream().map(Nexus::name);
    return switch (verb) {
      case "list", "history" -> names.toList();
      default -> Stream.concat(names, NexusCommand.childUris(nexuses)).toList();
    };
  }

  @Command(
      name = "tenon:rebuild",
      description = "Rebuilds: children of a nexus on their way to holding all data.",
      synopsisSubcommandLabel = "VERB")
  static final class Verbs {
    private final Nexuses nexuses;
    private final Output output;

    Verbs(Nexuses nexuses, Output output) {
      this.nexuses = nexuses;
      this.output = output;
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the rebuilds under way, of one nexus or of all.",
        footer = {"", "Example: tenon:rebuild list v1"})
    void list(
        @Parameters(paramLabel = "NEXUS", arity = "0..1", description = "Name or uuid.")
            String nexus)
        throws Refused {
      output.table(
          chosen(nexus).stream()
              .flatMap(each -> each.rebuilds().stream().map(one -> row(each, one)))
              .toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = "List the rebuilds that are over, newest first.",
        footer = {"", "Example: tenon:rebuild history v1"})
    void history(
        @Parameters(paramLabel = "NEXUS", arity = "0..1", description = "Name or uuid.")
            String nexus)
        throws Refused {
      output.table(
          chosen(nexus).stream()
              .flatMap(each -> each.rebuildHistory().stream().map(one -> pastRow(each, one)))
              .toList());
    }

    @Needs(Role.VIEWER)
    @Command(
        description = {
          "Watch the rebuild of a child until it is over, two lines a second.",
          "Interrupted (Ctrl-C), only the watching ends."
        },
        footer = {"", "Example: tenon:rebuild watch v1 aio:///var/lib/disk2"})
    void watch(@Mixin Subject subject) throws Refused, InterruptedException {
      var nexus = existing(subject);
      var running = rebuild(nexus.rebuilds(), subject.child);
      while (running.isPresent()) {
        output.line(step(running.get()));
        Thread.sleep(WATCH_EVERY_MS);
        running = rebuild(nexus.rebuilds(), subject.child);
      }
      var over = rebuild(nexus.rebuildHistory(), subject.child);
      if (over.isEmpty()) {
        throw new Refused(
            "Child %s of nexus %s is not being rebuilt, and has not been. Read tenon:rebuild list."
                .formatted(subject.child, nexus.name()));
      }
      output.line(step(over.get()));
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Start to complete a child that is out of sync.",
        footer = {"", "Example: tenon:rebuild start v1 aio:///var/lib/disk2"})
    void start(@Mixin Subject subject) throws TenonException, Refused {
      var nexus = existing(subject);
      nexus.startRebuild(subject.child);
      showChild(nexus, subject.child);
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "End a rebuild. The child goes on taking writes and can be completed later.",
        footer = {"", "Example: tenon:rebuild stop v1 aio:///var/lib/disk2"})
    void stop(@Mixin Subject subject) throws TenonException, Refused {
      var nexus = existing(subject);
      nexus.stopRebuild(subject.child);
      showChild(nexus, subject.child);
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Let a rebuild wait.",
        footer = {"", "Example: tenon:rebuild pause v1 aio:///var/lib/disk2"})
    void pause(@Mixin Subject subject) throws TenonException, Refused {
      var nexus = existing(subject);
      nexus.pauseRebuild(subject.child);
      showRebuild(nexus, subject.child);
    }

    @Needs(Role.OPERATOR)
    @Command(
        description = "Let a rebuild that was paused go on.",
        footer = {"", "Example: tenon:rebuild resume v1 aio:///var/lib/disk2"})
    void resume(@Mixin Subject subject) throws TenonException, Refused {
      var nexus = existing(subject);
      nexus.resumeRebuild(subject.child);
      showRebuild(nexus, subject.child);
    }

    private Nexus existing(Subject subject) throws Refused {
      return NexusCommand.existing(nexuses, subject.nexus);
    }

    private List<Nexus> chosen(String nexus) throws Refused {
      return nexus == null ? nexuses.all() : List.of(NexusCommand.existing(nexuses, nexus));
    }

    private void showChild(Nexus nexus, String child) {
      nexus.children().stream()
          .filter(one -> one.uri().equals(child))
          .findFirst()
          .ifPresent(one -> output.show(NexusCommand.row(one)));
    }

    /** Of several, the newest. */
    private static Optional<RebuildInfo> rebuild(List<RebuildInfo> rebuilds, String child) {
      return rebuilds.stream().filter(one -> one.childUri().equals(child)).findFirst();
    }

    private void showRebuild(Nexus nexus, String child) {
      rebuild(nexus.rebuilds(), child)
          .ifPresentOrElse(
              one -> output.show(row(nexus, one)),
              () ->
                  output.done("The rebuild of " + child + " is over. Read tenon:rebuild history."));
    }

    private static Row row(Nexus nexus, RebuildInfo rebuild) {
      return Row.of(
          "nexus", nexus.name(),
          "child", rebuild.childUri(),
          "state", rebuild.state(),
          "kind", kind(rebuild),
          "percent", rebuild.progress(),
          "progress", ProgressBar.of(rebuild.progress()),
          "copied", size(rebuild, rebuild.blocksTransferred()),
          "left", size(rebuild, rebuild.blocksRemaining()),
          "source", rebuild.sourceUri().orElse(""),
          "since", rebuild.startedAt(),
          "detail", rebuild.detail());
    }

    private static Row step(RebuildInfo rebuild) {
      return Row.of(
          "progress", ProgressBar.of(rebuild.progress()),
          "percent", rebuild.progress(),
          "copied", size(rebuild, rebuild.blocksTransferred()),
          "state", rebuild.state(),
          "detail", rebuild.detail());
    }

    private static Row pastRow(Nexus nexus, RebuildInfo rebuild) {
      return Row.of(
          "nexus", nexus.name(),
          "child", rebuild.childUri(),
          "state", rebuild.state(),
          "kind", kind(rebuild),
          "percent", rebuild.progress(),
          "copied", size(rebuild, rebuild.blocksTransferred()),
          "source", rebuild.sourceUri().orElse(""),
          "from", rebuild.startedAt(),
          "to", rebuild.endedAt().map(Instant::toString).orElse(""),
          "detail", rebuild.detail());
    }

    private static String kind(RebuildInfo rebuild) {
      return rebuild.partial() ? "partial" : "full";
    }

    private static Size size(RebuildInfo rebuild, long blocks) {
      return new Size(blocks * rebuild.blockBytes());
    }
  }

  /** The child whose rebuild a verb is about. */
  static final class Subject {
    @Parameters(index = "0", paramLabel = "NEXUS", description = "Name or uuid.")
    private String nexus = "";

    @Parameters(index = "1", paramLabel = "CHILD", description = "Its URI.")
    private String child = "";
  }
}
