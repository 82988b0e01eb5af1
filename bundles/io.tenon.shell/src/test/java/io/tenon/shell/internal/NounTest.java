package io.tenon.shell.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.tenon.shell.api.Role;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class NounTest {
  private final Door door = new Door();

  @Test
  void itsVerbsAreThoseThatPicocliKnows() {
    var picocli = new CommandLine(door.verbs(new Output(new PrintWriter(new StringWriter()))));

    assertEquals(Set.of("open", "import"), door.verbs());
    assertEquals(picocli.getSubcommands().keySet(), door.verbs());
    assertEquals(picocli.getCommandName(), door.name());
  }

  @Test
  void itIsKnownByItsCommandItsNameAndItsVerbs() {
    assertEquals("door", door.noun());
    assertEquals("Doors: for going through.", door.description());
    assertTrue(door.answersTo("tenon:door"));
    assertTrue(door.answersTo("door:open"));
  }

  @Test
  void optionsOfAVerbAreOffered() {
    assertEquals(List.of("open", "import").stream().sorted().toList(), sorted("door", ""));
    assertTrue(sorted("door", "open", "--").contains("--wide"));
    assertTrue(sorted("door:open", "--").contains("--help"));
  }

  @Test
  void itIsLookedIntoOnceHoweverOftenItIsAsked() {
    for (int i = 0; i < 5; i++) {
      sorted("door", "open", "--");
      door.name();
      door.verbs();
      door.answersTo("door");
    }

    assertEquals(2, door.made.get(), "once for its names, once for its options");
  }

  private List<String> sorted(String... line) {
    return door.candidates(List.of(line), line.length - 1, Role.ADMIN).stream().sorted().toList();
  }

  static final class Door extends Noun {
    final AtomicInteger made = new AtomicInteger();

    @Override
    Object verbs(Output output) {
      made.incrementAndGet();
      return new Verbs();
    }

    @Command(name = "tenon:door", description = "Doors: for going through.")
    static final class Verbs {
      @Command(description = "Open it.")
      int open(@Option(names = "--wide", description = "All the way.") boolean wide) {
        return wide ? 2 : 1;
      }

      @Command(name = "import", description = "Bring one in.")
      void bring() {}
    }
  }
}
