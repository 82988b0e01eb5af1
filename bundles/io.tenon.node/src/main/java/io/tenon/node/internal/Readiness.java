package io.tenon.node.internal;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.wiring.BundleRevision;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.condition.Condition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says once, in the log and in {@code ready.json}, that the node serves, and where; and, when it does not come to that, what
 * it waits for.
 *
 * <p>A part that listens registers a {@link Condition} with {@code osgi.condition.id=tenon.ready.<name>} and {@code
 * tenon.address=<where>} for as long as it does. Its bundle states {@code Provide-Capability: tenon.ready; tenon.ready=<name>}, so
 * that the distribution's own bundles say what the node waits for. The condition {@code tenon.ready} then says that all do.
 */
@Component(service = {})
public final class Readiness {
  private static final Logger log = LoggerFactory.getLogger("io.tenon.node");
  private static final String CAPABILITY = "tenon.ready";
  private static final String PREFIX = CAPABILITY + ".";
  private static final long PATIENCE_SECONDS = 10;

  private final Bundle framework;
  private final List<String> required;
  private final ReadyFile file;
  private final ServiceComponentRuntime components;
  private final Map<String, String> listening = new HashMap<>();
  private final ScheduledExecutorService patience;
  private final BundleContext context;
  private @Nullable ServiceRegistration<Condition> registration;
  private boolean ready;

  @Activate
  public Readiness(BundleContext context, @Reference ServiceComponentRuntime components)
      throws IOException {
    this.context = context;
    this.framework = context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION);
    this.components = components;
    this.required = required(context);
    this.file = new ReadyFile(Path.of(context.getProperty("tenon.data"), "ready.json"));
    file.delete(); // of a node that was killed
    this.patience =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("tenon-ready").factory());
    var _ =
        patience.scheduleWithFixedDelay(
            this::complain, PATIENCE_SECONDS, PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (required.isEmpty()) decide();
  }

  private static List<String> required(BundleContext context) {
    return Arrays.stream(context.getBundles())
        .flatMap(
            bundle ->
                bundle.adapt(BundleRevision.class).getDeclaredCapabilities(CAPABILITY).stream())
        .map(capability -> String.valueOf(capability.getAttributes().get(CAPABILITY)))
        .sorted()
        .toList();
  }

  @Reference(
      target = "(osgi.condition.id=" + PREFIX + "*)",
      cardinality = ReferenceCardinality.MULTIPLE,
      policy = ReferencePolicy.DYNAMIC)
  synchronized void addListening(Condition condition, Map<String, Object> properties) {
    listening.put(name(properties), String.valueOf(properties.get("tenon.address")));
    decide();
  }

  synchronized void updatedListening(Condition condition, Map<String, Object> properties) {
    addListening(condition, properties);
  }

  /** A successor may be there before its predecessor goes: only the one that is listed leaves. */
  synchronized void removeListening(Condition condition, Map<String, Object> properties) {
    listening.remove(name(properties), String.valueOf(properties.get("tenon.address")));
    decide();
  }

  private static String name(Map<String, Object> properties) {
    return String.valueOf(properties.get(Condition.CONDITION_ID)).substring(PREFIX.length());
  }

  private void decide() {
    boolean now = listening.keySet().containsAll(required);
    try {
      if (now) announce();
      else if (ready) withdraw();
    } catch (IOException e) {
      log.error(
          "{} was not written: {}. Who waits for it will not see that the node is ready.",
          file.path(),
          e);
    }
    ready = now;
  }

  private void announce() throws IOException {
    var addresses = new LinkedHashMap<String, String>();
    for (String name : required) addresses.put(name, listening.getOrDefault(name, ""));
    double seconds = ProcessAge.seconds();
    file.write(ProcessHandle.current().pid(), seconds, addresses);
    String where =
        addresses.entrySet().stream()
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining(", "));
    if (ready) {
      log.info("listening changed: {}", where);
      return;
    }
    log.info("ready in {} s: {}", Seconds.text(seconds), where);
    var properties = FrameworkUtil.asDictionary(Map.of(Condition.CONDITION_ID, CAPABILITY));
    registration = context.registerService(Condition.class, Condition.INSTANCE, properties);
  }

  private void withdraw() throws IOException {
    file.delete();
    if (registration != null) registration.unregister();
    registration = null;
    if (framework.getState() == Bundle.STOPPING) log.info("stopping");
    else log.warn("not ready any more: {} gone", missing());
  }

  private synchronized void complain() {
    if (ready) return;
    log.warn(
        "not ready yet: {} not listening. {}",
        missing(),
        String.join(". ", Waiting.reasons(components)));
  }

  private List<String> missing() {
    var missing = new ArrayList<>(required);
    missing.removeAll(listening.keySet());
    return missing;
  }

  @Deactivate
  synchronized void close() throws IOException {
    patience.shutdownNow();
    file.delete();
  }
}
