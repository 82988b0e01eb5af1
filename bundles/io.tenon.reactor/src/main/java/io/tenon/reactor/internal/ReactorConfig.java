package io.tenon.reactor.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** PID {@code io.tenon.reactor}. */
@ObjectClassDefinition(name = "Tenon reactors", description = "Event loops of a node")
public @interface ReactorConfig {
  @AttributeDefinition(
      description =
          "One reactor for each core: numbers and ranges, such as 0,2-3. Empty: one reactor on any"
              + " core")
  String cores() default "";

  @AttributeDefinition(description = "Keep each reactor's thread on its core")
  boolean pin() default true;

  @AttributeDefinition(
      description = "Spin this long after the last work before sleeping, microseconds",
      min = "0")
  long spin_us() default 50;

  @AttributeDefinition(description = "Buffers of 8 KiB for each reactor", min = "16")
  int small_buffers() default 2048;

  @AttributeDefinition(description = "Large buffers for each reactor", min = "4")
  int large_buffers() default 256;

  @AttributeDefinition(
      description = "Size of a large buffer, bytes: the largest I/O; a multiple of 4096",
      min = "8192")
  int large_buffer_bytes() default 131_072;
}
