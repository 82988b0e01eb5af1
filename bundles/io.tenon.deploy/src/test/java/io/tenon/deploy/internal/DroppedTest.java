package io.tenon.deploy.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DroppedTest {
  private static final String NAME = "org.example.disk";
  private static final List<String> NAMES = List.of(NAME, NAME + ".fast", "org.example.other");

  @TempDir private Path folder = Path.of("");

  private Optional<String> found(String file, byte[] content) throws IOException {
    return Dropped.bundleOf(Files.write(folder.resolve(file), content), NAMES);
  }

  private static byte[] jar(String symbolicName) throws IOException {
    var manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Bundle-SymbolicName", symbolicName);
    var bytes = new ByteArrayOutputStream();
    try (var jar = new JarOutputStream(bytes, manifest)) {
      jar.putNextEntry(new ZipEntry("content"));
      jar.write(new byte[10_000]);
    }
    return bytes.toByteArray();
  }

  @Test
  void aBundleIsWhatItsManifestSaysWhateverItsFilesName() throws IOException {
    assertEquals(Optional.of(NAME), found("x.jar", jar(NAME + ";singleton:=true")));
    assertEquals(Optional.empty(), found(NAME + "-2.jar", jar("org.example.unknown")));
  }

  @Test
  void oneThatIsCutOffIsStillKnown() throws IOException {
    byte[] whole = jar(NAME);
    assertEquals(Optional.of(NAME), found("x.jar", Arrays.copyOf(whole, whole.length - 40)));
  }

  @Test
  void rubbishIsWhatItsFileIsCalled() throws IOException {
    assertEquals(Optional.of(NAME), found(NAME + "-2.0.0.jar", new byte[100]));
    assertEquals(Optional.of(NAME + ".fast"), found(NAME + ".fast-1.jar", new byte[100]));
    assertEquals(Optional.empty(), found("x.jar", new byte[100]));
  }

  @Test
  void whatIsNoJarIsNobodys() throws IOException {
    assertEquals(Optional.empty(), found(NAME + "-2.0.0.jar.new", jar(NAME)));
  }
}
