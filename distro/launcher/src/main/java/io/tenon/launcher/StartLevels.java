package io.tenon.launcher;

/** Who starts before whom: first what others log and are configured with, last what takes orders from outside. */
final class StartLevels {
  static final int WEAVING = 1;
  static final int LOGGING = 2;
  static final int COMPONENTS = 3;
  static final int CONFIGURATION = 4;
  static final int BUNDLES = 5;

  /** End while their disks' backends are still there, so that a pool is left clean. */
  static final int POOLS = 6;

  /** Ends before its children's pools and transports do, and before the store where it says that it ended in order. */
  static final int NEXUS = 7;

  static final int DEPLOYMENT = 8;
  static final int SHELL = 9;

  static final String FILE_INSTALL = "org.apache.felix.fileinstall";

  private StartLevels() {}

  static int of(String symbolicName) {
    return switch (symbolicName) {
      case "org.apache.aries.spifly.dynamic.bundle" -> WEAVING;
      case "slf4j.api", "ch.qos.logback.core", "ch.qos.logback.classic" -> LOGGING;
      case "org.apache.felix.log" -> LOGGING;
      case "org.apache.felix.configadmin", "org.apache.felix.metatype", "org.apache.felix.scr" ->
          COMPONENTS;
      case "io.tenon.node" -> CONFIGURATION;
      case "io.tenon.blobstore", "io.tenon.pool" -> POOLS;
      case "io.tenon.nexus" -> NEXUS;
      case FILE_INSTALL -> DEPLOYMENT;
      case "org.apache.felix.gogo.jline" -> SHELL;
      default -> symbolicName.startsWith("org.objectweb.asm") ? WEAVING : BUNDLES;
    };
  }
}
