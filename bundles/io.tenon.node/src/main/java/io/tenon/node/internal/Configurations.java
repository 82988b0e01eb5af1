package io.tenon.node.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives Configuration Admin what the node was started with and what its {@code etc/} says, now and whenever a file there
 * changes.
 */
@Component(service = {})
public final class Configurations {
  private static final Logger log = LoggerFactory.getLogger(Configurations.class);

  private final ConfigurationAdmin admin;
  private final String options;
  private final Path etc;
  private final FolderWatch watch;
  private final Set<String> ours = new HashSet<>();
  private boolean started;

  @Activate
  public Configurations(BundleContext context, @Reference ConfigurationAdmin admin)
      throws IOException {
    this.admin = admin;
    this.options = property(context, "tenon.options", "");
    this.etc = Path.of(property(context, "tenon.etc", "etc"));
    apply();
    this.started = true;
    this.watch = FolderWatch.start(etc, this::apply);
  }

  private static String property(BundleContext context, String name, String otherwise) {
    String value = context.getProperty(name);
    return value == null ? otherwise : value;
  }

  /** One at a time: at the start, then by the watch's thread only. */
  private void apply() {
    try {
      Configuration wanted = Configuration.read(options, etc);
      for (String complaint : wanted.complaints()) log.warn("{}", complaint);
      for (var entry : wanted.byPid().entrySet()) update(entry.getKey(), entry.getValue());
      for (String pid : Set.copyOf(ours)) {
        if (!wanted.byPid().containsKey(pid)) delete(pid);
      }
    } catch (IOException | InvalidSyntaxException e) {
      log.error(
          "The configuration in {} was not applied: {}. It is read again when it changes.", etc, e);
    }
  }

  private void update(String pid, Map<String, String> settings)
      throws IOException, InvalidSyntaxException {
    boolean changed = find(pid).updateIfDifferent(FrameworkUtil.asDictionary(settings));
    ours.add(pid);
    if (changed && started) log.info("Configuration of {} is now {}", pid, settings);
  }

  private void delete(String pid) throws IOException {
    find(pid).delete();
    ours.remove(pid);
    log.info("Configuration of {} removed, its file is gone", pid);
  }

  private org.osgi.service.cm.Configuration find(String pid) throws IOException {
    int tilde = pid.indexOf('~');
    return tilde < 0
        ? admin.getConfiguration(pid, "?")
        : admin.getFactoryConfiguration(pid.substring(0, tilde), pid.substring(tilde + 1), "?");
  }

  @Deactivate
  void close() throws IOException {
    watch.close();
  }
}
