package io.tenon.swap.internal;

import io.tenon.block.BlockDevices;
import io.tenon.block.DeviceException;
import io.tenon.block.DeviceSlot;
import io.tenon.block.DeviceUri;
import io.tenon.swap.KeptBundle;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
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
  private final BlockDevices devices;
  private final ServiceComponentRuntime runtime;
  private final Admission admission;
  private final Path folder;
  private final KeptJars kept;
  private final Book book;
  private final PlainUpdates plainUpdates;
  private final ReentrantLock turn = new ReentrantLock();

  /** Whose turn it is; for people, and to tell our own updates from others'. */
  private volatile @Nullable Bundle underWay;

  @Activate
  public SwapService(
      BundleContext context,
      SwapConfig config,
      @Reference BlockDevices devices,
      @Reference ServiceComponentRuntime runtime)
      throws IOException {
    this.context = context;
    this.config = config;
    this.devices = devices;
    this.runtime = runtime;
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
    plainUpdates = new PlainUpdates(context, runtime, devices, folder, this::isOurs, this::judge);
  }

  @Deactivate
  void close() {
    plainUpdates.close();
  }

  private boolean isOurs(Bundle bundle) {
    return bundle.equals(underWay);
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
      var read = candidate(old, request, work.path());
      var footprint = Footprint.of(old, runtime, devices);
      return new SwapPlan(
          request.bundle(),
          old.getVersion().toString(),
          read.version().toString(),
          devicesOf(footprint),
          footprint.services());
    } finally {
      turn.unlock();
    }
  }

  /** Those of its schemes; which devices a service has made is not known before it lets go of them. */
  private List<String> devicesOf(Footprint footprint) {
    var found = new ArrayList<String>();
    for (DeviceSlot slot : devices.all()) {
      try {
        if (footprint.provides(DeviceUri.parse(slot.uri()).scheme())) found.add(slot.name());
      } catch (DeviceException e) {
        log.trace("{} was opened by no URI", slot, e);
      }
    }
    return found;
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
  public SwapRecord swap(SwapRequest request) throws SwapException {
    var entry = new Book.Entry(request.bundle(), request.by());
    try {
      long deadlineMs = deadline(request.bundle(), request.deadlineMs());
      begin(request.bundle(), deadlineMs);
      try (var work = WorkFolder.in(folder, request.bundle())) {
        var old = find(request.bundle());
        entry.from = old.getVersion().toString();
        var read = candidate(old, request, work.path());
        entry.to = read.version().toString();
        return exchange(entry, old, read, work.path(), deadlineMs);
      } finally {
        turn.unlock();
      }
    } catch (SwapException e) {
      throw refused(entry, e);
    }
  }

  @Override
  public SwapRecord back(String bundle, String by, long askedMs) throws SwapException {
    var entry = new Book.Entry(bundle, by);
    try {
      long deadlineMs = deadline(bundle, askedMs);
      begin(bundle, deadlineMs);
      try (var work = WorkFolder.in(folder, bundle)) {
        var old = find(bundle);
        entry.from = old.getVersion().toString();
        var jar = KeptJars.distributionJar(old);
        if (jar.isEmpty()) {
          throw Refusals.refused(
              bundle, "The distribution has no such bundle.", "Give a jar to replace it by.");
        }
        admission.checkOld(old);
        var copy = work.path().resolve("new.jar");
        Files.copy(jar.get(), copy);
        var read = Candidate.of(bundle, copy, jar.get().toString());
        entry.to = read.version().toString();
        admission.check(old, read, true);
        return exchange(entry, old, read, work.path(), deadlineMs);
      } catch (IOException e) {
        throw Refusals.refused(
            bundle, "The distribution's jar was not read: " + e + ".", "See what ails its disk.");
      } finally {
        turn.unlock();
      }
    } catch (SwapException e) {
      throw refused(entry, e);
    }
  }

  private SwapException refused(Book.Entry entry, SwapException e) {
    if (e.result() == SwapResult.REFUSED) {
      var _ = book.close(entry, SwapResult.REFUSED, List.of(), e.getMessage());
    }
    return e;
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
    underWay = bundle;
    try (var attempt = Attempt.on(context, bundle, runtime, devices)) {
      var why = attempt.put(candidate.file(), deadlineMs);
      if (why.isPresent()) throw rolledBack(entry, attempt, oldJar, why.get());
      String reason = "From " + candidate.origin() + "." + keep(bundle, candidate, entry);
      return book.close(entry, SwapResult.SWAPPED, attempt.pauses(), reason);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(entry, List.of(), "It was interrupted.");
    } finally {
      underWay = null;
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
    if (attempt.isStuck()) return failed(entry, attempt.pauses(), why);
    log.warn("bundle {}: the new one does not work and is taken back: {}", entry.bundle, why);
    var stillWhy = attempt.put(oldJar, config.deadline_max_ms());
    if (stillWhy.isPresent()) {
      return failed(
          entry, attempt.pauses(), why + " The old one does not come back: " + stillWhy.get());
    }
    var _ = book.close(entry, SwapResult.ROLLED_BACK, attempt.pauses(), why);
    return new SwapException(
        SwapResult.ROLLED_BACK,
        "Bundle " + entry.bundle + " was not replaced; version " + entry.from + " runs again.",
        why,
        "Give one that works.");
  }

  private SwapException failed(
      Book.Entry entry, List<io.tenon.swap.DevicePause> pauses, String why) {
    var _ = book.close(entry, SwapResult.FAILED, pauses, why);
    return new SwapException(
        SwapResult.FAILED,
        "Bundle " + entry.bundle + " was not replaced, and does not work any more.",
        why,
        "Restart the node: it starts with the bundle that worked.");
  }

  /** Somebody has updated a bundle without asking here. On a thread of its own. */
  private void judge(PlainUpdates.Observation seen) {
    var entry = new Book.Entry(seen.bundle().getSymbolicName(), "a plain update");
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
                seen.attempt().pauses(),
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
  public SwapCounters counters() {
    return book.counters();
  }
}
