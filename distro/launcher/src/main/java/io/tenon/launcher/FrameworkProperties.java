package io.tenon.launcher;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.osgi.framework.Constants;

/** What the framework and the bundles are told, as framework properties. Their meaning: README.md. */
final class FrameworkProperties {
  private FrameworkProperties() {}

  static Map<String, String> of(Settings settings, Path data, Home home) {
    var properties = new HashMap<String, String>();
    properties.put(Constants.FRAMEWORK_STORAGE, data.resolve("framework").toString());
    // What runs is what the distribution has; what was deployed on top comes from its folder again.
    properties.put(
        Constants.FRAMEWORK_STORAGE_CLEAN, Constants.FRAMEWORK_STORAGE_CLEAN_ONFIRSTINIT);
    properties.put(Constants.FRAMEWORK_BEGINNING_STARTLEVEL, Integer.toString(StartLevels.SHELL));

    // What Java Flight Recorder writes into the classes of events, while it records, is of a
    // package that nobody exports.
    properties.put(Constants.FRAMEWORK_BOOTDELEGATION, "jdk.jfr.internal.event");

    properties.put("tenon.home", home.path().toString());
    properties.put("tenon.etc", home.etc().toString());
    properties.put("tenon.data", data.toString());
    properties.put("tenon.options", options(settings, data));

    // The web console's: no port before io.tenon.console gives one, nobody in before it keeps the
    // door.
    properties.put("org.apache.felix.http.require.config", "true");
    properties.put("felix.webconsole.security.providers", "io.tenon.console");

    // What is worth a line is decided in etc/logback.xml.
    properties.put("org.osgi.service.log.admin.loglevel", "INFO");
    properties.put("gosh.home", home.path().toString());
    // Gogo's commands are wanted, its own prompt is not: bundle io.tenon.shell has one.
    properties.put("gosh.args", "--nointeractive");
    settings.deploy().ifPresent(folder -> watch(properties, data.resolve(folder), data));
    return properties;
  }

  /** Lines of {@code <pid>/<key>=<value>} for Configuration Admin. */
  private static String options(Settings settings, Path data) {
    var options = new Properties();
    options.setProperty("io.tenon.node/name", settings.name());
    options.setProperty("io.tenon.node/data.dir", data.toString());
    options.setProperty("io.tenon.engine/address", settings.grpc().host());
    options.setProperty("io.tenon.engine/port", Integer.toString(settings.grpc().port()));
    options.setProperty("io.tenon.transport.nvmetcp/address", settings.nvme().host());
    options.setProperty(
        "io.tenon.transport.nvmetcp/port", Integer.toString(settings.nvme().port()));
    options.setProperty("io.tenon.nvme/ptpl_dir", data.resolve("ptpl").toString());
    options.setProperty("io.tenon.node/terminal", Boolean.toString(settings.shell()));
    settings.cores().ifPresent(cores -> options.setProperty("io.tenon.reactor/cores", cores));
    var text = new StringWriter();
    try {
      options.store(text, null);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringWriter does not fail
    }
    return text.toString();
  }

  private static void watch(Map<String, String> properties, Path folder, Path data) {
    properties.put("felix.fileinstall.dir", folder.toString());
    properties.put("felix.fileinstall.tmpdir", data.resolve("deploy-tmp").toString());
    properties.put("felix.fileinstall.poll", "200");
    properties.put("felix.fileinstall.noInitialDelay", "true");
    properties.put("felix.fileinstall.start.level", Integer.toString(StartLevels.BUNDLES));
    properties.put("felix.fileinstall.enableConfigSave", "false");
    // What arrives must not make it refresh, and so stop, bundles of the distribution.
    properties.put("felix.fileinstall.optionalImportRefreshScope", "managed");
    properties.put("felix.fileinstall.fragmentRefreshScope", "managed");
    properties.put("felix.fileinstall.log.level", "3"); // says what came and went
  }
}
