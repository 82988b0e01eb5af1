package io.tenon.engine.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Where the engine listens and how the node calls itself: PIDs {@code io.tenon.node} and {@code io.tenon.engine}. */
@ObjectClassDefinition(name = "Tenon engine", description = "gRPC API v1 of a storage node")
public @interface EngineConfig {
  @AttributeDefinition(description = "IP address to listen on; IPv6 is allowed")
  String address() default "127.0.0.1";

  @AttributeDefinition(description = "TCP port; 0 lets the system choose", min = "0", max = "65535")
  int port() default 10124;

  @AttributeDefinition(description = "Node name under which the node registers")
  String name() default "tenon-node";

  @AttributeDefinition(description = "Host NQN of this node; empty for one made of the node name")
  String hostnqn() default "";

  @AttributeDefinition(
      description = "Wait for a lock on a nexus when the caller sets no deadline, milliseconds",
      min = "1")
  long default_deadline_ms() default 15_000;

  @AttributeDefinition(
      description =
          "Wait for a part of the node that is being replaced, milliseconds; then the call is UNAVAILABLE",
      min = "0")
  long part_wait_ms() default 5_000;
}
