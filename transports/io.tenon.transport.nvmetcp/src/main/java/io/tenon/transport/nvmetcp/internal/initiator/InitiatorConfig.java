package io.tenon.transport.nvmetcp.internal.initiator;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** PID {@code io.tenon.transport.nvmetcp.initiator}. */
@ObjectClassDefinition(
    name = "Tenon NVMe/TCP initiator",
    description = "How this node reaches devices of other nodes")
public @interface InitiatorConfig {
  @AttributeDefinition(
      description =
          "Most time for an I/O, such as 5s; 0 for no limit. Environment NVME_TIMEOUT, or"
              + " NVME_TIMEOUT_US in microseconds, comes before it")
  String io_timeout() default "5s";

  @AttributeDefinition(
      description =
          "Most time for an admin command; 0 for no limit. Environment NVME_TIMEOUT_ADMIN, or"
              + " NVME_TIMEOUT_ADMIN_US, comes before it")
  String admin_timeout() default "5s";

  @AttributeDefinition(
      description =
          "Keep-alive; 0 for none. Environment NVME_KATO, or NVME_KATO_MS, comes before it")
  String keep_alive() default "10s";

  @AttributeDefinition(
      description =
          "Most time for a TCP connection. Environment NVMF_FABRICS_CONNECT_TIMEOUT, in"
              + " microseconds, comes before it")
  String connect_timeout() default "1s";

  @AttributeDefinition(
      description =
          "I/O waits this long for a lost connection to come back, milliseconds. 0: it fails at once,"
              + " which is what a nexus above wants",
      min = "0")
  long reconnect_hold_ms() default 0;

  @AttributeDefinition(description = "First pause between attempts to reconnect", min = "1")
  long reconnect_delay_ms() default 500;

  @AttributeDefinition(
      description = "Longest pause between attempts to reconnect; each is twice the one before",
      min = "1")
  long reconnect_max_delay_ms() default 10_000;

  @AttributeDefinition(
      description =
          "A connection that is lost for so long is given up and its device fails for good,"
              + " milliseconds; 0: never",
      min = "0")
  long give_up_ms() default 60_000;

  @AttributeDefinition(description = "Entries of each I/O queue", min = "2", max = "1024")
  int queue_depth() default 128;

  @AttributeDefinition(
      description = "NQN of this node as a host; empty: made from its host id. Environment HOSTNQN")
  String host_nqn() default "";

  @AttributeDefinition(
      description =
          "Host id, a uuid; empty: another one at each start. Environment MAYASTOR_NVMF_HOSTID")
  String host_id() default "";
}
