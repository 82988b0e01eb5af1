package io.tenon.shell.internal;

import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import io.tenon.shell.api.ShellSession;
import java.io.PrintStream;
import java.util.List;
import java.util.Set;

/**
 * The language of those who are no admins: a command of Tenon's and its words. It does not go through Gogo, so nothing of Gogo is to be
 * had by it: no variables, closures or pipes, no other bundle's commands, no object of which a method could be called.
 */
final class Words implements Language {
  private static final Set<String> HELP = Set.of("help", "tenon:help");
  private static final Set<String> WHO = Set.of("whoami", "tenon:whoami");

  private final Caller caller;
  private final Nouns nouns;
  private final HelpCommand help;
  private final PrintStream out;

  Words(Caller caller, Nouns nouns, HelpCommand help, PrintStream out) {
    this.caller = caller;
    this.nouns = nouns;
    this.help = help;
    this.out = out;
  }

  @Override
  public Role needs(String line) {
    return role(nouns, line, Role.VIEWER); // what is not understood is refused
  }

  /**
   * @param otherwise of a line that is no plain command of Tenon's
   */
  static Role role(Nouns nouns, String line, Role otherwise) {
    try {
      var words = PlainLine.words(line);
      if (words.isEmpty() || isHelp(words) || isWho(words)) return Role.VIEWER;
      return nouns.find(words.getFirst()).map(noun -> noun.needs(words)).orElse(otherwise);
    } catch (Refused e) {
      return otherwise;
    }
  }

  private static boolean isHelp(List<String> words) {
    return HELP.contains(words.getFirst());
  }

  private static boolean isWho(List<String> words) {
    return words.size() == 1 && WHO.contains(words.getFirst());
  }

  static boolean asksWho(String line) {
    return WHO.contains(line.strip());
  }

  static String who(Caller caller) {
    return caller.user() + ", " + caller.role().word();
  }

  @Override
  public void run(String line) throws Exception {
    var words = PlainLine.words(line);
    if (words.isEmpty()) return;
    try {
      if (isHelp(words)) help.print(out, words.subList(1, words.size()), caller);
      else if (isWho(words)) out.println(who(caller));
      else command(words);
    } finally {
      out.flush();
    }
  }

  private void command(List<String> words) throws Exception {
    var noun =
        nouns
            .find(words.getFirst())
            .orElseThrow(
                () ->
                    new Refused(
                        "There is no command %s for role %s. help lists those that there are."
                            .formatted(words.getFirst(), caller.role().word()),
                        ShellSession.NOT_ALLOWED));
    noun.run(out, noun.spelledOut(words).stream().skip(1).toArray(), caller);
  }

  @Override
  public void close() {
    // nothing is held
  }
}
