package io.tenon.shell.internal;

import io.tenon.pool.PoolCheck;
import io.tenon.pool.PoolCheck.Content;
import io.tenon.pool.PoolFinding;
import io.tenon.pool.PoolFinding.Severity;
import io.tenon.pool.PoolFinding.Way;
import io.tenon.pool.PoolRepair;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a check or a repair of a pool's disk has found, for people or scripts. */
final class PoolCheckReport {
  /** The disk could not be checked or repaired. */
  static final int NOT_CHECKED = 2;

  private static final int FOUND = 1;

  private final Output output;

  PoolCheckReport(Output output) {
    this.output = output;
  }

  void show(PoolRepair repair) throws Ended {
    String done =
        repair
            .copies()
            .map(
                file ->
                    "%d pages were changed. As they were before they are in %s; --undo takes the repair back."
                        .formatted(repair.changedPages(), file))
            .orElse("Nothing was changed: there is nothing that can be repaired without a loss.");
    show(repair.after(), done);
  }

  /**
   * @param done before; a sentence, or empty
   */
  void show(PoolCheck check, String done) throws Ended {
    if (output.isJson()) output.show(json(check, done));
    else tell(check, done);
    if (!check.findings().isEmpty()) throw new Ended(FOUND);
  }

  // For scripts.

  private static Row json(PoolCheck check, String done) {
    return Row.of(
        "disk", check.disk(),
        "done", done,
        "used_by", check.usedBy().orElse(""),
        "name", check.name().orElse(""),
        "uuid", check.uuid().map(Object::toString).orElse(""),
        "clean", check.clean(),
        "capacity", new Size(check.capacityBytes()),
        "free", new Size(check.freeBytes()),
        "cluster", new Size(check.clusterBytes()),
        "block_size", check.blockBytes(),
        "contents", check.contents().stream().map(PoolCheckReport::row).map(Row::cells).toList(),
        "findings", check.findings().stream().map(PoolCheckReport::json).toList());
  }

  private static Map<String, Object> json(PoolFinding finding) {
    var cells = new LinkedHashMap<String, Object>();
    cells.put("kind", finding.kind());
    cells.put("severity", finding.severity());
    cells.put("disk_pages", finding.diskPages());
    cells.put("clusters", finding.clusters());
    cells.put("concerns", finding.concerns());
    cells.put("what", finding.what());
    cells.put("meaning", finding.meaning());
    cells.put("way", finding.way());
    cells.put("how", finding.how());
    cells.put("lost", finding.lost());
    cells.put("give_up", finding.giveUp());
    return cells;
  }

  private static Row row(Content content) {
    return Row.of(
        "name", content.name(),
        "kind", content.kind().map(Object::toString).orElse("UNREADABLE"),
        "uuid", content.uuid().map(Object::toString).orElse(""),
        "size", new Size(content.sizeBytes()),
        "allocated", new Size(content.allocatedBytes()),
        "thin", content.thin(),
        "shared", content.shared(),
        "parent", content.parent(),
        "problem", content.problem());
  }

  // For people.

  private void tell(PoolCheck check, String done) {
    if (!done.isEmpty()) output.say(done);
    output.say(
        "Disk %s: %s, %s of %s free, clusters of %s, blocks of %d bytes."
            .formatted(
                check.disk(),
                identity(check),
                new Size(check.freeBytes()),
                new Size(check.capacityBytes()),
                new Size(check.clusterBytes()),
                check.blockBytes()));
    check
        .usedBy()
        .ifPresent(
            user ->
                output.say(
                    "It belongs to %s and is in use: it was only read, and cannot be repaired now."
                        .formatted(user)));
    output.say("");
    output.table(check.contents().stream().map(PoolCheckReport::row).toList());
    for (PoolFinding finding : check.findings()) tell(finding);
    output.say("");
    output.say(verdict(check));
  }

  private static String identity(PoolCheck check) {
    String uuid = check.uuid().map(known -> " with uuid " + known).orElse("");
    return check.name().map(name -> "pool " + name + uuid).orElse("a pool without a name");
  }

  private void tell(PoolFinding finding) {
    output.say("");
    output.say("%-8s %s".formatted(finding.severity(), finding.what()));
    line("means", finding.meaning());
    if (!finding.diskPages().isEmpty()) line("pages", text(finding.diskPages()));
    if (!finding.clusters().isEmpty()) line("clusters", text(finding.clusters()));
    line(
        switch (finding.way()) {
          case IMPORT -> "import";
          case REPAIR, REPAIR_WITH_NAME, GIVE_UP -> "repair";
          case ELSEWHERE -> "to do";
        },
        finding.how() + option(finding));
    if (finding.way() != Way.ELSEWHERE) {
      line("lost", finding.lost().isEmpty() ? "Nothing." : finding.lost());
    }
  }

  private static String option(PoolFinding finding) {
    return switch (finding.way()) {
      case IMPORT, ELSEWHERE -> "";
      case REPAIR -> " (--repair)";
      case REPAIR_WITH_NAME -> " (--repair --name NAME --uuid UUID)";
      case GIVE_UP -> " (--repair --give-up %s)".formatted(finding.giveUp());
    };
  }

  private void line(String what, String text) {
    output.say("         %-8s %s".formatted(what, text));
  }

  private static String text(List<String> places) {
    int most = 12;
    String shown = String.join(", ", places.subList(0, Math.min(most, places.size())));
    return places.size() <= most ? shown : shown + " and more; --json has all";
  }

  private static String verdict(PoolCheck check) {
    var findings = check.findings();
    if (findings.isEmpty()) return "All is in order.";
    long damage =
        findings.stream().filter(finding -> finding.severity() == Severity.DAMAGE).count();
    boolean byItself = findings.stream().allMatch(finding -> finding.way() == Way.IMPORT);
    if (byItself) return "An import puts all of this in order by itself; nothing is lost.";
    return damage == 0
        ? "%d findings; all data can be read.".formatted(findings.size())
        : "%d findings; %d of them keep data from being given back."
            .formatted(findings.size(), damage);
  }
}
