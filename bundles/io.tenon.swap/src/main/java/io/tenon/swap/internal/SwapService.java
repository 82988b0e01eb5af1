package io.tenon.swap.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceTrials;
import io.tenon.nvme.NvmeTarget;
import io.tenon.swap.KeptBundle;
import io.tenon.swap.Requesters;
import io.tenon.swap.SwapCounters;
import io.tenon.swap.SwapException;
import io.tenon.swap.SwapPlan;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Replaces bundles, one at a time. Immediate, for it watches those who replace them otherwise. */
@Component(configurationPid = "io.tenon.swap", immediate = true)
@Designate(ocd = SwapConfig.class)
public final class SwapService implements Swaps {
  private static final Logger log = LoggerFactory.getLogger(SwapService.class);

  private final BundleContext context;
  private final SwapConfig config;
  private final Surroundings node;
  private final Admission admission;
  private final Path folder;
  private final KeptJars kept;
  private final Book book;
  private final PlainUpdates plainUpdates;
  private final ReentrantLock turn = new ReentrantLock();

  /** Whose turn it is; for people, and to tell our own updates from others'. */
  private volatile @Nullable Bundle underWay;

  /** Comes and goes; a node without it serves no hosts. */
  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  private volatile @Nullable NvmeTarget target;

  /** A node without a shell has none. */
  @Reference(
      cardinality = ReferenceCardinality.OPTIONAL,
      policy = ReferencePolicy.DYNAMIC,
      policyOption = ReferencePolicyOption.GREEDY)
  private volatile @Nullable Requesters requesters;

  @Activate
  public SwapService(
      BundleContext context,
      SwapConfig config,
      @Reference BlockDevices devices,
      @Reference DeviceTrials trials,
      @Reference ServiceComponentRuntime runtime)
      throws IOException {
    this.context = context;
    this.config = config;
    node = new Surroundings(context, runtime, devices, trials, () -> Optional.ofNullable(target));
    admission = new Admission(context);
    String data = context.getProperty("tenon.data");
    folder =
        (data == null ? context.getDataFile("").toPath() : Path.of(data))
            .resolve("swaps")
            .toAbsolutePath();
    Files.createDirectories(folder);
    WorkFolder.removeAll(folder);
    kept = new KeptJars(folder.resolve("kept"));
    book = new Book(folder.resolve("history.jsonl"));
    plainUpdates = new PlainUpdates(node, folder, this::requester, this::isOurs, this::judge);
  }

  @Deactivate
  void close() {
    plainUpdates.close();
  }

  private Optional<String> requester() {
    var known = requesters;
    return known == null ? Optional.empty() : known.ofThisThread();
  }

  private boolean isOurs(Bundle bundle) {
    var now = underWay;
    if (now == null) return false;
    return bundle.equals(now)
        || CanaryJar.nameOf(now.getSymbolicName()).equals(bundle.getSymbolicName());
  }

  // Before.

  private Bundle find(String name) throws SwapException {
    var found =
        Arrays.stream(context.getBundles())
            .filter(bundle -> name.equals(bundle.getSymbolicName()))
            .toList();
    if (found.size() == 1) return found.getFirst();
    throw Refusals.refused(
        name,
        found.isEmpty()
            ? "There is no such bundle."
            : "There are " + found.size() + " bundles of this name.",
        found.isEmpty()
            ? "Those that can be replaced are " + String.join(", ", replaceable()) + "."
            : "Uninstall all but one in the Felix shell.");
  }

  @Override
  public List<String> replaceable() {
    return Arrays.stream(context.getBundles())
        .filter(Admission::isReplaceable)
        .map(Bundle::getSymbolicName)
        .sorted()
        .toList();
  }

  private Candidate candidate(Bundle old, SwapRequest request, Path work) throws SwapException {
    admission.checkOld(old);
    var read =
        Candidate.read(
            request.bundle(), request.source(), work.resolve("new.jar"), config.max_bytes());
    admission.check(old, read, false);
    if (config.require_signed()) {
      new Signatures(Path.of(config.trusted_certificates())).check(request.bundle(), read.file());
    }
    return read;
  }

  @Override
  public SwapPlan check(SwapRequest request) throws SwapException {
    long deadlineMs = deadline(request.bundle(), request.deadlineMs());
    begin(request.bundle(), deadlineMs);
    try (var work = WorkFolder.in(folder, request.bundle())) {
      var old = find(request.bundle());
      return plan(old, candidate(old, request, work.path()));
    } finally {
      turn.unlock();
    }
  }

