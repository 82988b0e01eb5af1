package io.tenon.launcher;

import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** The command line as picocli reads it; values are checked by {@link Settings}, whatever source they came from. */
@Command(
    name = "tenon-node",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    usageHelpAutoWidth = true,
    headerHeading = "Starts a Tenon storage node and stays in front until it is stopped.%n%n",
    synopsisHeading = "Usage: ",
    optionListHeading = "%nOptions:%n",
    footerHeading = "%n",
    footer = {
      "Every option can also be given by the environment (TENON_NAME, TENON_GRPC, TENON_NVME, TENON_DATA,"
          + " TENON_CORES, TENON_SHELL, TENON_DEPLOY) or by a line in etc/tenon-node.properties (name=, grpc=, ...)."
          + " The command line beats the environment, the environment beats the file.",
      "",
      "TENON_JAVA_OPTS adds options for the Java machine, such as -Xmx1g; TENON_JAVA_HOME chooses the Java.",
      "Settings of single components are files etc/<component>.cfg, read again when they change.",
      "",
      "When the node is ready it says so in one line and writes DIR/ready.json. SIGTERM and Ctrl-C stop it in"
          + " order. Exit status: 0 stopped, 1 failed, 2 refused what it was told.",
      "",
      "Example:",
      "  tenon-node --name node-1 --grpc 127.0.0.1:10124 --nvme 127.0.0.1:8420 --data ./var/node-1 --shell",
    })
final class NodeCommand {
  @picocli.CommandLine.Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the node. Default: HOSTNAME, else the host's name.")
  @Nullable String name;

  @picocli.CommandLine.Option(
      names = "--grpc",
      paramLabel = "ADDR:PORT",
      description =
          "Where gRPC is answered. Port 0: any that is free. Default: 127.0.0.1:"
              + Settings.GRPC_PORT
              + "; it has no passwords, so open it to a trusted network only.")
  @Nullable String grpc;

  @picocli.CommandLine.Option(
      names = "--nvme",
      paramLabel = "ADDR:PORT",
      description =
          "Where the NVMe/TCP target listens. Default: port "
              + Settings.NVME_PORT
              + " of the address in MY_POD_IP, else of 127.0.0.1.")
  @Nullable String nvme;

  @picocli.CommandLine.Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "The node's own folder; one running node at a time. Made when it is not there. Default: "
              + Settings.DATA
              + ".")
  @Nullable String data;

  @picocli.CommandLine.Option(
      names = "--cores",
      paramLabel = "LIST",
      description =
          "Cores that run I/O, one reactor each, such as 0,2 or 0-3. Default: what the reactor chooses.")
  @Nullable String cores;

  @picocli.CommandLine.Option(
      names = "--shell",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "true|false",
      description = "Start the Felix shell on this terminal; leaving it stops the node.")
  @Nullable String shell;

  @picocli.CommandLine.Option(
      names = "--deploy",
      arity = "0..1",
      fallbackValue = "true",
      paramLabel = "DIR|true|false",
      description =
          "Folder to watch: a bundle put there is started, one removed is stopped. true: deploy in the data folder,"
              + " made when it is not there. Default: false.")
  @Nullable String deploy;

  Map<Option, String> given() {
    var given = new EnumMap<Option, String>(Option.class);
    put(given, Option.NAME, name);
    put(given, Option.GRPC, grpc);
    put(given, Option.NVME, nvme);
    put(given, Option.DATA, data);
    put(given, Option.CORES, cores);
    put(given, Option.SHELL, shell);
    put(given, Option.DEPLOY, deploy);
    return given;
  }

  private static void put(Map<Option, String> given, Option option, @Nullable String value) {
    if (value != null) given.put(option, value);
  }
}
