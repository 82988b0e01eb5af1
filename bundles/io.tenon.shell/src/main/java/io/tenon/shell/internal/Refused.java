package io.tenon.shell.internal;

/** A command was not done. The message is what people read. */
final class Refused extends Exception {
  private static final long serialVersionUID = 1;

  Refused(String message) {
    super(message, null, false, false);
  }
}
