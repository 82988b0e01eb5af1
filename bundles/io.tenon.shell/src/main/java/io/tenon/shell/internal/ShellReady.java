package io.tenon.shell.internal;

import java.util.Map;
import org.osgi.annotation.bundle.Capability;
import org.osgi.framework.BundleContext;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.condition.Condition;

/** Says that {@code tenon-shell} is let in, so that a node is not called ready before a script can talk to it. */
@Component(service = {})
@Capability(namespace = "tenon.ready", name = "shell")
public final class ShellReady {
  private final ServiceRegistration<Condition> ready;

  @Activate
  public ShellReady(BundleContext context, @Reference AttachServer server) {
    this.ready =
        context.registerService(
            Condition.class,
            Condition.INSTANCE,
            FrameworkUtil.asDictionary(
                Map.of(
                    Condition.CONDITION_ID,
                    "tenon.ready.shell",
                    "tenon.address",
                    server.socket().toString())));
  }

  @Deactivate
  void close() {
    ready.unregister();
  }
}
