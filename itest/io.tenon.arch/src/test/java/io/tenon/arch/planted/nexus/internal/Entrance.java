package io.tenon.arch.planted.nexus.internal;

import org.osgi.service.component.annotations.Component;

/** A component makes threads, because somebody has to, but reads no clock. */
@Component(service = {})
public final class Entrance {
  Thread threadOfAComponent() {
    return Thread.startVirtualThread(() -> {});
  }

  long clockOfAComponent() {
    return System.nanoTime();
  }
}
