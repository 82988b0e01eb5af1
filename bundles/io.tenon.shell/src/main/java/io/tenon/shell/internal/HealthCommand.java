package io.tenon.shell.internal;

import io.tenon.shell.api.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result.Status;
import org.apache.felix.hc.api.ResultLog;
import org.apache.felix.hc.api.execution.HealthCheckExecutionResult;
import org.apache.felix.hc.api.execution.HealthCheckExecutor;
import org.apache.felix.hc.api.execution.HealthCheckSelector;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:health}. */
@Component(service = Noun.class)
public final class HealthCommand extends Noun {
  private final HealthCheckExecutor executor;

  /** References only: a check is made when it is asked. */
  @Reference(
      service = HealthCheck.class,
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC)
  private final List<ServiceReference<HealthCheck>> checks = new CopyOnWriteArrayList<>();

  @Activate
  public HealthCommand(@Reference HealthCheckExecutor executor) {
    this.executor = executor;
  }

  @Override
  Object verbs(Output output) {
    return new Line(executor, this::names, output);
  }

  @Override
  List<String> names(String verb) {
    return names();
  }

  private List<String> names() {
    return checks.stream()
        .map(check -> Objects.toString(check.getProperty(HealthCheck.NAME), ""))
        .filter(name -> !name.isEmpty())
        .sorted()
        .toList();
  }

  /** What checks there are. */
  interface Names {
    List<String> get();
  }

  @Needs(Role.VIEWER)
  @Command(
      name = "tenon:health",
      description = "Whether each part of the node works, and what to do where it does not.",
      footer = {
        "",
        "WARN: it works, and somebody should look. CRITICAL: something does not work. The status is 1 when",
        "anything is CRITICAL, else 0.",
        "For probes: --live fails when only a new start of the node helps, --ready when nobody should be sent",
        "to this node now. An error in one volume is neither.",
        "",
        "Example: tenon:health",
        "         tenon:health pools --json",
        "         bin/tenon-shell --data DIR tenon:health --ready"
      })
  static final class Line implements Callable<Integer> {
    private final HealthCheckExecutor executor;
    private final Names names;
    private final Output output;

    @Parameters(
        arity = "0..*",
        paramLabel = "CHECK",
        description = "Names of the checks; all if none is given.")
    private List<String> asked = new ArrayList<>();

    @Option(names = "--live", description = "Only what a new start of the node would heal.")
    private boolean live;

    @Option(names = "--ready", description = "Only what the node is no use without.")
    private boolean ready;

    Line(HealthCheckExecutor executor, Names names, Output output) {
      this.executor = executor;
      this.names = names;
      this.output = output;
    }

    @Override
    public Integer call() throws Refused, Ended {
      var answers = executor.execute(selector());
      boolean critical = false;
      var rows = new ArrayList<Row>();
      for (var answer : answers) {
        critical |= isCritical(answer.getHealthCheckResult().getStatus());
        rows.addAll(rows(answer));
      }
      output.table(rows);
      if (critical) throw new Ended(Refused.FAILED);
      return 0;
    }

    private HealthCheckSelector selector() throws Refused {
      boolean isProbe = live || ready;
      if ((isProbe && !asked.isEmpty()) || (live && ready)) {
        throw new Refused("Give names of checks, --live or --ready.", Refused.NOT_UNDERSTOOD);
      }
      if (live) return HealthCheckSelector.tags("live");
      if (ready) return HealthCheckSelector.tags("ready");
      if (asked.isEmpty()) return HealthCheckSelector.empty();
      var known = Set.copyOf(names.get());
      for (String name : asked) {
        if (known.contains(name)) continue;
        throw new Refused(
            "There is no check %s. There are %s.".formatted(name, String.join(", ", names.get())));
      }
      return HealthCheckSelector.names(asked.toArray(String[]::new));
    }

    private static boolean isCritical(Status status) {
      return switch (status) {
        case OK, WARN -> false;
        case TEMPORARILY_UNAVAILABLE, CRITICAL, HEALTH_CHECK_ERROR -> true;
      };
    }

    /** One for each cause; the entry after a cause that is OK says what to do. One that is well has one. */
    private List<Row> rows(HealthCheckExecutionResult answer) {
      var entries = new ArrayList<ResultLog.Entry>();
      for (var entry : answer.getHealthCheckResult()) if (!entry.isDebug()) entries.add(entry);
      var rows = new ArrayList<Row>();
      for (int i = 0; i < entries.size(); i++) {
        var entry = entries.get(i);
        if (entry.getStatus() == Status.OK) continue;
        boolean told = i + 1 < entries.size() && entries.get(i + 1).getStatus() == Status.OK;
        rows.add(row(answer, entry, told ? entries.get(i + 1).getMessage() : ""));
      }
      if (!rows.isEmpty()) return rows;
      String well =
          entries.stream().map(ResultLog.Entry::getMessage).collect(Collectors.joining(" "));
      return List.of(
          row(answer, new ResultLog.Entry(answer.getHealthCheckResult().getStatus(), well), ""));
    }

    private Row row(HealthCheckExecutionResult answer, ResultLog.Entry entry, String remedy) {
      var check = answer.getHealthCheckMetadata();
      String status =
          entry.getStatus() == Status.OK || entry.getStatus() == Status.WARN
              ? entry.getStatus().name()
              : Status.CRITICAL.name();
      if (!output.isJson()) {
        return Row.of(
            "check", check.getTitle(), "status", status, "why", entry.getMessage(), "do", remedy);
      }
      return Row.of(
          "check", check.getTitle(),
          "status", status,
          "why", entry.getMessage(),
          "do", remedy,
          "tags", List.copyOf(check.getTags()),
          "ms", answer.getElapsedTimeInMs(),
          "late", answer.hasTimedOut());
    }
  }
}
