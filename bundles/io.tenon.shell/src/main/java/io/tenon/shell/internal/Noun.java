package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import io.tenon.shell.api.ShellSession;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A command of the shell named after a thing, with a verb for each thing to do: {@code tenon:device list}. The verbs are the
 * methods of a class annotated for picocli, which parses, prints help and knows what can be completed. A command for one thing to do
 * has no verbs; the class runs then.
 */
abstract class Noun {
  private static final Logger log = LoggerFactory.getLogger(Noun.class);
  private static final int WIDTH = 100;

  /** The default of picocli's {@link Command#name}. */
  private static final String UNNAMED = "<main class>";

  private @Nullable Names names;
  private @Nullable CommandLine model;

  /** Makes the object whose methods are the verbs, for one call. */
  abstract Object verbs(Output output);

  /** The same, for those who keep who said it. */
  Object verbs(Output output, Caller caller) {
    return verbs(output);
  }

  /** Name of the command, with its scope: {@code tenon:device}. */
  final String name() {
    return look().command();
  }

  /** Name of the thing: {@code device}. */
  final String noun() {
    return look().noun();
  }

  final Set<String> verbs() {
    return look().verbs().keySet();
  }

  /** Those that the role may use. */
  final Stream<String> verbs(Role role) {
    return look().verbs().entrySet().stream()
        .filter(verb -> role.covers(verb.getValue()))
        .map(Map.Entry::getKey);
  }

  /** Whether there is anything in it for the role. */
  final boolean isFor(Role role) {
    return verbs().isEmpty() ? role.covers(look().role()) : verbs(role).findAny().isPresent();
  }

  /**
   * The least role that may say this. Only {@link #run} decides; options may need more.
   *
   * @param words of a line that this {@link #answersTo}
   */
  final Role needs(List<String> words) {
    if (verbs().isEmpty()) return look().role();
    var spelledOut = spelledOut(words);
    var verb = spelledOut.size() < 2 ? null : look().verbs().get(spelledOut.get(1));
    return verb == null ? Role.VIEWER : verb; // nothing but help and complaints without a verb
  }

  /** In one sentence. */
  final String description() {
    return look().description();
  }

  private synchronized Names look() {
    var known = names;
    if (known == null) names = known = Names.of(verbs(nowhere()).getClass());
    return known;
  }

  /**
   * @param word that begins a line: {@code tenon:device}, {@code device} or {@code device:list}
   */
  final boolean answersTo(String word) {
    return word.equals(name()) || word.equals(noun()) || word.startsWith(noun() + ":");
  }

  /** {@code device:list scratch} as {@code tenon:device list scratch}; other lines as they are. */
  final List<String> spelledOut(List<String> words) {
    String prefix = noun() + ":";
    if (!words.getFirst().startsWith(prefix)) return words;
    var spelledOut = new ArrayList<>(words);
    spelledOut.set(0, words.getFirst().substring(prefix.length()));
    spelledOut.addFirst(name());
    return spelledOut;
  }

  /** What the positional parameters of a verb can be now. */
  List<String> names(String verb) {
    return List.of();
  }

  /** To look into, not to run. */
  private synchronized CommandLine model() {
    var known = model;
    if (known == null) model = known = line(verbs(nowhere()), nowhere());
    return known;
  }

  private static Output nowhere() {
    return new Output(new PrintWriter(Writer.nullWriter()));
  }

  private static CommandLine line(Object verbs, Output output) {
    var line = new CommandLine(verbs);
    // @FILE would print what is in any file of this machine, in the complaint that it is no option.
    line.setExpandAtFiles(false);
    line.registerConverter(Size.class, new Size.Converter());
    line.setUsageHelpWidth(WIDTH).setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    line.getCommandSpec().addOption(help());
    if (line.getSubcommands().isEmpty()) {
      line.getCommandSpec().addMixin("output", CommandSpec.forAnnotatedObject(output));
    }
    for (var verb : line.getSubcommands().values()) {
      verb.getCommandSpec().addOption(help());
      verb.getCommandSpec().addMixin("output", CommandSpec.forAnnotatedObject(output));
    }
    return line;
  }

  private static OptionSpec help() {
    return OptionSpec.builder("-h", "--help")
        .usageHelp(true)
        .description("Show this help.")
        .build();
  }

