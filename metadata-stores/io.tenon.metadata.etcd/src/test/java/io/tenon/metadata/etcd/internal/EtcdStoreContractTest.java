package io.tenon.metadata.etcd.internal;

import io.tenon.metadata.testing.EtcdServer;
import io.tenon.metadata.testing.MetadataStoreContract;
import io.tenon.metadata.testing.StoreBench;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
@EnabledIf(
    value = "io.tenon.metadata.testing.EtcdServer#isInstalled",
    disabledReason = EtcdServer.NOT_INSTALLED)
class EtcdStoreContractTest extends MetadataStoreContract {
  @TempDir static Path folder;
  private static EtcdServer server;

  @BeforeAll
  static void start() throws Exception {
    server = new EtcdServer(folder);
  }

  @AfterAll
  static void stop() throws Exception {
    if (server != null) server.close();
  }

  @Override
  protected StoreBench open() throws Exception {
    return new EtcdBench(server);
  }
}
