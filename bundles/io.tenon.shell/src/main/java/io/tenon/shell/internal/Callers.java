package io.tenon.shell.internal;

import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import org.apache.felix.service.command.CommandSession;

/** Who speaks in a session of Gogo's. */
final class Callers {
  /** Kept where the session's variables are, as Gogo runs the parts of a line on several threads. */
  private static final String KEY = ".tenon.caller";

  /** Of a session that was not made here. Whoever has one can reach everything anyway. */
  private static final Caller NOBODY = new Caller("", Role.ADMIN, "gogo", "", "");

  private Callers() {}

  static void remember(CommandSession session, Caller caller) {
    session.put(KEY, caller);
  }

  static Caller of(CommandSession session) {
    return session.get(KEY) instanceof Caller caller ? caller : NOBODY;
  }

  /** For people, in one line: {@code ann (ssh, 10.0.0.9)}. */
  static String text(Caller caller) {
    if (caller.user().isEmpty()) return "a session of the Felix shell";
    String from = caller.address().isEmpty() ? "" : ", " + caller.address();
    return "%s (%s%s)".formatted(caller.user(), caller.via(), from);
  }
}
