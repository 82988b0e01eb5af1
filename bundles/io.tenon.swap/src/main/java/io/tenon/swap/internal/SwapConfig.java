package io.tenon.swap.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

@ObjectClassDefinition(
    name = "Tenon swaps",
    description = "How bundles of the running node are replaced.")
@interface SwapConfig {
  @AttributeDefinition(
      name = "Deadline",
      description =
          "Milliseconds from the stop of the old bundle until everything works again with the new one; past it the old one"
              + " is put back. Many hosts break a connection that does not answer for 5 s.",
      min = "100")
  long deadline_ms() default 3_000;

  @AttributeDefinition(
      name = "Longest deadline",
      description =
          "Nobody may ask for more. Devices that wait give up after reopen.deadline.ms of io.tenon.devices, and the old bundle"
              + " has to be back before that.",
      min = "100")
  long deadline_max_ms() default 20_000;

  @AttributeDefinition(
      name = "Canary watch",
      description = "Milliseconds for which a canary's I/O is watched before all others follow.",
      min = "0")
  long canary_watch_ms() default 2_000;

  @AttributeDefinition(
      name = "Largest bundle",
      description = "Bytes of a jar that are read at most.",
      min = "1")
  long max_bytes() default 64 << 20;

  @AttributeDefinition(
      name = "Require signatures",
      description =
          "Whether only jars are let in all of whose content is signed by one who is trusted.")
  boolean require_signed() default false;

  @AttributeDefinition(
      name = "Trusted certificates",
      description =
          "A PEM file with the certificates of those who may sign, or of who has signed theirs.")
  String trusted_certificates() default "";
}
