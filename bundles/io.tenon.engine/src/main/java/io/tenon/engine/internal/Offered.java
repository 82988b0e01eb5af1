package io.tenon.engine.internal;

import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import java.util.List;

/**
 * A service of the API.
 *
 * @param needs without which it has nothing to say
 */
record Offered(ServerServiceDefinition service, List<MovingPart<?>> needs) {
  Offered {
    needs = List.copyOf(needs);
  }

  static Offered of(BindableService service, MovingPart<?>... needs) {
    return new Offered(service.bindService(), List.of(needs));
  }

  String name() {
    return service.getServiceDescriptor().getName();
  }

  boolean isServing() {
    return needs.stream().allMatch(MovingPart::isThere);
  }
}
