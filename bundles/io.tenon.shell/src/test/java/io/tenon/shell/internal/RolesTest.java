package io.tenon.shell.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.shell.api.Caller;
import io.tenon.shell.api.Role;
import io.tenon.shell.api.ShellSession;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.felix.gogo.runtime.CommandProcessorImpl;
import org.apache.felix.gogo.runtime.threadio.ThreadIOImpl;
import org.apache.felix.service.command.CommandSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What each role can say, and what those find who want more than their role may. */
@Timeout(60)
class RolesTest {
  private static final int DONE = ShellSession.DONE;
  private static final int NOT_ALLOWED = ShellSession.NOT_ALLOWED;

  @TempDir private Path folder;
  private final Gate gate = new Gate();
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private ThreadIOImpl streams;
  private CommandProcessorImpl gogo;
  private AuditTrail audit;
  private NodeShell shell;

  @BeforeEach
  void start() {
    streams = new ThreadIOImpl();
    streams.start();
    gogo = new CommandProcessorImpl(streams);
    gogo.addConstant("secret", "constant-of-gogo");
    gogo.addCommand("danger", new Danger(gate.done), "explode");
    audit = new AuditTrail(folder.resolve("audit"), Clock.systemUTC(), 1 << 20, 3);
    var nouns = new Nouns(List.of(gate));
    shell = new NodeShell(gogo, nouns, new HelpCommand(nouns), new Completion(nouns), audit);
  }

  @AfterEach
  void stop() throws Exception {
    audit.close();
    gogo.stop();
    streams.stop();
  }

  private ShellSession session(Role role) {
    screen.reset();
    return shell.open(new Caller("ann", role, "ssh", "10.0.0.9", "SHA256:k"), screen, screen);
  }

  private int say(Role role, String line) {
    try (var session = session(role)) {
      return session.execute(line);
    }
  }

  private String said() {
    return screen.toString(StandardCharsets.UTF_8);
  }

