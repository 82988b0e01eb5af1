package io.tenon.launcher;

import java.util.Set;

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

  /** What the web console consists of. Somebody else's bundle that needs one of the libraries has it without a start. */
  private static final Set<String> CONSOLE =
      Set.of(
          "io.tenon.console",
          "org.apache.commons.commons-fileupload",
          "org.apache.commons.commons-io",
          "org.apache.felix.healthcheck.webconsoleplugin",
          "org.apache.felix.http.jetty12",
          "org.apache.felix.http.servlet-api",
          "org.apache.felix.inventory",
          "org.apache.felix.webconsole",
          "org.owasp.encoder");

  private StartLevels() {}

  static boolean isConsoles(String symbolicName) {
    return CONSOLE.contains(symbolicName);
  }

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
