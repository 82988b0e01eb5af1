package io.tenon.swap.internal;

import io.tenon.metadata.MetadataStore;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;

/**
 * The node's metadata store, which must serve again when it served before. It says itself when what came in its place does not hold what
 * was there.
 *
 * @param store null when there is none, or when it did not serve before
 */
record StoreWitness(@Nullable MetadataStore store) {
  private static final String SLOT = "(tenon.metadata=slot)";

  static StoreWitness of(BundleContext context) {
    try {
      for (var reference : context.getServiceReferences(MetadataStore.class, SLOT)) {
        var found = context.getService(reference);
        if (found != null && found.status().isAvailable()) return new StoreWitness(found);
      }
    } catch (InvalidSyntaxException e) {
      throw new IllegalStateException(e);
    }
    return new StoreWitness(null);
  }

  /** A sentence. */
  Optional<String> lacks() {
    if (store == null) return Optional.empty();
    String problem = store.status().problem();
    return problem.isEmpty() ? Optional.empty() : Optional.of("The metadata store: " + problem);
  }
}
