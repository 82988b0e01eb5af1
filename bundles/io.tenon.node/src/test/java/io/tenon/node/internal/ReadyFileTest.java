package io.tenon.node.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadyFileTest {
  @TempDir private Path folder;

  @Test
  void saysWhereTheNodeListens() throws IOException {
    var file = new ReadyFile(folder.resolve("ready.json"));
    var addresses = new LinkedHashMap<String, String>();
    addresses.put("grpc", "127.0.0.1:10124");
    addresses.put("nvme", "[::1]:8420");
    file.write(17, 0.834, addresses);
    assertEquals(
        "{\"pid\": 17, \"ready_seconds\": 0.83, \"grpc\": \"127.0.0.1:10124\", \"nvme\": \"[::1]:8420\"}\n",
        Files.readString(file.path()));
    file.delete();
    file.delete();
    assertFalse(Files.exists(file.path()));
  }

  @Test
  void leavesNothingBesideIt() throws IOException {
    new ReadyFile(folder.resolve("ready.json")).write(1, 1, Map.of());
    try (var files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void quotesWhatWouldEndAString() {
    assertEquals(
        "{\"pid\": 1, \"ready_seconds\": 1.00, \"a\\\"\": \"b\\\\\"}\n",
        ReadyFile.json(1, 1, Map.of("a\"", "b\\")));
  }
}
