package io.tenon.metrics.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** PID {@code io.tenon.metrics}; the node's name is from PID {@code io.tenon.node}. Nothing listens until the first is configured. */
@ObjectClassDefinition(
    pid = "io.tenon.metrics",
    name = "Tenon metrics",
    description = "The node's figures for Prometheus")
@interface MetricsConfig {
  @AttributeDefinition(description = "Address to listen on; whoever reaches it may read")
  String address() default "127.0.0.1";

  @AttributeDefinition(
      description = "TCP port to listen on; 0 for any that is free",
      min = "0",
      max = "65535")
  int port() default 9502;

  @AttributeDefinition(description = "From io.tenon.node: the node's name, a label of its volumes")
  String name() default "tenon-node";
}