  private String log() throws IOException {
    Path file = folder.resolve("audit/commands.jsonl");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  @ParameterizedTest
  @CsvSource({
    "VIEWER, look, 0",
    "VIEWER, open, 4",
    "VIEWER, wreck, 4",
    "VIEWER, undeclared, 4",
    "OPERATOR, look, 0",
    "OPERATOR, open, 0",
    "OPERATOR, wreck, 4",
    "OPERATOR, undeclared, 4",
  })
  void aVerbIsForTheRoleThatItNames(Role role, String verb, int status) throws Exception {
    for (String line : List.of("tenon:gate " + verb, "gate:" + verb, "gate " + verb)) {
      gate.done.clear();
      assertEquals(status, say(role, line), line + said());
      assertEquals(status == DONE ? List.of(verb) : List.of(), gate.done, line);
      String result = status == DONE ? "done" : "refused";
      assertTrue(log().lines().toList().getLast().contains("\"result\":\"" + result + "\""), log());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gate look | danger:explode",
        "danger:explode",
        "explode",
        "gate look; danger:explode",
        "gate look && danger:explode",
        "gate look & danger:explode",
        "gate look || danger:explode",
        "gate look $(danger:explode)",
        "gate look \"$(danger:explode)\"",
        "gate look `danger:explode`",
        "(danger:explode)",
        "{danger:explode}",
        "x = {danger:explode}",
        "gate look\ndanger:explode",
        "gate look\rdanger:explode",
        "$secret",
        "echo $secret",
        "tenon:gate look $secret",
        "((bundle 0) stop)",
        "(bundle 0) stop",
        "$context bundles",
        "$.context installBundle file:/x.jar",
        "$.processor",
        "new java.util.ArrayList",
        "gogo:source /etc/passwd",
        "source /etc/passwd",
        "gogo:cat /etc/passwd",
        "cat /etc/passwd",
        "telnetd start",
        "gogo:telnetd start",
        "gogo:socket localhost 80",
        "addcommand x java.lang.Runtime",
        "alias gate=danger:explode",
        "set",
        "type",
        "gosh --login",
        "sh",
        "exec touch /tmp/x",
        "felix:stop 1",
        "stop 1",
        "lb",
        "felix:update 1",
        "services",
        "e = 'x' getClass",
        "'x' getClass",
        "each [1] {danger:explode}",
        "eval danger:explode",
        "'danger:explode'",
        "gate look > /tmp/x",
        "gate look < /etc/passwd",
        "tenon:gate\\ look",
        "*:explode",
        "*:*",
      })
  void nothingButTenonsOwnCommandsIsThereForWhoIsNoAdmin(String line) {
    for (Role role : List.of(Role.VIEWER, Role.OPERATOR)) {
      assertTrue(say(role, line) != DONE, line);
      assertEquals(List.of(), gate.done, line);
      assertFalse(said().contains("constant-of-gogo"), said());
      assertFalse(said().contains("root:"), said());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "help gate wreck --",
        "help gate wreck x --",
        "gate -- wreck",
        "gate --help wreck",
        "gate look wreck",
        "gate look -- wreck",
        "gate 'wreck'",
        "gate w\\reck",
        "'tenon:gate' \"wreck\"",
        "gate:look:wreck",
        "gate WRECK",
        "gate:wreck --help -- x",
      })
  void noWayOfWritingItLeadsToAVerbOfAnotherRole(String line) {
    say(Role.VIEWER, line);
    assertFalse(gate.done.contains("wreck"), line);
  }

  @Test
  void aFileOfTheMachineIsNoArgument() throws Exception {
    Path file = Files.writeString(folder.resolve("secret"), "hunter2-in-a-file");
    say(Role.VIEWER, "gate look @" + file);
    assertFalse(said().contains("hunter2"), said());
  }

  @Test
  void anOptionCanNeedMoreThanItsVerb() {
    assertEquals(DONE, say(Role.OPERATOR, "gate open"));
    assertEquals(NOT_ALLOWED, say(Role.OPERATOR, "gate open --copies /tmp"));
    assertTrue(said().contains("--copies needs role admin; yours is operator"), said());
    assertEquals(DONE, say(Role.ADMIN, gogoLine("open --copies /tmp")));
  }

  /** Gogo knows our nouns by {@link NounCommands}, which needs a framework; what it calls is the same. */
  private String gogoLine(String words) {
    gogo.addCommand("tenon", new AsGogoCallsIt(gate), "gate");
    return "tenon:gate " + words;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/passwd",
        "aio:///etc/passwd",
        "uring:///etc/passwd?blk_size=512",
        "aio:///dev/../etc/passwd",
        "aio:///%65tc/passwd",
        "AIO:///etc/passwd",
        "etc/passwd",
        "./etc/passwd",
        "/dev/null",
        "/dev/shm/x",
        "file:///etc/passwd",
        "stranger:///x",
        "aio:/etc/passwd",
        "/no/such/file",
      })
  void anOperatorOpensNoFileAsADevice(String disk) {
    assertTrue(say(Role.OPERATOR, "gate attach '" + disk + "'") != DONE, said());
    assertEquals(List.of(), gate.done);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"malloc:///x?size_mb=4", "null:///x", "nvmf://10.0.0.2:8420/nqn.x", "bdev:///r"})
  void anOperatorOpensWhatIsNoFile(String disk) {
    assertEquals(DONE, say(Role.OPERATOR, "gate attach '" + disk + "'"), said());
  }

  @Test
  void helpAndCompletionShowWhatTheRoleMay() {
    assertEquals(DONE, say(Role.VIEWER, "help"));
    assertTrue(said().contains("tenon:gate"), said());
    try (var viewer = session(Role.VIEWER);
        var operator = session(Role.OPERATOR);
        var admin = session(Role.ADMIN)) {
      assertEquals(List.of("gate:look", "gate:wait", "tenon:gate"), viewer.complete(List.of(), 0));
      assertEquals(List.of("look", "wait"), viewer.complete(List.of("gate", ""), 1));
      assertEquals(List.of(), viewer.complete(List.of("gate", "open", "-"), 2));
      assertTrue(operator.complete(List.of("gate", "open", "-"), 2).contains("--copies"));
      assertTrue(admin.complete(List.of("gate", ""), 1).contains("wreck"));
    }
  }

  @Test
  void anAdminHasAllOfGogoAndVariablesStayInTheSession() throws Exception {
    assertEquals(DONE, say(Role.ADMIN, "x = 7; danger:explode"));
    assertEquals(List.of("exploded"), gate.done);
    try (var one = session(Role.ADMIN);
        var other = shell.open(new Caller("bob", Role.ADMIN, "ssh", "", ""), screen, screen)) {
      one.execute("mine = 'of-ann'");
      screen.reset();
      other.execute("$mine");
      assertFalse(said().contains("of-ann"), said());
    }
  }

  @Test
  void aCommandKnowsWhoSaysItAlsoInAPipeOrInsideAnotherOne() {
    say(Role.VIEWER, "gate look");
    assertEquals(DONE, say(Role.ADMIN, gogoLine("look | danger:explode")), said());
    assertEquals(DONE, say(Role.ADMIN, "x = (tenon:gate look)"), said());
    assertEquals(
        List.of("look", "look", "look"), gate.done.stream().filter("look"::equals).toList());
    String ann = "ann (ssh, 10.0.0.9)";
    assertEquals(List.of(ann, ann, ann), gate.callers);
  }

  @Test
  void whatChangesSomethingIsWrittenDownBeforeAndAfter() throws Exception {
    say(Role.OPERATOR, "gate open");
    say(Role.OPERATOR, "gate look");
    var lines = log().lines().toList();
    assertEquals(3, lines.size(), log());
    assertTrue(lines.get(0).contains("\"event\":\"begin\""), log());
    for (String field :
        List.of(
            "\"user\":\"ann\"",
            "\"role\":\"operator\"",
            "\"via\":\"ssh\"",
            "\"key\":\"SHA256:k\"",
            "\"address\":\"10.0.0.9\"",
            "\"line\":\"gate open\"",
            "\"result\":\"done\"",
            "\"status\":0",
            "\"ms\":")) {
      assertTrue(lines.get(1).contains(field), field + lines.get(1));
    }
    assertTrue(lines.get(2).contains("\"line\":\"gate look\""), log());
  }

  @Test
  void withoutALogNothingIsChangedAndLookingGoesOn() throws Exception {
    Files.createDirectories(folder.resolve("audit/commands.jsonl")); // a folder in its place
    assertEquals(1, say(Role.OPERATOR, "gate open"));
    assertTrue(said().startsWith("Nothing was done: what changes something is written"), said());
    assertEquals(1, say(Role.ADMIN, "danger:explode"));
    assertEquals(List.of(), gate.done);
    assertEquals(DONE, say(Role.VIEWER, "gate look"));
    Files.delete(folder.resolve("audit/commands.jsonl"));
    assertEquals(DONE, say(Role.OPERATOR, "gate open"), said());
  }

  @Test
  void closingASessionStopsWhatItRuns() throws Exception {
    try (var session = session(Role.VIEWER)) {
      var thread = Thread.ofVirtual().start(() -> session.execute("gate wait"));
      gate.waiting.await(30, TimeUnit.SECONDS);
      session.close();
      assertTrue(thread.join(Duration.ofSeconds(30)));
    }
    assertEquals(List.of("stopped"), gate.done);
    assertTrue(log().contains("\"result\":\"interrupted\""), log());
  }

  @Test
  void everyCommandOfOursSaysWhoMayUseIt() throws Exception {
    var undeclared = new ArrayList<String>();
    int verbs = 0;
    for (Class<?> type : commands()) {
      var methods = new ArrayList<AnnotatedElement>();
      for (var method : type.getDeclaredMethods()) {
        if (method.isAnnotationPresent(Command.class)) methods.add(method);
      }
      if (methods.isEmpty()) methods.add(type);
      for (var verb : methods) {
        verbs++;
        if (!verb.isAnnotationPresent(Needs.class)) undeclared.add(verb.toString());
      }
    }
    assertEquals(List.of(), undeclared);
    assertTrue(verbs > 60, "found " + verbs);
  }

  /** Their classes, by the files that they were compiled to. */
  private static List<Class<?>> commands() throws Exception {
    Path classes =
        Path.of(Noun.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .resolve(Noun.class.getPackageName().replace('.', '/'));
    var found = new ArrayList<Class<?>>();
    try (var files = Files.list(classes)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString().replace(".class", "");
        if (!name.contains("Command$")) continue;
        Class<?> type = Class.forName(Noun.class.getPackageName() + "." + name);
        if (type.isAnnotationPresent(Command.class)) found.add(type);
      }
    }
    return found;
  }

  /** Of a stranger's bundle. */
  public static final class Danger {
    private final List<String> done;

    Danger(List<String> done) {
      this.done = done;
    }

    public void explode() {
      done.add("exploded");
    }
  }

  /** As {@link NounCommands} does. */
  public static final class AsGogoCallsIt {
    private final Noun noun;

    AsGogoCallsIt(Noun noun) {
      this.noun = noun;
    }

    public void gate(CommandSession session, Object[] words) throws Exception {
      noun.run(session.getConsole(), words, Callers.of(session));
    }
  }

  static final class Gate extends Noun {
    final List<String> done = new CopyOnWriteArrayList<>();
    final List<String> callers = new CopyOnWriteArrayList<>();
    final CountDownLatch waiting = new CountDownLatch(1);

    @Override
    Object verbs(Output output) {
      return new Verbs(this);
    }

    @Override
    Object verbs(Output output, Caller caller) {
      callers.add(Callers.text(caller));
      return verbs(output);
    }

    @Command(name = "tenon:gate", description = "A gate.")
    static final class Verbs {
      private final Gate home;

      Verbs(Gate home) {
        this.home = home;
      }

      @Needs(Role.VIEWER)
      @Command(description = "Look.")
      void look() {
        home.done.add("look");
      }

      @Needs(Role.VIEWER)
      @Command(name = "wait", description = "Look for long.")
      void await() {
        home.waiting.countDown();
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          home.done.add("stopped");
        }
      }

      @Needs(value = Role.OPERATOR, adminOptions = "--copies")
      @Command(description = "Open.")
      void open(@Option(names = "--copies", paramLabel = "DIR") Path copies) {
        home.done.add("open");
      }

      @Needs(value = Role.OPERATOR, disks = "DISK")
      @Command(description = "Attach.")
      void attach(@Parameters(paramLabel = "DISK") String disk) {
        home.done.add("attach");
      }

      @Needs(Role.ADMIN)
      @Command(description = "Wreck.")
      void wreck(@Parameters(arity = "0..*") List<String> words) {
        home.done.add("wreck");
      }

      @Command(description = "By somebody who forgot.")
      void undeclared() {
        home.done.add("undeclared");
      }
    }
  }
}
