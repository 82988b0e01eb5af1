package io.tenon.transport.nvmetcp.internal.initiator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class InitiatorOptionsTest {
  private static InitiatorOptions with(Map<String, String> environment) {
    return InitiatorOptions.of(TestInitiatorConfig.with(Map.of()), environment::get);
  }

  @Test
  void defaultsAreMayastors() {
    var options = with(Map.of());
    assertEquals(TimeUnit.SECONDS.toNanos(5), options.ioTimeoutNs());
    assertEquals(TimeUnit.SECONDS.toNanos(5), options.adminTimeoutNs());
    assertEquals(10_000, options.keepAliveMs());
    assertEquals(TimeUnit.SECONDS.toNanos(1), options.connectTimeoutNs());
    assertEquals(0, options.holdNs());
    assertTrue(options.hostNqn().startsWith("nqn.2019-05.io.openebs:uuid:"));
  }

  @Test
  void theEnvironmentComesFirstAndOldNamesTakePlainNumbers() {
    var options =
        with(
            Map.of(
                "NVME_TIMEOUT", "110s",
                "NVME_TIMEOUT_US", "1",
                "NVME_TIMEOUT_ADMIN_US", "30000000",
                "NVME_KATO_MS", "2500",
                "NVMF_FABRICS_CONNECT_TIMEOUT", "3000000",
                "HOSTNQN", "nqn.2019-05.io.openebs:node-name:n1",
                "MAYASTOR_NVMF_HOSTID", "5c0ffee0-0000-4000-8000-00000000abcd"));
    assertEquals(TimeUnit.SECONDS.toNanos(110), options.ioTimeoutNs());
    assertEquals(TimeUnit.SECONDS.toNanos(30), options.adminTimeoutNs());
    assertEquals(2500, options.keepAliveMs());
    assertEquals(TimeUnit.SECONDS.toNanos(3), options.connectTimeoutNs());
    assertEquals("nqn.2019-05.io.openebs:node-name:n1", options.hostNqn());
    assertEquals("5c0ffee0-0000-4000-8000-00000000abcd", options.hostId().toString());
  }

  @Test
  void badValuesKeepTheDefault() {
    var options = with(Map.of("NVME_TIMEOUT", "soon", "MAYASTOR_NVMF_HOSTID", "me"));
    assertEquals(TimeUnit.SECONDS.toNanos(5), options.ioTimeoutNs());
    assertEquals(4, options.hostId().version());
  }
}
