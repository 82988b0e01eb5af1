package io.tenon.deploy.internal;

import io.tenon.swap.SwapException;
import io.tenon.swap.SwapRecord;
import io.tenon.swap.SwapRequest;
import io.tenon.swap.SwapResult;
import io.tenon.swap.Swaps;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.felix.fileinstall.ArtifactInstaller;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes those jars out of File Install's hands whose bundle is installed already: they are swapped in, checked and taken back as any
 * other. File Install would run both versions side by side, which is right for libraries alone. Called by File Install's one thread.
 */
@Component(service = ArtifactInstaller.class)
public final class NewerVersions implements ArtifactInstaller {
  private static final Logger log = LoggerFactory.getLogger(NewerVersions.class);

  /** Before the file's path; by this a bundle that is kept over restarts is known to be from a file. */
  private static final String BY = "the deploy folder, ";

  private static final String COMPONENTS = "Service-Component";

  private final BundleContext context;
  private final Swaps swaps;

  /** Bundles by the files that claim their places. */
  private final Map<Path, String> claimed = new HashMap<>();

  @Activate
  public NewerVersions(BundleContext context, @Reference Swaps swaps) {
    this.context = context;
    this.swaps = swaps;
  }

  /** File Install asks again when a file has changed; what was claimed once stays so, whatever it holds by then. */
  @Override
  public synchronized boolean canHandle(File artifact) {
    var file = artifact.toPath().toAbsolutePath();
    if (claimed.containsKey(file)) return true;
    if (!Files.isRegularFile(file)) return false;
    var bundle = Dropped.bundleOf(file, parts());
    if (bundle.isEmpty() || isFrom(file, bundle.get())) return false;
    claimed.put(file, bundle.get());
    return true;
  }

  /** Names of bundles that do something of their own, so that two of them would be one too many. */
  private Set<String> parts() {
    var names = new TreeSet<>(swaps.replaceable());
    for (Bundle bundle : context.getBundles()) {
      String name = bundle.getSymbolicName();
      if (name != null && bundle.getHeaders("").get(COMPONENTS) != null) names.add(name);
    }
    return names;
  }

  /** File Install has installed it, and so updates it when the file changes. */
  private boolean isFrom(Path file, String bundle) {
    return Arrays.stream(context.getBundles())
        .filter(there -> bundle.equals(there.getSymbolicName()))
        .map(Bundle::getLocation)
        .anyMatch(file.toUri().toString()::equals);
  }

  @Override
  public void install(File artifact) {
    swap(artifact.toPath().toAbsolutePath());
  }

  @Override
  public void update(File artifact) {
    swap(artifact.toPath().toAbsolutePath());
  }

  @Override
  public void uninstall(File artifact) {
    var file = artifact.toPath().toAbsolutePath();
    var bundle = forget(file);
    if (bundle.isPresent() && runs(file, bundle.get())) back(bundle.get(), file);
  }

  private synchronized Optional<String> forget(Path file) {
    return Optional.ofNullable(claimed.remove(file));
  }

  private synchronized Optional<String> bundleOf(Path file) {
    return Optional.ofNullable(claimed.get(file));
  }

  /** The history has a refusal as well; File Install would try it again if it knew. */
  private void swap(Path file) {
    var bundle = bundleOf(file);
    if (bundle.isEmpty()) return;
    if (isKept(file, bundle.get())) {
      log.info("bundle {}: {} runs already", bundle.get(), file);
      return;
    }
    try {
      tell(swaps.swap(new SwapRequest(bundle.get(), file.toUri(), BY + file, 0)));
    } catch (SwapException e) {
      log.warn("{} was not taken: {}", file, e.getMessage());
    }
  }

  /** It is what the node was started with: the launcher has put it in its place. */
  private boolean isKept(Path file, String bundle) {
    try {
      return swaps.isKept(bundle, file);
    } catch (IOException e) {
      log.debug("{} cannot be compared with what runs; its swap will say why", file, e);
      return false;
    }
  }

  /** The last swap of the bundle that was done was that of this file. */
  private boolean runs(Path file, String bundle) {
    return swaps.history().reversed().stream()
        .filter(one -> one.bundle().equals(bundle) && one.result() == SwapResult.SWAPPED)
        .map(SwapRecord::by)
        .findFirst()
        .filter((BY + file)::equals)
        .isPresent();
  }

  private void back(String bundle, Path file) {
    try {
      tell(swaps.back(bundle, BY + file + " was taken out", 0));
    } catch (SwapException e) {
      log.warn("{} was taken out, but what it brought runs on: {}", file, e.getMessage());
    }
  }

  private static void tell(SwapRecord done) {
    log.info("bundle {}: version {} runs now", done.bundle(), done.toVersion());
  }
}
