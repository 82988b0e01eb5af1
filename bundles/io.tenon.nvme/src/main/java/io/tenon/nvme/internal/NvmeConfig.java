package io.tenon.nvme.internal;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** PID {@code io.tenon.nvme}. */
@ObjectClassDefinition(
    name = "Tenon NVMe target",
    description = "What all subsystems have in common")
public @interface NvmeConfig {
  @AttributeDefinition(
      description =
          "Command retry delays in units of 100 ms, each at most 100: one, or three with commas;"
              + " NVMF_TGT_CRDT when empty")
  String retry_delays() default "";

  @AttributeDefinition(
      description =
          "Folder where reservations are kept that hosts want to survive a restart (PTPL); empty: none is kept")
  String ptpl_dir() default "";

  @AttributeDefinition(
      description =
          "Milliseconds that hosts' connections wait for the successor of a transport whose bundle went; then they end",
      min = "0")
  int handover_deadline_ms() default 30_000;

  @AttributeDefinition(description = "Most subsystems", min = "1")
  int max_subsystems() default 2048;
}