  private SwapPlan plan(Bundle old, Candidate read) {
    var footprint = Footprint.of(old, node);
    return new SwapPlan(
        old.getSymbolicName(),
        old.getVersion().toString(),
        read.version().toString(),
        footprint.devices().stream().map(DeviceSlot::name).toList(),
        footprint.services());
  }

  private long deadline(String bundle, long asked) throws SwapException {
    if (asked == 0) return config.deadline_ms();
    if (asked > 0 && asked <= config.deadline_max_ms()) return asked;
    throw Refusals.refused(
        bundle,
        "The deadline may be from 1 to " + config.deadline_max_ms() + " ms, and was " + asked + ".",
        "Give another one.");
  }

  /** Waits for its turn. */
  private void begin(String bundle, long waitMs) throws SwapException {
    try {
      if (turn.tryLock(waitMs, TimeUnit.MILLISECONDS)) return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    var other = underWay;
    throw Refusals.refused(
        bundle,
        other == null
            ? "Another swap is under way."
            : "Bundle " + other.getSymbolicName() + " is just being replaced.",
        "Try again when that is done.");
  }

  // Swaps.

  @Override
  public SwapRecord swap(SwapRequest request, Consumer<SwapPlan> planned) throws SwapException {
    return replace(
        new Book.Entry(request.bundle(), request.by()),
        request.deadlineMs(),
        request.canary(),
        (old, work) -> {
          var read = candidate(old, request, work);
          planned.accept(plan(old, read));
          return read;
        });
  }

  @Override
  public SwapRecord back(String bundle, String by, long deadlineMs) throws SwapException {
    return replace(
        new Book.Entry(bundle, by),
        deadlineMs,
        Optional.empty(),
        (old, work) -> ofDistribution(old, bundle, work));
  }

  /** Finds what takes the place of a bundle, and whether it may. */
  private interface Successor {
    Candidate of(Bundle old, Path work) throws SwapException;
  }

  private SwapRecord replace(
      Book.Entry entry, long askedMs, Optional<String> canary, Successor successor)
      throws SwapException {
    try {
      long deadlineMs = deadline(entry.bundle, askedMs);
      begin(entry.bundle, deadlineMs);
      try (var work = WorkFolder.in(folder, entry.bundle)) {
        var old = find(entry.bundle);
        underWay = old;
        entry.from = old.getVersion().toString();
        var read = successor.of(old, work.path());
        entry.to = read.version().toString();
        if (canary.isEmpty()) return exchange(entry, old, read, work.path(), deadlineMs);
        return exchangeAfter(canary.get(), entry, old, read, work.path(), deadlineMs);
      } finally {
        underWay = null;
        turn.unlock();
      }
    } catch (SwapException e) {
      throw refused(entry, e);
    }
  }

  private Candidate ofDistribution(Bundle old, String bundle, Path work) throws SwapException {
    var jar = KeptJars.distributionJar(old);
    if (jar.isEmpty()) {
      throw Refusals.refused(
          bundle, "The distribution has no such bundle.", "Give a jar to replace it by.");
    }
    admission.checkOld(old);
    var copy = work.resolve("new.jar");
    try {
      Files.copy(jar.get(), copy);
    } catch (IOException e) {
      throw Refusals.refused(
          bundle, "The distribution's jar was not read: " + e + ".", "See what ails its disk.");
    }
    var read = Candidate.of(bundle, copy, jar.get().toString());
    admission.check(old, read, true);
    return read;
  }

  private SwapException refused(Book.Entry entry, SwapException e) {
    if (e.result() == SwapResult.REFUSED) {
      var _ = book.close(entry, SwapResult.REFUSED, Waits.NONE, e.getMessage());
    }
    return e;
  }

  /** As {@link #exchange}, when one device found it good. */
  private SwapRecord exchangeAfter(
      String canaryName,
      Book.Entry entry,
      Bundle bundle,
      Candidate candidate,
      Path work,
      long deadlineMs)
      throws SwapException {
    var device = Canary.find(canaryName, bundle, node);
    try (var canary = Canary.install(node, bundle, device, candidate, work)) {
      entry.canary = Optional.of(canary);
      var why = canary.fails(deadlineMs, config.canary_watch_ms());
      var stays = canary.leave(config.deadline_max_ms());
      if (why.isEmpty() && stays.isEmpty()) {
        return exchange(entry, bundle, candidate, work, deadlineMs);
      }
      String only = canary.whoHasSeen() + why.map(seen -> " " + seen).orElse("");
      if (stays.isPresent()) only += " It has not returned: " + stays.get();
      throw rolledBack(entry, canary.waits(), only);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(entry, Waits.NONE, "It was interrupted.");
    }
  }

  /** Having the turn. */
  private SwapRecord exchange(
      Book.Entry entry, Bundle bundle, Candidate candidate, Path work, long deadlineMs)
      throws SwapException {
    var oldJar = work.resolve("old.jar");
    try {
      Content.save(bundle, oldJar);
    } catch (IOException e) {
      throw Refusals.refused(
          entry.bundle, "What runs now could not be kept to come back to: " + e + ".", "");
    }
    try (var attempt = Attempt.on(node, bundle)) {
      var why = attempt.put(candidate.file(), deadlineMs);
      if (why.isPresent()) throw rolledBack(entry, attempt, oldJar, why.get());
      String tried = entry.canary.map(canary -> " " + canary.proof()).orElse("");
      String reason = "From " + candidate.origin() + "." + tried + keep(bundle, candidate, entry);
      return book.close(entry, SwapResult.SWAPPED, waits(entry, attempt), reason);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(entry, Waits.NONE, "It was interrupted.");
    }
  }

  private String keep(Bundle bundle, Candidate candidate, Book.Entry entry) {
    var distributionJar = KeptJars.distributionJar(bundle);
    if (distributionJar.isEmpty()) return " It is not kept over a restart of the node.";
    try {
      String version =
          kept.of(entry.bundle).map(KeptBundle::distributionVersion).orElse(entry.from);
      kept.keep(bundle, candidate.file(), distributionJar.get(), version, entry.by);
      return "";
    } catch (IOException e) {
      log.warn("bundle {}: will not be there after a restart", entry.bundle, e);
      return " It could not be kept for a restart of the node: " + e + ".";
    }
  }

  private SwapException rolledBack(Book.Entry entry, Attempt attempt, Path oldJar, String why)
      throws InterruptedException {
    if (attempt.isStuck()) return failed(entry, attempt.waits(), why);
    log.warn("bundle {}: the new one does not work and is taken back: {}", entry.bundle, why);
    var stillWhy = attempt.put(oldJar, config.deadline_max_ms());
    if (stillWhy.isPresent()) {
      return failed(
          entry, attempt.waits(), why + " The old one does not come back: " + stillWhy.get());
    }
    return rolledBack(entry, waits(entry, attempt), why);
  }

  /** The canary's as well, from before. */
  private static Waits waits(Book.Entry entry, Attempt attempt) {
    return entry.canary.map(canary -> attempt.waits().and(canary.waits())).orElse(attempt.waits());
  }

  private SwapException rolledBack(Book.Entry entry, Waits waits, String why) {
    var _ = book.close(entry, SwapResult.ROLLED_BACK, waits, why);
    return new SwapException(
        SwapResult.ROLLED_BACK,
        "Bundle " + entry.bundle + " was not replaced; version " + entry.from + " runs again.",
        why,
        "Give one that works.");
  }

  private SwapException failed(Book.Entry entry, Waits waits, String why) {
    var _ = book.close(entry, SwapResult.FAILED, waits, why);
    return new SwapException(
        SwapResult.FAILED,
        "Bundle " + entry.bundle + " was not replaced, and does not work any more.",
        why,
        "Restart the node: it starts with the bundle that worked.");
  }

  /** Somebody has updated a bundle without asking here. On a thread of its own. */
  private void judge(PlainUpdates.Observation seen) {
    var entry = new Book.Entry(seen.bundle().getSymbolicName(), seen.by());
    entry.from = seen.fromVersion();
    entry.to = seen.bundle().getVersion().toString();
    turn.lock();
    underWay = seen.bundle();
    try (seen) {
      long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(config.deadline_ms());
      var why = seen.attempt().works(endNs);
      if (why.isEmpty()) {
        var _ =
            book.close(
                entry,
                SwapResult.SWAPPED,
                seen.attempt().waits(),
                "It is not kept over a restart of the node.");
        return;
      }
      var end = rolledBack(entry, seen.attempt(), seen.oldJar(), why.get());
      log.warn("{}", end.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      underWay = null;
      turn.unlock();
    }
  }

  // Afterwards.

  @Override
  public List<SwapRecord> history() {
    return book.all();
  }

  @Override
  public List<KeptBundle> kept() {
    return kept.all();
  }

  @Override
  public boolean isKept(String bundle, Path file) throws IOException {
    return kept.isOf(bundle, file);
  }

  @Override
  public SwapCounters counters() {
    return book.counters();
  }
}
