package io.tenon.transport.nvmetcp.internal.target;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** PID {@code io.tenon.transport.nvmetcp}. */
@ObjectClassDefinition(name = "Tenon NVMe/TCP target", description = "Where hosts reach this node")
public @interface TargetConfig {
  @AttributeDefinition(description = "IP address to listen on; 0.0.0.0 for all")
  String address() default "127.0.0.1";

  @AttributeDefinition(description = "TCP port; 0 for any that is free", min = "0", max = "65535")
  int port() default 8420;

  @AttributeDefinition(
      description =
          "Most entries of an I/O queue. Environment NVMF_TCP_MAX_QUEUE_DEPTH comes before it",
      min = "2",
      max = "4096")
  int max_queue_depth() default 32;

  @AttributeDefinition(
      description =
          "Most queues of a controller, the admin queue included. Environment"
              + " NVMF_TCP_MAX_QPAIRS_PER_CTRL comes before it",
      min = "2",
      max = "1024")
  int max_queues() default 32;

  @AttributeDefinition(
      description = "Most data of one command, bytes: a power of two, no more than a large buffer",
      min = "4096")
  int max_io_bytes() default 131_072;

  @AttributeDefinition(
      description =
          "Data that fits into a command capsule of an I/O queue, bytes: a multiple of 16",
      min = "0",
      max = "65536")
  int in_capsule_bytes() default 4096;

  @AttributeDefinition(description = "Entries of the admin queue", min = "2", max = "4096")
  int admin_queue_depth() default 32;
}
