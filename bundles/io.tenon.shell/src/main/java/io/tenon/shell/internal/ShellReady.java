package io.tenon.shell.internal;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.apache.felix.service.command.CommandProcessor;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.condition.Condition;

/**
 * Says that {@code tenon-shell} is let in and that every command is there, so that a node is not called ready before a script can
 * talk to it. Commands come with the services that they use, in any order.
 */
@Component(service = {})
@Capability(namespace = "tenon.ready", name = "shell")
public final class ShellReady {
  private static final long LOOK_AGAIN_NS = 25_000_000;

  private final BundleContext context;
  private final CommandProcessor processor;
  private final ServiceComponentRuntime runtime;
  private final String address;
  private boolean closed;
  private @Nullable ServiceRegistration<Condition> ready;

  @Activate
  public ShellReady(
      BundleContext context,
      @Reference AttachServer server,
      @Reference CommandProcessor processor,
      @Reference ServiceComponentRuntime runtime) {
    this.context = context;
    this.processor = processor;
    this.runtime = runtime;
    this.address = server.socket().toString();
    // Gogo hears of a command's service after us or before us, and tells nobody: this runs within
    // the event of the last one.
    Thread.ofVirtual().name("shell-ready").start(this::tellWhenKnown);
  }

  private void tellWhenKnown() {
    while (!isKnown()) {
      synchronized (this) {
        if (closed) return;
      }
      LockSupport.parkNanos(LOOK_AGAIN_NS);
    }
    tell();
  }

  private boolean isKnown() {
    try (var session =
        processor.createSession(
            InputStream.nullInputStream(),
            OutputStream.nullOutputStream(),
            OutputStream.nullOutputStream())) {
      return session.get(".commands") instanceof Set<?> known
          && known.containsAll(ExpectedCommands.of(context, runtime));
    }
  }

  private synchronized void tell() {
    if (closed) return;
    ready =
        context.registerService(
            Condition.class,
            Condition.INSTANCE,
            FrameworkUtil.asDictionary(
                Map.of(Condition.CONDITION_ID, "tenon.ready.shell", "tenon.address", address)));
  }

  @Deactivate
  synchronized void close() {
    closed = true;
    var told = ready;
    if (told != null) told.unregister();
  }
}
