package io.tenon.devices.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(
    name = "Tenon block devices",
    description = "How the node's block devices live with backends that come and go.")
@interface DevicesConfig {
  @AttributeDefinition(
      name = "Reopen deadline",
      description =
          "Milliseconds that the I/O of a device parks for its backend to come back; past it the device fails.",
      min = "0")
  long reopen_deadline_ms() default 30_000;

  @AttributeDefinition(
      name = "Drain wait",
      description =
          "Milliseconds that the stop of a backend waits for its devices to be drained and closed; what is not by then"
              + " goes on behind its back.",
      min = "0")
  long drain_wait_ms() default 5_000;

  @AttributeDefinition(
      name = "Answer wait",
      description =
          "Milliseconds that the device of a new bundle may take to read a few blocks, before I/O is let through to it.",
      min = "1")
  long answer_wait_ms() default 2_000;
}
