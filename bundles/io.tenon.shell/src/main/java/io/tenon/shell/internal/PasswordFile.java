package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of passwords' hashes, read again when it has changed. Only its owner may read it; one that others may read or write lets
 * nobody in. It appears whole or not at all.
 */
final class PasswordFile {
  private static final Logger log = LoggerFactory.getLogger(PasswordFile.class);
  private static final Set<PosixFilePermission> OWNERS =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final Path path;
  private String stamp = "";
  private Map<String, PasswordHash> byUser = Map.of();

  PasswordFile(Path path) {
    this.path = path;
  }

  Path path() {
    return path;
  }

  /** In the order of their names. */
  synchronized Map<String, PasswordHash> read() {
    String now = stamp();
    if (!now.equals(stamp)) {
      stamp = now;
      byUser = now.isEmpty() ? Map.of() : load();
    }
    return byUser;
  }

  /** What is there now, cheaply: it changes when the file does. */
  private String stamp() {
    try {
      var file = Files.readAttributes(path, PosixFileAttributes.class);
      return file.fileKey()
          + " "
          + file.lastModifiedTime()
          + " "
          + file.size()
          + " "
          + file.permissions();
    } catch (NoSuchFileException e) {
      return ""; // as most of the time
    } catch (IOException e) {
      return e.toString();
    }
  }

  private Map<String, PasswordHash> load() {
    try {
      if (isOpenToOthers()) {
        log.warn(
            "{} lets nobody in: others than the node's user may read or write it. Say chmod 600 {}, and give everybody in it a new password.",
            path,
            path);
        return Map.of();
      }
      return parse(Files.readAllLines(path));
    } catch (IOException e) {
      log.warn("{} lets nobody in: it cannot be read ({}).", path, e.toString());
      return Map.of();
    }
  }

  private Map<String, PasswordHash> parse(List<String> lines) {
    var found = new TreeMap<String, PasswordHash>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) continue;
      var one = PasswordHash.parse(line);
      // The line itself is not told: the log is for more eyes than the file.
      if (one.isEmpty()) {
        log.warn("{}, line {}, lets nobody in: it is not of tenon:user's making.", path, i + 1);
      } else if (found.putIfAbsent(one.get().user(), one.get()) != null) {
        log.warn("{}, line {}, is passed over: it names {} again.", path, i + 1, one.get().user());
      }
    }
    return Collections.unmodifiableMap(found);
  }

  private boolean isOpenToOthers() throws IOException {
    var file = Files.readAttributes(path, PosixFileAttributes.class);
    String owner = file.owner().getName();
    String self = Files.getOwner(Path.of("/proc/self"), LinkOption.NOFOLLOW_LINKS).getName();
    boolean ours = owner.equals(self) || owner.equals("root");
    return !ours || !OWNERS.containsAll(file.permissions());
  }

  /** Whoever is not among them has no password any more. */
  synchronized void write(Collection<PasswordHash> all) throws TenonException {
    var text =
        new StringBuilder("# Of tenon:user. Who reads this can guess passwords at leisure.\n");
    for (PasswordHash one : all) text.append(one.line()).append('\n');
    Path next = path.resolveSibling(path.getFileName() + ".new");
    try {
      Files.createDirectories(path.getParent());
      Files.deleteIfExists(next);
      Files.createFile(next, PosixFilePermissions.asFileAttribute(OWNERS));
      try (var file = FileChannel.open(next, StandardOpenOption.WRITE)) {
        var bytes = StandardCharsets.UTF_8.encode(text.toString());
        while (bytes.hasRemaining()) file.write(bytes);
        file.force(true);
      }
      Files.move(next, path, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new TenonException(
          "The passwords were not changed: " + path + " cannot be written.",
          e + ".",
          "Make the folder writable for the node's user.",
          e);
    }
    stamp = "";
  }
}
