package io.tenon.engine.internal;

import io.grpc.StatusException;
import java.util.UUID;

/** Uuids of requests. */
final class Uuids {
  private Uuids() {}

  /**
   * Only the 36 characters that people write: {@link UUID#fromString} would take {@code 1-2-3-4-5} too, and cut off what is
   * too long for its part.
   */
  static UUID parse(String text) throws StatusException {
    try {
      var uuid = UUID.fromString(text);
      if (uuid.toString().equalsIgnoreCase(text)) return uuid;
    } catch (IllegalArgumentException e) {
      throw Answers.invalid("Not a uuid: \"%s\" (%s).".formatted(text, e.getMessage()), e);
    }
    throw Answers.invalid("Not a uuid: \"%s\". Write all 36 characters.".formatted(text));
  }
}
