package io.tenon.assembly;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What somebody asks a distribution to have, by the kinds of things that have names. */
final class Wishes {
  @Option(names = "--feature", paramLabel = "F", description = "A feature. See list features.")
  List<String> features = new ArrayList<>();

  @Option(
      names = "--backend",
      paramLabel = "SCHEME",
      description = "Block devices of a scheme, such as aio. See list backends.")
  List<String> backends = new ArrayList<>();

  @Option(
      names = "--transport",
      paramLabel = "T",
      description = "A way for hosts, such as nvme-tcp. See list transports.")
  List<String> transports = new ArrayList<>();

  @Option(
      names = "--store",
      paramLabel = "S",
      description = "A metadata store, such as embedded. See list stores.")
  List<String> stores = new ArrayList<>();

  @Option(
      names = "--bundle",
      paramLabel = "NAME",
      description = "A bundle by its symbolic name. See list bundles.")
  List<String> bundles = new ArrayList<>();

  private List<String> names(Kind kind) {
    return switch (kind) {
      case FEATURE -> features;
      case BACKEND -> backends;
      case TRANSPORT -> transports;
      case STORE -> stores;
      case BUNDLE -> bundles;
    };
  }

  /** As clauses of a {@code .bndrun}. */
  List<String> clauses() throws RefusedException {
    var clauses = new ArrayList<String>();
    for (Kind kind : Kind.values()) {
      for (String name : names(kind)) clauses.add(kind.clause(name));
    }
    return clauses;
  }
}
