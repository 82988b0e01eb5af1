package io.tenon.transport.nvmetcp.internal.initiator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void anyEnvironmentGivesTimesThatCanBeWaited(long seed) {
    var names =
        List.of(
            "NVME_TIMEOUT",
            "NVME_TIMEOUT_US",
            "NVME_TIMEOUT_ADMIN",
            "NVME_TIMEOUT_ADMIN_US",
            "NVME_KATO",
            "NVME_KATO_MS",
            "NVMF_FABRICS_CONNECT_TIMEOUT",
            "HOSTNQN",
            "MAYASTOR_NVMF_HOSTID");
    var pieces =
        List.of("0", "5", "999999999999", "1234567890123", "s", "ms", "us", "h", "-", ".", " ", "");
    var random = new Random(seed);
    for (int i = 0; i < 1_000; i++) {
      var environment = new HashMap<String, String>();
      for (String name : names) {
        if (random.nextBoolean()) continue;
        var text = new StringBuilder();
        for (int left = random.nextInt(4); left > 0; left--) {
          text.append(pieces.get(random.nextInt(pieces.size())));
        }
        environment.put(name, text.toString());
      }
      var options = with(environment);
      assertTrue(options.ioTimeoutNs() >= 0, environment::toString);
      assertTrue(options.adminTimeoutNs() >= 0, environment::toString);
      assertTrue(options.keepAliveMs() >= 0, environment::toString);
      assertTrue(options.connectTimeoutNs() > 0, environment::toString);
    }
  }
}
