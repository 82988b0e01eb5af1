package io.tenon.node.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
  @TempDir private Path etc;

  private void file(String name, String text) throws IOException {
    Files.writeString(etc.resolve(name), text);
  }

  @Test
  void optionsAndFilesMakeOneConfigurationForEachComponent() throws IOException {
    file("io.tenon.engine.cfg", "max = 7 \n");
    file("io.tenon.other~one.cfg", "a=b\n");
    var read = Configuration.read("io.tenon.engine/port=1\nio.tenon.reactor/cores=0", etc);
    assertEquals(
        Map.of(
            "io.tenon.engine", Map.of("max", "7", "port", "1"),
            "io.tenon.other~one", Map.of("a", "b"),
            "io.tenon.reactor", Map.of("cores", "0")),
        read.byPid());
    assertEquals(List.of(), read.complaints());
  }

  @Test
  void anOptionBeatsAFileAndTheLoserIsNamed() throws IOException {
    file("io.tenon.engine.cfg", "port=2\n");
    var read = Configuration.read("io.tenon.engine/port=1", etc);
    assertEquals(Map.of("port", "1"), read.byPid().get("io.tenon.engine"));
    assertEquals(1, read.complaints().size());
    assertTrue(read.complaints().getFirst().contains("port=2"), read.complaints()::toString);
  }

  @Test
  void aFileThatCannotBeReadLeavesTheOthersAlone() throws IOException {
    Files.write(etc.resolve("a.cfg"), "x=\\u00zz".getBytes(StandardCharsets.ISO_8859_1));
    file("b.cfg", "x=1");
    var read = Configuration.read("", etc);
    assertEquals(Map.of("b", Map.of("x", "1")), read.byPid());
    assertTrue(read.complaints().getFirst().contains("a.cfg"), read.complaints()::toString);
  }

  @Test
  void otherFilesAndAMissingFolderAreNoConfiguration() throws IOException {
    file("logback.xml", "<configuration/>");
    assertEquals(Map.of(), Configuration.read("", etc).byPid());
    assertEquals(Map.of(), Configuration.read("", etc.resolve("none")).byPid());
  }
}
