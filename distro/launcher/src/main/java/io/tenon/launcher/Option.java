package io.tenon.launcher;

import java.util.Locale;

/** What a node can be told. Each can come from the command line, the environment or the options file. */
enum Option {
  NAME,
  GRPC,
  NVME,
  DATA,
  CORES,
  SHELL,
  DEPLOY;

  static final String FILE = "etc/tenon-node.properties";

  /** Key in the options file; the same word as on the command line. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  String flag() {
    return "--" + key();
  }

  String variable() {
    return "TENON_" + name();
  }
}
