package io.tenon.arch.planted.nexus.internal;

import java.time.InstantSource;
import org.osgi.service.component.annotations.Component;

/** A component makes threads and brings in the clock, because somebody has to, but does not read it. */
@Component(service = {})
public final class Entrance {
  Thread threadOfAComponent() {
    return Thread.startVirtualThread(() -> {});
  }

  InstantSource clockForOthers() {
    return InstantSource.system();
  }

  long clockOfAComponent() {
    return System.nanoTime();
  }
}
