package io.tenon.shell.internal;

import io.tenon.error.TenonException;
import io.tenon.shell.api.Role;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tenon:user}. */
@Component(service = Noun.class)
public final class UserCommand extends Noun {
  private final Passwords passwords;

  @Activate
  public UserCommand(@Reference Passwords passwords) {
    this.passwords = passwords;
  }

  @Override
  Object verbs(Output output) {
    return new Verbs(passwords, output);
  }

  @Override
  List<String> names(String verb) {
    if (verb.equals("create") || verb.equals("list")) return List.of();
    return passwords.all().stream().map(PasswordHash::user).toList();
  }

  @Command(
      name = "tenon:user",
      description = "People who log in with a password, where that is asked for.",
      synopsisSubcommandLabel = "VERB",
      footer = {
        "",
        "Keys need no password: etc/authorized_keys. SSH takes passwords when etc/io.tenon.ssh.cfg says",
        "passwords=true; the web console takes nothing else."
      })
  static final class Verbs {
    private final Passwords passwords;
    private final Output output;

    Verbs(Passwords passwords, Output output) {
      this.passwords = passwords;
      this.output = output;
    }

    @Needs(Role.ADMIN)
    @Command(
        description = "List them. Nothing of their passwords is shown.",
        footer = {"", "Example: tenon:user list"})
    void list() {
      output.table(
          passwords.all().stream()
              .map(
                  one ->
                      Row.of("user", one.user(), "role", one.role().word(), "since", one.since()))
              .toList());
    }

    @Needs(Role.ADMIN)
    @Command(
        description = "Add somebody. The node makes the password up, and shows it this once.",
        footer = {"", "Example: tenon:user create ann --role operator"})
    void create(
        @Parameters(
                paramLabel = "NAME",
                description = "1 to 32 lower-case letters, digits, dots, dashes, underscores.")
            String name,
        @Option(
                names = "--role",
                paramLabel = "ROLE",
                required = true,
                description = "viewer, operator or admin.")
            String role)
        throws TenonException, Refused {
      if (!PasswordHash.isUser(name)) {
        throw new Refused(
            "That is no name of a user. Give 1 to 32 lower-case letters, digits, dots, dashes or underscores.",
            Refused.NOT_UNDERSTOOD);
      }
      if (passwords.find(name).isPresent()) {
        throw new Refused(
            "There is a user %s already. tenon:user reset %s gives them a new password."
                .formatted(name, name));
      }
      give(name, role(role));
    }

    @Needs(Role.ADMIN)
    @Command(
        description =
            "Give somebody a new password, shown this once. Who is in with the old one is out.",
        footer = {"", "Example: tenon:user reset ann"})
    void reset(@Parameters(paramLabel = "NAME", description = "Of the user.") String name)
        throws TenonException, Refused {
      give(name, existing(name).role());
    }

    @Needs(Role.ADMIN)
    @Command(
        description = "Take somebody's password away; who is in with it is out.",
        footer = {"", "Example: tenon:user remove ann"})
    void remove(@Parameters(paramLabel = "NAME", description = "Of the user.") String name)
        throws TenonException, Refused {
      passwords.take(existing(name).user());
      output.done("User " + name + " has no password any more.");
    }

    private void give(String name, Role role) throws TenonException {
      String password = passwords.give(name, role);
      output.show(Row.of("user", name, "role", role.word(), "password", password));
      output.say(
          "The password is not shown again; the node keeps only what it is checked against.");
    }

    private PasswordHash existing(String name) throws Refused {
      return passwords
          .find(name)
          .orElseThrow(() -> new Refused("There is no user " + name + ". Read tenon:user list."));
    }

    private static Role role(String word) throws Refused {
      return Role.of(word)
          .orElseThrow(
              () -> new Refused("A role is viewer, operator or admin.", Refused.NOT_UNDERSTOOD));
    }
  }
}
