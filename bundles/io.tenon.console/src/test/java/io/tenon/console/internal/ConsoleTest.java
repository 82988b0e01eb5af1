package io.tenon.console.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.error.TenonException;
import java.lang.annotation.Annotation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleTest {
  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "10.0.0.7", "::", "192.168.1.1"})
  void withoutTlsItListensForTheMachineOnly(String address) {
    var refused = assertThrows(TenonException.class, () -> Console.http(config(address, "", "")));
    assertTrue(refused.getMessage().contains("keystore"), refused.getMessage());
  }

  @Test
  void onTheMachineItListensWithoutTls() throws Exception {
    var http = Console.http(config("127.0.0.1", "", ""));
    assertEquals("127.0.0.1", http.get("org.apache.felix.http.host"));
    assertEquals(true, http.get("org.apache.felix.http.enable"));
    assertEquals(false, http.get("org.apache.felix.https.enable"));
    assertEquals(8425, http.get("org.osgi.service.http.port"));
  }

  @Test
  void withAKeystoreItListensByTlsOnly(@TempDir Path folder) throws Exception {
    Path secret = Files.writeString(folder.resolve("secret"), "changeit\n");
    Map<String, Object> http = Console.http(config("0.0.0.0", "/k.p12", secret.toString()));
    assertEquals(false, http.get("org.apache.felix.http.enable"));
    assertEquals(true, http.get("org.apache.felix.https.enable"));
    assertEquals("changeit", http.get("org.apache.felix.https.keystore.password"));
    assertFalse(http.containsKey("org.osgi.service.http.port"));
  }

  @Test
  void aPasswordFileThatIsMissingIsNamed() {
    var config = config("0.0.0.0", "/k.p12", "/no/such/file");
    var refused = assertThrows(TenonException.class, () -> Console.http(config));
    assertTrue(refused.getMessage().contains("/no/such/file"), refused.getMessage());
  }

  @SuppressWarnings("BadAnnotationImplementation") // asked for its values only
  private static ConsoleConfig config(String address, String keystore, String passwordFile) {
    return new ConsoleConfig() {
      @Override
      public Class<? extends Annotation> annotationType() {
        return ConsoleConfig.class;
      }

      @Override
      public String address() {
        return address;
      }

      @Override
      public int port() {
        return 8425;
      }

      @Override
      public String[] hosts() {
        return new String[0];
      }

      @Override
      public String keystore() {
        return keystore;
      }

      @Override
      public String keystore_password_file() {
        return passwordFile;
      }
    };
  }
}
