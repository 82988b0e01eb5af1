package io.tenon.assembly;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.zip.GZIPOutputStream;

/**
 * A tar file (POSIX.1-1988, "ustar"). The same content gives the same bytes: entries come as they are added, all by one owner and at one
 * moment. Folders, files and symbolic links only.
 */
final class Archive implements AutoCloseable {
  private static final int BLOCK_BYTES = 512;
  private static final int NAME_BYTES = 100;

  /** 2026-01-01, as in jars (project.build.outputTimestamp). */
  private static final long MOMENT_SECONDS = 1_767_225_600L;

  static final int PROGRAM = 0755;
  static final int FOLDER = 0755;
  static final int PLAIN = 0644;

  private final OutputStream out;
  private final int owner;

  /**
   * @param owner number of the user and of the group that everything belongs to
   */
  Archive(OutputStream out, int owner) {
    this.out = out;
    this.owner = owner;
  }

  static boolean isMeant(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(".tar") || isCompressed(file);
  }

  private static boolean isCompressed(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(".tar.gz") || name.endsWith(".tgz");
  }

  static Archive create(Path file) throws IOException {
    var out = Files.newOutputStream(file);
    return new Archive(isCompressed(file) ? new GZIPOutputStream(out) : out, 0);
  }

  /** A folder with all that is in it, by name. */
  void tree(Path folder, String name) throws IOException {
    tree(folder, name, _ -> true);
  }

  void tree(Path folder, String name, Predicate<Path> wanted) throws IOException {
    folder(name, FOLDER);
    List<Path> inside;
    try (var files = Files.list(folder)) {
      inside = files.filter(wanted).sorted().toList();
    }
    for (Path file : inside) {
      String inner = name + "/" + file.getFileName();
      if (Files.isDirectory(file)) tree(file, inner, wanted);
      else file(inner, Files.readAllBytes(file), Files.isExecutable(file) ? PROGRAM : PLAIN);
    }
  }

  void folder(String name, int mode) throws IOException {
    header(name + "/", 0, mode, '5', "");
  }

  void link(String name, String target) throws IOException {
    header(name, 0, 0777, '2', target);
  }

  void file(String name, byte[] content, int mode) throws IOException {
    header(name, content.length, mode, '0', "");
    out.write(content);
    out.write(new byte[-content.length & BLOCK_BYTES - 1]);
  }

  private void header(String name, int sizeBytes, int mode, char type, String target)
      throws IOException {
    var block = new byte[BLOCK_BYTES];
    name(block, name);
    octal(block, 100, 8, mode);
    octal(block, 108, 8, owner);
    octal(block, 116, 8, owner);
    octal(block, 124, 12, sizeBytes);
    octal(block, 136, 12, MOMENT_SECONDS);
    text(block, 148, 8, "        ");
    block[156] = (byte) type;
    text(block, 157, NAME_BYTES, target);
    text(block, 257, 8, "ustar\00000");
    int sum = 0;
    for (byte one : block) sum += Byte.toUnsignedInt(one);
    octal(block, 148, 7, sum);
    out.write(block);
  }

  /** A long one is split at a slash: what stands before it goes into a field of its own. */
  private static void name(byte[] block, String name) {
    int split = 0;
    while (name.length() - split > NAME_BYTES) {
      int slash = name.indexOf('/', split);
      if (slash < 0 || slash == name.length() - 1) {
        throw new IllegalArgumentException(name + " is too long for a tar file");
      }
      split = slash + 1;
    }
    text(block, 0, NAME_BYTES, name.substring(split));
    if (split > 0) text(block, 345, 155, name.substring(0, split - 1));
  }

  private static void octal(byte[] block, int at, int length, long value) {
    String digits = "%0" + (length - 1) + "o";
    text(block, at, length, String.format(Locale.ROOT, digits, value));
  }

  private static void text(byte[] block, int at, int length, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > length) throw new IllegalArgumentException(text + " is too long");
    System.arraycopy(bytes, 0, block, at, bytes.length);
  }

  @Override
  public void close() throws IOException {
    out.write(new byte[2 * BLOCK_BYTES]);
    out.close();
  }
}
