package io.tenon.shell.internal;

import java.util.Map;
import java.util.Set;
import org.apache.felix.service.command.CommandProcessor;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.condition.Condition;
import org.osgi.util.tracker.BundleTracker;

/**
 * Says that {@code tenon-shell} is let in and that every command is there, so that a node is not called ready before a script can
 * talk to it. Commands come with the services that they use, in any order.
 *
 * <p>Gogo tells nobody which commands it knows. Once its bundle has started it takes up each within the event of its registration,
 * and before that it has offered its {@link CommandProcessor} already: so both are waited for.
 */
@Component(service = {})
@Capability(namespace = "tenon.ready", name = "shell")
public final class ShellReady {
  private final BundleContext context;
  private final NounCommands commands;
  private final Bundle gogo;
  private final Set<String> expected;
  private final String address;
  private final BundleTracker<Bundle> started;
  private boolean closed;
  private @Nullable ServiceRegistration<Condition> ready;

  @Activate
  public ShellReady(
      BundleContext context,
      @Reference AttachServer server,
      @Reference NounCommands commands,
      @Reference(service = CommandProcessor.class) ServiceReference<CommandProcessor> processor,
      @Reference ServiceComponentRuntime runtime) {
    this.context = context;
    this.commands = commands;
    this.gogo = processor.getBundle();
    this.expected = ExpectedNouns.of(context, runtime);
    this.address = server.socket().toString();
    this.started =
        new BundleTracker<>(context, Bundle.ACTIVE, null) {
          @Override
          public @Nullable Bundle addingBundle(Bundle bundle, @Nullable BundleEvent event) {
            if (!bundle.equals(gogo)) return null;
            decide();
            return bundle;
          }
        };
    commands.watch(this::decide);
    started.open();
  }

  private void decide() {
    if (gogo.getState() != Bundle.ACTIVE || !commands.nouns().containsAll(expected)) return;
    synchronized (this) {
      if (closed || ready != null) return;
      ready =
          context.registerService(
              Condition.class,
              Condition.INSTANCE,
              FrameworkUtil.asDictionary(
                  Map.of(Condition.CONDITION_ID, "tenon.ready.shell", "tenon.address", address)));
    }
  }

  @Deactivate
  void close() {
    commands.watch(() -> {});
    started.close();
    synchronized (this) {
      closed = true;
      if (ready != null) ready.unregister();
    }
  }
}
