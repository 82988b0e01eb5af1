package io.tenon.ssh.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that list who may log in. One that others than its owner may write to lets nobody in: it would be no list of the
 * node's administrator.
 *
 * @param paths in the order in which they are read
 */
record KeyFiles(List<Path> paths) {
  private static final Logger log = LoggerFactory.getLogger(KeyFiles.class);
  private static final Set<PosixFilePermission> OTHERS_WRITE =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  /** What would be read from the files now, cheaply: it changes when they do. */
  List<String> stamp() {
    var stamp = new ArrayList<String>();
    for (Path path : paths) {
      try {
        var file = Files.readAttributes(path, PosixFileAttributes.class);
        stamp.add(
            file.fileKey()
                + " "
                + file.lastModifiedTime()
                + " "
                + file.size()
                + " "
                + file.permissions());
      } catch (IOException e) {
        stamp.add(""); // not there, as most of the time
      }
    }
    return stamp;
  }

  AuthorizedKeys read() {
    var keys = new AuthorizedKeys();
    for (Path path : paths) {
      try {
        var file = Files.readAttributes(path, PosixFileAttributes.class);
        if (isOpenToOthers(file)) {
          keys.complaints()
              .add(
                  "%s lets nobody in: others than its owner %s may write to it. Say chmod go-w %s."
                      .formatted(path, file.owner().getName(), path));
        } else {
          keys.add(path.toString(), Files.readAllLines(path));
        }
      } catch (NoSuchFileException e) {
        log.debug("{} is not there and lists nobody", path);
      } catch (IOException e) {
        keys.complaints().add("%s lets nobody in: it cannot be read (%s).".formatted(path, e));
      }
    }
    return keys;
  }

  private static boolean isOpenToOthers(PosixFileAttributes file) throws IOException {
    String owner = file.owner().getName();
    String self = Files.getOwner(Path.of("/proc/self"), LinkOption.NOFOLLOW_LINKS).getName();
    boolean ours = owner.equals(self) || owner.equals("root");
    return !ours || file.permissions().stream().anyMatch(OTHERS_WRITE::contains);
  }
}
