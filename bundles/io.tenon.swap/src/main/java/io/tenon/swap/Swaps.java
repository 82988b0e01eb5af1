package io.tenon.swap;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Replaces bundles of the running node. A service. Any thread but a reactor's: everything that changes something blocks until it is
 * done.
 *
 * <p>One swap at a time: another one waits for its turn, for as long as its own deadline is, and is refused then.
 */
@ProviderType
public interface Swaps {
  /**
   * Looks whether the new bundle could take the place of the old one, and what would have to wait meanwhile. Changes nothing.
   *
   * @throws SwapException when it was refused; says why
   */
  SwapPlan check(SwapRequest request) throws SwapException;

  /**
   * Puts the new bundle in the place of the old one. I/O of the devices concerned waits; when the new one does not come up, does not
   * take them over or answers wrongly, the old one is put back.
   *
   * @param planned is told what {@link #check} would say, when that is not a refusal, before anything is touched
   * @return of a swap that was done; the node keeps the bundle over restarts
   * @throws SwapException when it was refused or taken back; says why
   */
  SwapRecord swap(SwapRequest request, Consumer<SwapPlan> planned) throws SwapException;

  /** As above, for whoever does not want to know before. */
  default SwapRecord swap(SwapRequest request) throws SwapException {
    return swap(request, _ -> {});
  }

  /**
   * Puts the distribution's own bundle back in the place of one that was swapped in, the same way, whatever their versions are.
   *
   * @param bundle symbolic name
   * @param by who wants it, for people
   * @param deadlineMs as in {@link SwapRequest}
   */
  SwapRecord back(String bundle, String by, long deadlineMs) throws SwapException;

  /** What was tried, the latest last; over restarts, the last thousand. */
  List<SwapRecord> history();

  /** Bundles that run in place of the distribution's, and will do so after a restart, by their names. */
  List<KeptBundle> kept();

  /** Whether what runs in the distribution's place came from a file that holds the same, to the byte. */
  boolean isKept(String bundle, Path file) throws IOException;

  /** Symbolic names of the bundles that can be replaced, sorted. */
  List<String> replaceable();

  /** Since the node was started. */
  SwapCounters counters();
}
