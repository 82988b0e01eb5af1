package io.tenon.ssh.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * What each user has typed, in a file that only the node's user reads.
 *
 * @param directory made when it is missing
 */
record Histories(Path directory) {
  /**
   * @param user a name out of {@link AuthorizedKeys}, which is one of a file as well
   */
  Path of(String user) throws IOException {
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    Path file = directory.resolve(user);
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (FileAlreadyExistsException e) {
      return file; // from the last time
    }
    return file;
  }
}
