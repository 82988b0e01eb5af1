package io.tenon.shell.internal;

import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Converter;

/** The language of admins: all that Gogo can do. Variables are the session's own. */
final class Gogo implements Language {
  /** What only looks, of the commands that are not Tenon's; whatever is not here is taken for a change. */
  private static final Set<String> LOOKING =
      Set.of(
          "lb", "felix:lb", "felix:help", "headers", "felix:headers", "inspect", "felix:inspect");

  /** Gogo turns standard error of a command's thread to its session; what is logged there belongs into the node's log all the same. */
  private static final PrintStream NODES_LOG =
      new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);

  private final Caller caller;
  private final Nouns nouns;
  private final CommandSession session;

  Gogo(Caller caller, CommandProcessor processor, Nouns nouns, PrintStream out) {
    this.caller = caller;
    this.nouns = nouns;
    this.session = processor.createSession(new ByteArrayInputStream(new byte[0]), out, NODES_LOG);
    Callers.remember(session, caller);
    // Not every scope: a bare word must never choose among the verbs of all nouns.
    session.put("SCOPE", "tenon:gogo:felix");
    // Without a directory Gogo takes ? and * as they are: a URI is no pattern of file names.
    session.currentDir(null);
  }

  @Override
  public Role needs(String line) {
    Role needed = Words.role(nouns, line, Role.ADMIN);
    return needed == Role.ADMIN && looks(line) ? Role.VIEWER : needed;
  }

  private static boolean looks(String line) {
    try {
      return LOOKING.contains(PlainLine.words(line).getFirst());
    } catch (Refused e) {
      return false; // it has syntax, and so can do anything
    }
  }

  @Override
  public void run(String line) throws Exception {
    try {
      if (Words.asksWho(line)) {
        session.getConsole().println(Words.who(caller));
        return;
      }
      Object result = session.execute(line);
      if (result != null) {
        session.getConsole().println(session.format(result, Converter.INSPECT));
      }
    } finally {
      session.getConsole().flush();
    }
  }

  @Override
  public void close() {
    session.close();
  }
}
