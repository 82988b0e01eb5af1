package io.tenon.console.internal;

import io.tenon.error.TenonException;
import io.tenon.shell.api.Accounts;
import io.tenon.shell.api.Audit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.felix.webconsole.spi.SecurityProvider;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the port once its door has a keeper. The HTTP server and the web console wait for that: the one for a configuration, the other
 * for the keeper by its name, which the launcher tells them.
 */
@Component(
    service = {},
    configurationPid = "io.tenon.console",
    configurationPolicy = ConfigurationPolicy.REQUIRE,
    immediate = true)
@Designate(ocd = ConsoleConfig.class)
public final class Console {
  private static final Logger log = LoggerFactory.getLogger(Console.class);
  private static final String HTTP_PID = "org.apache.felix.http";
  private static final String PROVIDER = "io.tenon.console";

  private final ServiceRegistration<SecurityProvider> door;
  private final Configuration http;

  @Activate
  public Console(
      BundleContext context,
      @Reference ConfigurationAdmin configurations,
      @Reference Accounts accounts,
      @Reference Audit audit,
      ConsoleConfig config)
      throws TenonException, IOException {
    var settings = http(config);
    var keeper = new Door(accounts, audit, Set.of(config.hosts()), System::nanoTime);
    door =
        context.registerService(
            SecurityProvider.class,
            keeper,
            FrameworkUtil.asDictionary(Map.of(SecurityProvider.PROPERTY_ID, PROVIDER)));
    http = configurations.getConfiguration(HTTP_PID, "?");
    http.update(FrameworkUtil.asDictionary(settings));
    log.info(
        "The web console is at {}://{}:{}/system/console{}",
        config.keystore().isEmpty() ? "http" : "https",
        config.address(),
        config.port(),
        accounts.any() ? "" : "; nobody can log in before tenon:user create NAME --role admin");
  }

  /** What the HTTP server is told. */
  static Map<String, Object> http(ConsoleConfig config) throws TenonException {
    boolean tls = !config.keystore().isEmpty();
    if (!tls && !isLoopback(config.address())) {
      throw new TenonException(
          "The web console does not listen on " + config.address() + ".",
          "Passwords would go over the network for everybody to read.",
          "Give it a keystore and keystore.password.file in etc/io.tenon.console.cfg, or leave it at 127.0.0.1 and come by ssh -L.");
    }
    var http = new HashMap<String, Object>();
    http.put("org.apache.felix.http.host", config.address());
    http.put("org.apache.felix.http.enable", !tls);
    http.put("org.apache.felix.https.enable", tls);
    http.put(
        tls ? "org.osgi.service.http.port.secure" : "org.osgi.service.http.port", config.port());
    if (tls) {
      http.put("org.apache.felix.https.keystore", config.keystore());
      http.put("org.apache.felix.https.keystore.type", "PKCS12");
      http.put("org.apache.felix.https.keystore.password", password(config));
    }
    // A handful of admins, on a machine whose cores are for I/O.
    http.put("org.apache.felix.http.jetty.threadpool.max", 12);
    http.put("org.apache.felix.http.jetty.acceptors", 1);
    http.put("org.apache.felix.http.jetty.selectors", 1);
    http.put("org.apache.felix.http.timeout", 30_000);
    http.put("org.apache.felix.http.jetty.sendServerHeader", false);
    http.put("org.apache.felix.https.jetty.session.cookie.httpOnly", true);
    http.put("org.apache.felix.https.jetty.session.cookie.secure", tls);
    return http;
  }

  private static boolean isLoopback(String address) throws TenonException {
    try {
      return InetAddress.getByName(address).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new TenonException(
          "The web console does not listen on " + address + ".",
          "This machine does not know that name.",
          "Give an address of this machine in etc/io.tenon.console.cfg.",
          e);
    }
  }

  private static String password(ConsoleConfig config) throws TenonException {
    try {
      return Files.readString(Path.of(config.keystore_password_file())).strip();
    } catch (IOException e) {
      throw new TenonException(
          "The web console's keystore cannot be opened.",
          "Its password was not read: " + e + ".",
          "Name a file that has it by keystore.password.file in etc/io.tenon.console.cfg.",
          e);
    }
  }

  @Deactivate
  void close() throws IOException {
    http.delete();
    door.unregister();
    log.info("The web console does not listen any more");
  }
}
