package io.tenon.transport.nvmetcp.internal.target;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.TenonException;
import io.tenon.nvme.Transport;
import io.tenon.nvme.TransportType;
import io.tenon.nvme.internal.Target;
import io.tenon.transport.nvmetcp.internal.TestReactors;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetPortTest {
  private static TestTargetConfig config(String address, int depth, int maxIo, int capsule) {
    return new TestTargetConfig(address, 0, depth, maxIo, capsule);
  }

  @Test
  void aPortInUseIsNamed() throws Exception {
    try (var reactors = new Reactors()) {
      var target = new Target("", 4, "test");
      var options = TargetOptions.of(TestTargetConfig.ofDepth(32), name -> null, 131_072);
      var first = new TargetPort(reactors.service, target, options);
      int port = first.listening().get(0).getPort();
      var same = TargetOptions.of(TestTargetConfig.ofDepth(32).at(port), name -> null, 131_072);
      var refused =
          assertThrows(TenonException.class, () -> new TargetPort(reactors.service, target, same));
      assertTrue(refused.getMessage().contains("already in use"), refused.getMessage());
      assertTrue(refused.getMessage().contains(":" + port), refused.getMessage());
      Transport transport = first;
      assertEquals(TransportType.TCP, transport.type());
      assertEquals("nvmf+tcp", transport.uriScheme());
      first.close();
    }
  }

  private static final class Reactors implements AutoCloseable {
    final io.tenon.reactor.internal.ReactorService service;

    Reactors() throws Exception {
      service = TestReactors.one();
    }

    @Override
    public void close() throws Exception {
      service.close();
    }
  }

  @Test
  void theEnvironmentComesBeforeTheConfigurationUnlessItIsWrong() throws Exception {
    var set = Map.of("NVMF_TCP_MAX_QUEUE_DEPTH", "128", "NVMF_TCP_MAX_QPAIRS_PER_CTRL", "many");
    var limits = TargetOptions.of(TestTargetConfig.ofDepth(64), set::get, 131_072).limits();
    assertEquals(128, limits.maxQueueDepth());
    assertEquals(32, limits.maxQueues());
  }

  @ParameterizedTest
  @CsvSource({
    "nohost, 32, 131072, 4096, address",
    "127.0.0.1, 1, 131072, 4096, max_queue_depth",
    "127.0.0.1, 32, 100000, 4096, max_io_bytes",
    "127.0.0.1, 32, 262144, 4096, max_io_bytes",
    "127.0.0.1, 32, 131072, 100, in_capsule_bytes"
  })
  void whatIsNotAllowedIsNamed(String address, int depth, int maxIo, int capsule, String name) {
    var refused =
        assertThrows(
            TenonException.class,
            () -> TargetOptions.of(config(address, depth, maxIo, capsule), v -> null, 131_072));
    assertTrue(refused.why().startsWith(name + " is "), refused.why());
  }
}
