package io.tenon.shell.internal;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option {@code --host} of verbs that let hosts in. */
final class AllowedHosts {
  @Option(
      names = "--host",
      paramLabel = "NQN",
      description = "Host that may connect; again for more. None: any host.")
  private @Nullable List<String> hosts;

  /** Empty: any host. In the order in which they were given. */
  Set<String> nqns() {
    return new LinkedHashSet<>(hosts == null ? List.of() : hosts);
  }
}
