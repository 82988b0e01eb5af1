package io.tenon.distro;

import static org.ops4j.pax.exam.CoreOptions.bootDelegationPackage;
import static org.ops4j.pax.exam.CoreOptions.bundle;
import static org.ops4j.pax.exam.CoreOptions.composite;
import static org.ops4j.pax.exam.CoreOptions.frameworkProperty;
import static org.ops4j.pax.exam.CoreOptions.junitBundles;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.ops4j.pax.exam.Option;

/** The bundles that the resolver chose for the node, as the launcher would start them: out of the distribution's folder. */
final class NodeUnderTest {
  /** Nothing is ever put there. */
  private static final String DEPLOY = "deploy";

  private NodeUnderTest() {}

  /**
   * @param settings beside those of ports: {@code pid/key=value}
   */
  static Option everything(String... settings) {
    Path home = Path.of(System.getProperty("tenon.home")).toAbsolutePath().normalize();
    Path data = Path.of(System.getProperty("tenon.data")).toAbsolutePath();
    List<Option> options = new ArrayList<>();
    options.add(junitBundles());
    options.add(frameworkProperty("org.ops4j.pax.logging.DefaultServiceLog.level").value("WARN"));
    try (Stream<Path> jars = Files.list(home.resolve("bundles"))) {
      Files.createDirectories(data.resolve(DEPLOY));
      for (Path jar : jars.sorted().toList()) options.add(provision(jar));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    options.add(bootDelegationPackage("jdk.jfr.internal.event"));
    options.add(frameworkProperty("tenon.etc").value(home.resolve("etc").toString()));
    options.add(frameworkProperty("tenon.data").value(data.toString()));
    options.add(frameworkProperty("tenon.options").value(settings(data, settings)));
    options.add(frameworkProperty("org.apache.felix.http.require.config").value("true"));
    options.add(frameworkProperty("felix.webconsole.security.providers").value("io.tenon.console"));
    options.add(frameworkProperty("gosh.args").value("--nointeractive"));
    options.add(frameworkProperty("gosh.home").value(home.toString()));
    options.add(frameworkProperty("felix.fileinstall.dir").value(data.resolve(DEPLOY).toString()));
    return composite(options.toArray(Option[]::new));
  }

  private static Option provision(Path jar) throws IOException {
    try (var file = new JarFile(jar.toFile())) {
      boolean fragment = file.getManifest().getMainAttributes().getValue("Fragment-Host") != null;
      var provision = bundle(jar.toUri().toString());
      return fragment ? provision.noStart() : provision;
    }
  }

  private static String settings(Path data, String... more) {
    var all = new ArrayList<>(ports(data));
    all.addAll(List.of(more));
    return String.join("\n", all);
  }

  /** Ports that the system chooses, so that nothing else on the machine is in the way. */
  private static List<String> ports(Path data) {
    return List.of(
        "io.tenon.node/name=node-under-test",
        "io.tenon.node/data.dir=" + data,
        "io.tenon.engine/address=127.0.0.1",
        "io.tenon.engine/port=0",
        "io.tenon.transport.nvmetcp/address=127.0.0.1",
        "io.tenon.transport.nvmetcp/port=0");
  }
}