  /**
   * Does what the words say.
   *
   * @param caller says them; what is held against the role is what the words were understood as
   * @throws Refused when they are not understood, the role may not, or what they ask for fails
   * @throws Ended when they are done, and the answer is one that scripts may not miss
   */
  final void run(PrintStream console, Object[] words, Caller caller) throws Exception {
    var out = new PrintWriter(console, true, StandardCharsets.UTF_8);
    var thrown = new AtomicReference<Exception>();
    var output = new Output(out);
    var line = line(verbs(output, caller), output).setOut(out).setErr(out);
    line.setExecutionStrategy(
        understood -> {
          try {
            Permission.check(understood, caller.role());
          } catch (Refused e) {
            thrown.set(e);
            return ShellSession.NOT_ALLOWED;
          }
          return new CommandLine.RunLast().execute(understood);
        });
    line.setParameterExceptionHandler(
        (e, _) -> {
          thrown.set(new Refused(misuse(e), Refused.NOT_UNDERSTOOD));
          return e.getCommandLine().getCommandSpec().exitCodeOnInvalidInput();
        });
    line.setExecutionExceptionHandler(
        (e, _, _) -> {
          thrown.set(refusal(e));
          return 1;
        });
    boolean lost = words.length == 0 && !verbs().isEmpty();
    line.execute(lost ? new String[] {"--help"} : texts(words));
    out.flush();
    var failure = thrown.get();
    if (failure != null) throw failure;
  }

  /** To Gogo, the word null is no text but a value. */
  private static String[] texts(Object[] words) {
    return Arrays.stream(words).map(String::valueOf).toArray(String[]::new);
  }

  private static Exception refusal(Exception e) {
    if (e instanceof TenonException) return new Refused(String.valueOf(e.getMessage()));
    if (e instanceof Refused || e instanceof Ended) return e;
    if (e instanceof InterruptedException) return new Refused("The command was stopped.");
    log.error("A shell command failed by a bug", e);
    return new Refused(
        "The command failed by a bug of Tenon; the node's log has the details. " + e);
  }

  private static String misuse(CommandLine.ParameterException e) {
    String sentence = String.valueOf(e.getMessage());
    if (!sentence.endsWith(".")) sentence += ".";
    return sentence + " Read " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help.";
  }

  /**
   * What the word at {@code index} can be.
   *
   * @param line that is typed; its first word is one that this {@link #answersTo}
   * @param index at least 1
   * @param role who may not use a verb is offered nothing of it
   */
  final List<String> candidates(List<String> line, int index, Role role) {
    if (!role.covers(needs(line))) return List.of();
    if (verbs().isEmpty()) return candidates(model().getCommandSpec(), "", line, index, 1);
    var words = spelledOut(line);
    int typed = index + words.size() - line.size();
    if (typed <= 1) return verbs(role).toList();
    var verb = model().getSubcommands().get(words.get(1));
    if (verb == null) return List.of();
    return candidates(verb.getCommandSpec(), words.get(1), words, typed, Integer.MAX_VALUE);
  }

  /**
   * @param lastNamed index of the last word that can be a name
   */
  private List<String> candidates(
      CommandSpec command, String verb, List<String> words, int typed, int lastNamed) {
    if (typed < words.size() && words.get(typed).startsWith("-")) {
      return command.options().stream().map(OptionSpec::longestName).toList();
    }
    return typed <= lastNamed ? names(verb) : List.of();
  }

  /**
   * What is asked of every noun while a node starts; reading the annotations costs a hundredth of having picocli model them.
   *
   * @param role that the command needs when it has no verbs
   * @param verbs and the role that each needs
   */
  private record Names(
      String command, String noun, String description, Role role, Map<String, Role> verbs) {
    static Names of(Class<?> type) {
      var command = type.getAnnotation(Command.class);
      String name = command.name();
      return new Names(
          name,
          name.substring(name.indexOf(':') + 1),
          String.join(" ", command.description()),
          Permission.roleOf(type),
          Arrays.stream(type.getDeclaredMethods())
              .filter(method -> method.isAnnotationPresent(Command.class))
              .collect(Collectors.toUnmodifiableMap(Names::verb, Permission::roleOf)));
    }

    private static String verb(Method method) {
      var name = method.getAnnotation(Command.class).name();
      return name.equals(UNNAMED) ? method.getName() : name;
    }
  }
}
