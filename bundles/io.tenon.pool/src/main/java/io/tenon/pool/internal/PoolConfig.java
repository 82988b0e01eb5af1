package io.tenon.pool.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** PIDs {@code io.tenon.node} and {@code io.tenon.pool}. */
@ObjectClassDefinition(name = "Tenon pools", description = "How the node's pools come, go and wait")
public @interface PoolConfig {
  @AttributeDefinition(
      description =
          "Directory of the node's own files, where it remembers its pools; empty to remember none")
  String data_dir() default "";

  @AttributeDefinition(description = "Node name, which the disks of its pools carry for people")
  String name() default "tenon-node";

  @AttributeDefinition(
      description =
          "Milliseconds that a change of a pool waits for the one before it to end; then it is refused",
      min = "0")
  long busy_wait_ms() default 3_000;
}
