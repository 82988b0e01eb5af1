package io.tenon.shell.internal;

import io.tenon.shell.api.Role;
import io.tenon.shell.api.ShellSession;
import java.lang.reflect.AnnotatedElement;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Holds what a line was understood as against the role of whoever said it. */
final class Permission {
  private Permission() {}

  static Role roleOf(AnnotatedElement verb) {
    var needs = verb.getAnnotation(Needs.class);
    return needs == null ? Role.ADMIN : needs.value();
  }

  /**
   * @throws Refused when the role may not do the command that would run
   */
  static void check(ParseResult understood, Role role) throws Refused {
    if (role == Role.ADMIN) return;
    var last = understood;
    while (last.hasSubcommand()) last = last.subcommand();
    if (last.isUsageHelpRequested()) return; // then that is all that it does
    var command = last.commandSpec();
    if (!command.subcommands().isEmpty()) return; // a noun without a verb does nothing
    var needs = needs(command.userObject());
    mustCover(role, needs == null ? Role.ADMIN : needs.value(), command.qualifiedName());
    if (needs == null) return;
    for (var argument : last.matchedArgs()) check(argument, needs, role, command.qualifiedName());
  }

  private static void check(ArgSpec argument, Needs needs, Role role, String command)
      throws Refused {
    if (argument instanceof OptionSpec option
        && List.of(needs.adminOptions()).contains(option.longestName())) {
      mustCover(role, Role.ADMIN, command + " " + option.longestName());
    }
    if (Arrays.asList(needs.disks()).contains(argument.paramLabel())) {
      for (String named : argument.stringValues()) DiskRule.check(named);
    }
  }

  private static @Nullable Needs needs(@Nullable Object command) {
    if (command instanceof AnnotatedElement method) return method.getAnnotation(Needs.class);
    return command == null ? null : command.getClass().getAnnotation(Needs.class);
  }

  private static void mustCover(Role has, Role needed, String what) throws Refused {
    if (has.covers(needed)) return;
    throw new Refused(
        "%s needs role %s; yours is %s. Ask whoever keeps the node's authorized_keys."
            .formatted(what, needed.word(), has.word()),
        ShellSession.NOT_ALLOWED);
  }
}
