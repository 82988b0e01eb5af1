package io.tenon.assembly;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bin/tenon-distro}. */
@Command(
    name = "tenon-distro",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    usageHelpAutoWidth = true,
    headerHeading =
        "Makes distributions of your own out of this one: what you ask for, and what that needs. No sources, no build.%n%n",
    synopsisHeading = "Usage: ",
    synopsisSubcommandLabel = "COMMAND",
    optionListHeading = "%nOptions:%n",
    commandListHeading = "%nCommands:%n",
    footerHeading = "%n",
    footer = {
      "Exit status: 0 done, 1 failed (diff: they differ), 2 refused what it was told. What is refused or fails leaves nothing behind.",
      "TENON_JAVA_HOME chooses the Java.",
      "",
      "Examples:",
      "  tenon-distro list features",
      "  tenon-distro create my-node --feature shell --backend aio --transport nvme-tcp -o my-node",
      "  tenon-distro explain io.tenon.nexus --of my-node",
    },
    subcommands = {
      CreateCommand.class,
      ListCommand.class,
      DiffCommand.class,
      ExplainCommand.class,
      ImageCommand.class,
    })
public final class Main implements Runnable {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int REFUSED = 2;

  @Spec private CommandSpec spec = CommandSpec.create();

  private Main() {}

  public static void main(String[] args) {
    System.exit(run(args));
  }

  static int run(String... args) {
    return new CommandLine(new Main())
        .setExecutionExceptionHandler((failure, _, _) -> complain(failure))
        .execute(args);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Say which command.");
  }

  private static int complain(Exception failure) {
    if (failure instanceof RefusedException refused) {
      var text = new StringBuilder("tenon-distro: " + refused.what());
      if (!refused.why().isEmpty()) text.append("\n  Why: ").append(refused.why());
      if (!refused.remedy().isEmpty()) text.append("\n  Do:  ").append(refused.remedy());
      System.err.println(text);
      return REFUSED;
    }
    System.err.println("tenon-distro: It failed: " + failure);
    return FAILED;
  }
}
