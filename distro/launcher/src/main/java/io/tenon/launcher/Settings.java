package io.tenon.launcher;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * What a node is started with, read and checked.
 *
 * @param data as given; {@link DataFolder} opens it
 * @param cores empty leaves the choice to the reactor
 * @param deploy folder to watch for bundles; a relative one lies in the data folder, and is made there
 */
record Settings(
    String name,
    Endpoint grpc,
    Endpoint nvme,
    Given data,
    Optional<String> cores,
    boolean shell,
    Optional<Path> deploy) {

  static final int GRPC_PORT = 10124;
  static final int NVME_PORT = 8420;
  static final String DATA = "/var/lib/tenon";
  private static final String LOOPBACK = "127.0.0.1";
  private static final String POD_IP = "MY_POD_IP";
  private static final Path OWN_DEPLOY = Path.of("deploy");

  static Settings read(OptionSources sources) throws RefusedException {
    Given grpc = sources.findOr(Option.GRPC, LOOPBACK + ":" + GRPC_PORT, "the default of --grpc");
    Given nvme = sources.find(Option.NVME).orElseGet(() -> defaultNvme(sources.environment()));
    var settings =
        new Settings(
            name(sources),
            Endpoint.parse(grpc),
            Endpoint.parse(nvme),
            sources.findOr(Option.DATA, DATA, "the default of --data"),
            cores(sources),
            shell(sources),
            deploy(sources));
    settings.grpc.mustBeFree(grpc);
    settings.nvme.mustBeFree(nvme);
    if (settings.grpc.port() != 0 && settings.grpc.equals(settings.nvme)) {
      throw nvme.refused("gRPC listens on the same address and port.", "Give another port.");
    }
    return settings;
  }

  /** As Mayastor: a target listens on the pod's address, because hosts reach it there. */
  private static Given defaultNvme(Map<String, String> environment) {
    String podIp = environment.getOrDefault(POD_IP, "").trim();
    if (podIp.isEmpty()) return new Given(LOOPBACK + ":" + NVME_PORT, "the default of --nvme");
    String host = podIp.indexOf(':') < 0 ? podIp : "[" + podIp + "]";
    return new Given(host + ":" + NVME_PORT, "the default of --nvme, from " + POD_IP + ",");
  }

  private static String name(OptionSources sources) throws RefusedException {
    Optional<Given> given = sources.find(Option.NAME);
    if (given.isEmpty()) return defaultName(sources.environment());
    String name = given.get().value();
    if (!name.matches("[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")) {
      throw given
          .get()
          .refused(
              "A node's name has 1 to 253 letters, digits, dots, dashes or underscores, and begins and"
                  + " ends with a letter or digit.",
              "Give a name such as node-1; without one the host's name is used.");
    }
    return name;
  }

  private static String defaultName(Map<String, String> environment) {
    String name = environment.getOrDefault("HOSTNAME", "").trim();
    if (!name.isEmpty()) return name;
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost"; // a machine that does not know its own name still has this one
    }
  }

  private static Optional<String> cores(OptionSources sources) throws RefusedException {
    Optional<Given> given = sources.find(Option.CORES);
    if (given.isPresent()) Cores.check(given.get());
    return given.map(Given::value);
  }

  private static boolean shell(OptionSources sources) throws RefusedException {
    Optional<Given> given = sources.find(Option.SHELL);
    if (given.isEmpty()) return false;
    return switch (given.get().value()) {
      case "true", "yes", "1" -> true;
      case "false", "no", "0" -> false;
      default -> throw given.get().refused("It is neither yes nor no.", "Give true or false.");
    };
  }

  private static Optional<Path> deploy(OptionSources sources) throws RefusedException {
    Optional<Given> given = sources.find(Option.DEPLOY);
    if (given.isEmpty()) return Optional.empty();
    return switch (given.get().value()) {
      case "true" -> Optional.of(OWN_DEPLOY);
      case "false" -> Optional.empty();
      default -> Optional.of(folder(given.get()));
    };
  }

  private static Path folder(Given given) throws RefusedException {
    Path path = given.path().toAbsolutePath().normalize();
    if (!Files.isDirectory(path)) {
      throw given.refused("There is no folder " + path + ".", "Make it, or give another.");
    }
    if (!Files.isReadable(path)) {
      throw given.refused("This user may not read " + path + ".", "Change its rights.");
    }
    return path;
  }
}
