package io.tenon.launcher;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * An option's value and where it came from, so that a refusal names the place to correct.
 *
 * @param from as a person would say it: {@code --grpc}, {@code TENON_GRPC}, {@code grpc in etc/tenon-node.properties}
 */
record Given(String value, String from) {
  RefusedException refused(String why, String remedy) {
    return new RefusedException(
        "The node was not started: " + from + " is \"" + value + "\".", why, remedy);
  }

  Path path() throws RefusedException {
    try {
      return Path.of(value);
    } catch (InvalidPathException e) {
      throw refused("It is no path: " + e.getReason() + ".", "Give the path of a folder.");
    }
  }
}
