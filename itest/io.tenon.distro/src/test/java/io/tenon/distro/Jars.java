package io.tenon.distro;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

/** Bundles made of the distribution's by changing them. */
final class Jars {
  private Jars() {}

  /** The distribution's own. */
  static Path of(String symbolicName) {
    var folder = Path.of(System.getProperty("tenon.home")).toAbsolutePath().normalize();
    try (Stream<Path> files = Files.list(folder.resolve("bundles"))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(symbolicName + "-"))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @param headers that are other ones; an empty one is taken out, one that begins with a comma is added to
   * @param more classes of the test, with those inside them
   */
  static Path changed(String symbolicName, Path to, Map<String, String> headers, Class<?>... more)
      throws IOException {
    try (var good = new JarFile(of(symbolicName).toFile())) {
      var manifest = new Manifest(good.getManifest());
      headers.forEach((name, value) -> set(manifest.getMainAttributes(), name, value));
      try (var out = new JarOutputStream(Files.newOutputStream(to), manifest)) {
        for (JarEntry entry : (Iterable<JarEntry>) good.stream()::iterator) {
          if (entry.isDirectory() || entry.getName().equals(JarFile.MANIFEST_NAME)) continue;
          out.putNextEntry(new JarEntry(entry.getName()));
          good.getInputStream(entry).transferTo(out);
        }
        for (Class<?> type : more) add(type, out);
      }
    }
    return to;
  }

  /** A jar as it should be, with a class file that no machine loads. */
  static Path withBrokenClasses(Path jar, String simpleName) throws IOException {
    return withClass(
        jar,
        simpleName,
        content -> {
          content[10] = 99;
          return content;
        });
  }

  /** A jar as it should be, but for a method that does nothing and returns 0. */
  static Path withIdleMethod(Path jar, String simpleName, String method) throws IOException {
    var classFile = ClassFile.of();
    var idle =
        ClassTransform.transformingMethods(
            one -> one.methodName().equalsString(method),
            (builder, element) -> {
              if (element instanceof CodeModel) builder.withCode(code -> code.iconst_0().ireturn());
              else builder.with(element);
            });
    return withClass(
        jar, simpleName, content -> classFile.transformClass(classFile.parse(content), idle));
  }

  private static Path withClass(Path jar, String simpleName, UnaryOperator<byte[]> change)
      throws IOException {
    var broken = jar.resolveSibling("broken-" + jar.getFileName());
    try (var good = new JarFile(jar.toFile());
        var out = new JarOutputStream(Files.newOutputStream(broken), good.getManifest())) {
      for (JarEntry entry : (Iterable<JarEntry>) good.stream()::iterator) {
        if (entry.getName().equals(JarFile.MANIFEST_NAME)) continue;
        byte[] content = good.getInputStream(entry).readAllBytes();
        if (entry.getName().endsWith("/" + simpleName + ".class")) content = change.apply(content);
        out.putNextEntry(new JarEntry(entry.getName()));
        out.write(content);
      }
    }
    return broken;
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The same with a line more in the files of a folder; signatures are as they were. */
  static void withOtherContent(Path jar, Path to, String folder) throws IOException {
    try (var from = new JarFile(jar.toFile(), false);
        var out = new JarOutputStream(Files.newOutputStream(to))) {
      for (JarEntry entry : (Iterable<JarEntry>) from.stream()::iterator) {
        if (entry.isDirectory()) continue;
        out.putNextEntry(new JarEntry(entry.getName()));
        from.getInputStream(entry).transferTo(out);
        if (entry.getName().startsWith(folder)) out.write('\n');
      }
    }
  }

  private static void set(Attributes headers, String name, String value) {
    if (value.isEmpty()) headers.remove(new Attributes.Name(name));
    else if (value.startsWith(",")) headers.putValue(name, headers.getValue(name) + value);
    else headers.putValue(name, value);
  }

  private static void add(Class<?> type, JarOutputStream out) throws IOException {
    String file = type.getName().replace('.', '/') + ".class";
    out.putNextEntry(new JarEntry(file));
    try (var content = type.getClassLoader().getResourceAsStream(file)) {
      if (content == null) throw new IOException("no class file of " + type);
      content.transferTo(out);
    }
    for (Class<?> inner : type.getDeclaredClasses()) add(inner, out);
  }
}
